import pytest

from tests.compat.conftest import IMAGE, LocalFiles
from tests.compat.remote_client import ClientError, RemoteClient

pytestmark = pytest.mark.e2e

Name = tuple[str, str]

ENDPOINT_YAML = """
$schema: https://azuremlschemas.azureedge.net/latest/batchEndpoint.schema.json
name: from-yaml
description: An endpoint from a file
auth_mode: aad_token
tags:
  type: sample
"""
DEPLOYMENT_YAML = """
$schema: https://azuremlschemas.azureedge.net/latest/modelBatchDeployment.schema.json
name: from-file
endpoint_name: from-yaml
description: A deployment from a file
type: model
model:
  name: yaml-model
  path: custom-model
code_configuration:
  code: code
  scoring_script: score.py
environment:
  name: yaml-environment
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest
  conda_file: environment/conda.yaml
compute: azureml:cpu-cluster
resources:
  instance_count: 1
settings:
  max_concurrency_per_instance: 2
  mini_batch_size: 10
  output_action: append_row
  output_file_name: predictions.csv
  retry_settings:
    max_retries: 3
    timeout: 30
  error_threshold: -1
  logging_level: info
"""
OLDER_YAML = """
$schema: https://azuremlschemas.azureedge.net/latest/batchDeployment.schema.json
name: no-code
endpoint_name: from-yaml
model: azureml:mlflow@latest
compute: azureml:cpu-cluster
resources:
  instance_count: 2
max_concurrency_per_instance: 2
mini_batch_size: 2
output_action: append_row
output_file_name: predictions.csv
retry_settings:
  max_retries: 3
  timeout: 300
error_threshold: -1
logging_level: info
"""


def test_an_endpoint_is_created_and_found(client: RemoteClient, endpoint: str) -> None:
    found = client.run("get_endpoint", name=endpoint)
    assert found["scoring_uri"].endswith(f"/endpoints/{endpoint}/jobs")
    assert (found["description"], found["tags"], found["default"]) == ("Scores files", {"team": "a"}, "scripted")
    assert found["auth_mode"] == "aad_token"
    assert found["state"] == "Succeeded"


def test_endpoints_are_listed(client: RemoteClient, endpoint: str) -> None:
    assert endpoint in client.run("list_endpoints")


def test_an_endpoint_is_updated(client: RemoteClient) -> None:
    client.run("create_endpoint", name="changing", description="before")
    changed = client.run("update_endpoint", name="changing", description="after", tags={"k": "v"})
    assert (changed["description"], changed["tags"]) == ("after", {"k": "v"})


def test_an_endpoint_is_deleted(client: RemoteClient) -> None:
    client.run("create_endpoint", name="passing")
    client.run("delete_endpoint", name="passing")
    assert "passing" not in client.run("list_endpoints")
    with pytest.raises(ClientError, match="batch endpoint 'passing' not found") as refused:
        client.run("get_endpoint", name="passing")
    assert refused.value.kind == "ResourceNotFoundError"


def test_a_deployment_of_todays_class_has_its_code_environment_and_settings(
    client: RemoteClient, endpoint: str
) -> None:
    found = client.run("get_deployment", name="scripted", endpoint=endpoint)
    assert found["mini_batch_size"] == 2
    assert "/codes/" in found["code"]
    assert "/environments/" in found["environment"]
    assert found["model"].endswith("/models/custom/versions/1")
    assert found["compute"].endswith("/computes/cpu-cluster")
    assert (found["output_file_name"], found["error_threshold"], found["retry"]) == ("predictions.csv", -1, [3, 30])


def test_a_deployment_of_the_older_class_is_served_alike(client: RemoteClient, endpoint: str) -> None:
    found = client.run("get_deployment", name="other", endpoint=endpoint)
    assert (found["mini_batch_size"], found["instance_count"]) == (1, 1)


def test_deployments_are_listed(client: RemoteClient, endpoint: str) -> None:
    assert {"scripted", "other"} <= set(client.run("list_deployments", endpoint=endpoint))


def test_an_mlflow_model_is_deployed_without_code(client: RemoteClient, compute: str, mlflow_model: Name) -> None:
    client.run("create_endpoint", name="no-code")
    made = client.run("create_deployment", name="plain", endpoint="no-code", model=mlflow_model, compute=compute)
    assert (made["code"], made["environment"]) == (None, None)
    assert client.run("set_default", name="no-code", deployment="plain")["default"] == "plain"


def test_instance_count_and_settings_of_a_deployment_are_updated(
    client: RemoteClient, compute: str, custom_model: Name, code: str
) -> None:
    client.run("create_endpoint", name="tuned")
    place = {"endpoint": "tuned", "model": custom_model, "compute": compute, "code": code, "image": IMAGE}
    settings = {"mini_batch_size": 3, "retry": {"max_retries": 1, "timeout": 60}, "logging_level": "debug"}
    made = client.run("create_deployment", name="tuned-one", **place, settings=settings)
    assert (made["retry"], made["logging_level"].lower()) == ([1, 60], "debug")
    changed = {"mini_batch_size": 7, "error_threshold": 4, "max_concurrency_per_instance": 2}
    updated = client.run("update_deployment", name="tuned-one", endpoint="tuned", instance_count=2, settings=changed)
    assert {key: updated[key] for key in changed} == changed
    assert (updated["instance_count"], updated["retry"]) == (2, [1, 60])


def test_a_deployment_is_deleted_unless_it_is_the_default(
    client: RemoteClient, compute: str, mlflow_model: Name
) -> None:
    client.run("create_endpoint", name="shrinking")
    client.run("create_deployment", name="gone", endpoint="shrinking", model=mlflow_model, compute=compute)
    client.run("delete_deployment", name="gone", endpoint="shrinking")
    assert client.run("list_deployments", endpoint="shrinking") == []


def test_the_files_of_todays_samples_load_and_create(
    client: RemoteClient, files: LocalFiles, compute: str, custom_model: Name, mlflow_model: Name, code: str
) -> None:
    files.folder("environment", conda_yaml="dependencies: [python=3.11]\n")
    for name, text in {"endpoint": ENDPOINT_YAML, "deployment": DEPLOYMENT_YAML, "older": OLDER_YAML}.items():
        (files.root / f"{name}.yml").write_text(text)
    made = client.run("endpoint_from_yaml", file=str(files.root / "endpoint.yml"))
    assert (made["name"], made["tags"]) == ("from-yaml", {"type": "sample"})
    scripted = client.run("model_deployment_from_yaml", file=str(files.root / "deployment.yml"))
    assert (scripted["mini_batch_size"], scripted["max_concurrency_per_instance"]) == (10, 2)
    no_code = client.run("deployment_from_yaml", file=str(files.root / "older.yml"))
    assert (no_code["instance_count"], no_code["code"]) == (2, None)


def test_a_refused_field_reaches_the_user_in_our_words(
    client: RemoteClient, compute: str, custom_model: Name, code: str
) -> None:
    client.run("create_endpoint", name="refusing")
    place = {"endpoint": "refusing", "model": custom_model, "compute": compute, "code": code, "image": IMAGE}
    with pytest.raises(ClientError, match="99 is more than the 2 instances") as refused:
        client.run("create_deployment", name="tuned-one", **place, instance_count=99)
    assert refused.value.kind == "HttpResponseError"
