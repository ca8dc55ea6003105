"""Endpoints and deployments: what they refer to must be there and fit."""

from typing import Any

import pytest

from shared.control_plane.endpoints.endpoints import clear_default, delete_endpoint
from shared.control_plane.endpoints.resolution import resolve_deployment
from shared.control_plane.resource_table import Change
from shared.control_plane.workspace import Workspace
from shared.errors import NotFoundError, ValidationError
from tests.integration.control_plane.conftest import Registered, upload_code
from tests.integration.control_plane.management_api import ManagementApi, message_of
from tests.integration.hooked_account import HookedAccount, once_at

pytestmark = pytest.mark.integration

PATH = "batchEndpoints/heart-endpoint/deployments/main"


def test_an_endpoint_shows_its_scoring_uri(api: ManagementApi) -> None:
    answer = api.put("batchEndpoints/My-Endpoint", {"authMode": "aadToken", "description": "d"}, tags={"team": "a"})
    assert answer.status_code == 201
    shown = api.get("batchEndpoints/my-endpoint").json()
    assert shown["properties"]["scoringUri"] == "http://public.example/endpoints/My-Endpoint/jobs"
    assert shown["properties"]["authMode"] == "AADToken"
    assert shown["tags"] == {"team": "a"}
    assert [item["name"] for item in api.get("batchEndpoints").json()["value"]] == ["My-Endpoint"]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"authMode": "Key"}, "AADToken"),
        ({"defaults": {"deploymentName": "none"}}, "'none'"),
        ({"traffic": {"a": 100}}, "defaults.deploymentName"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(lasting: Registered, properties: dict[str, object], reason: str) -> None:
    assert reason in message_of(lasting.api.put("batchEndpoints/endpoint-1", properties), 400)
    assert lasting.api.get("batchEndpoints/endpoint-1").status_code == 404


def test_a_deployment_gets_the_defaults_of_azure_ml(registered: Registered) -> None:
    answer = registered.api.put(PATH, registered.deployment())
    assert answer.status_code == 201, answer.text
    assert answer.json()["id"].endswith("/batchEndpoints/Heart-Endpoint/deployments/main")
    properties = answer.json()["properties"]
    assert properties["model"] == {"referenceType": "Id", "assetId": registered.mlflow_model}
    assert properties["compute"] == registered.compute
    expected = {
        "miniBatchSize": 10,
        "outputFileName": "predictions.csv",
        "outputAction": "AppendRow",
        "errorThreshold": -1,
        "maxConcurrencyPerInstance": 1,
        "loggingLevel": "Info",
        "resources": {"instanceCount": 1},
        "retrySettings": {"maxRetries": 3, "timeout": "PT30S"},
        "initTimeout": "PT600S",
    }
    assert {key: properties[key] for key in expected} == expected


def test_settings_are_read_as_clients_of_all_ages_write_them(registered: Registered) -> None:
    changes = {
        "loggingLevel": "debug",
        "outputAction": "summary_only",
        "codeConfiguration": None,
        "provisioningState": "x",
    }
    properties = registered.api.put(PATH, registered.deployment(**changes)).json()["properties"]
    assert (properties["loggingLevel"], properties["outputAction"]) == ("Debug", "SummaryOnly")
    assert properties["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"compute": "azureml:none"}, "compute 'none' not found"),
        ({"model": {"referenceType": "Id", "assetId": "azureml:none:1"}}, "model 'none/1' not found"),
        ({"model": None}, "properties.model"),
        ({"environmentId": "azureml:none:1"}, "environment 'none/1' not found"),
        ({"codeConfiguration": {"codeId": "azureml:none:1", "scoringScript": "a.py"}}, "code 'none/1' not found"),
        ({"resources": {"instanceCount": 3}}, "compute 'Cpu-Cluster'"),
        ({"outputFileName": "a/b.csv"}, "output_file_name 'a/b.csv'"),
        ({"outputFileName": "errors.jsonl"}, "errors.jsonl"),
        ({"retrySettings": {"timeout": "30"}}, "retrySettings.timeout '30'"),
        ({"retrySettings": {"timeout": "P4D"}}, "timeout"),
        ({"initTimeout": "soon"}, "initTimeout 'soon'"),
        ({"initTimeout": "P4D"}, "init_timeout_seconds"),
        ({"environmentVariables": {"A=B": "c"}}, "'A=B' has '=' in its name"),
        ({"miniBatchSize": 0}, "properties.miniBatchSize"),
        ({"errorThreshold": -2}, "properties.errorThreshold"),
        ({"loggingLevel": "chatty"}, "properties.loggingLevel"),
    ],
)
def test_a_deployment_that_cannot_work_is_refused_and_not_made(
    lasting: Registered, changes: dict[str, object], reason: str
) -> None:
    assert reason in message_of(lasting.api.put(PATH, lasting.deployment(**changes)), 400)
    assert lasting.api.get(PATH).status_code == 404


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"codeConfiguration": None}, "custom model"),
        ({"environmentId": None}, "environmentId"),
        ({"codeConfiguration": {"scoringScript": "none.py"}}, "not in the uploaded code"),
        ({"codeConfiguration": {"scoringScript": "lib/numbers.py"}}, "has no function 'run'"),
        ({"codeConfiguration": {"scoringScript": "../score.py"}}, "leads out of its folder"),
        ({"codeConfiguration": {"scoringScript": "score.txt"}}, "ending in .py"),
    ],
)
def test_a_script_that_cannot_score_is_refused(
    lasting: Registered, changes: dict[str, dict[str, object] | None], reason: str
) -> None:
    properties = lasting.scripted(**changes)
    if changes.get("codeConfiguration"):
        properties["codeConfiguration"] = {"codeId": lasting.code} | (changes["codeConfiguration"] or {})
    assert reason in message_of(lasting.api.put(PATH, properties), 400)


@pytest.mark.parametrize("script", ["./score.py", "lib/../score.py", ".//score.py"])
def test_the_path_of_a_script_is_kept_without_needless_dots(
    api: ManagementApi, registered: Registered, script: str
) -> None:
    configuration = {"codeId": registered.code, "scoringScript": script}
    made = api.put(PATH, registered.scripted(codeConfiguration=configuration))
    assert made.status_code == 201, made.text
    assert made.json()["properties"]["codeConfiguration"]["scoringScript"] == "score.py"


def test_a_script_of_an_mlflow_model_needs_no_environment(registered: Registered) -> None:
    properties = registered.scripted(environmentId=None)
    properties["model"] = {"referenceType": "Id", "assetId": registered.mlflow_model}
    answer = registered.api.put(PATH, properties)
    assert answer.status_code == 201, answer.text
    assert "environmentId" not in answer.json()["properties"]


def test_a_script_that_is_not_python_is_refused_with_its_line(lasting: Registered) -> None:
    code = upload_code(lasting.api, {"score.py": "def run(:\n"}, name="broken")
    configuration = {"codeId": code, "scoringScript": "score.py"}
    answer = lasting.api.put(PATH, lasting.scripted(codeConfiguration=configuration))
    assert "line 1" in message_of(answer, 400)


def test_a_deployment_needs_its_endpoint(lasting: Registered) -> None:
    answer = lasting.api.put("batchEndpoints/none-such/deployments/main", lasting.deployment())
    assert "batch endpoint 'none-such' not found" in message_of(answer, 404)


def test_the_default_deployment_is_kept_by_an_update_and_cleared_with_the_deployment(registered: Registered) -> None:
    api = registered.api
    api.put(PATH, registered.deployment())
    api.put("batchEndpoints/heart-endpoint", {"defaults": {"deployment_name": "MAIN"}})
    kept = api.put("batchEndpoints/heart-endpoint", {"description": "again"}).json()
    assert kept["properties"]["defaults"] == {"deploymentName": "main"}
    assert api.delete(PATH).status_code == 200
    assert api.get("batchEndpoints/heart-endpoint").json()["properties"]["defaults"] == {}
    assert api.delete(PATH).status_code == 204


def test_a_repeated_deletion_clears_the_default_that_a_crash_left(registered: Registered, workspace: Workspace) -> None:
    api = registered.api
    api.put(PATH, registered.deployment())
    api.put("batchEndpoints/heart-endpoint", {"defaults": {"deployment_name": "main"}})
    workspace.deployments.delete(workspace.deployments.get("heart-endpoint", "main"))
    assert api.delete(PATH).status_code == 204
    assert api.get("batchEndpoints/heart-endpoint").json()["properties"]["defaults"] == {}


def test_a_deployment_that_is_there_again_stays_the_default(registered: Registered, workspace: Workspace) -> None:
    api = registered.api
    api.put(PATH, registered.deployment())
    api.put("batchEndpoints/heart-endpoint", {"defaults": {"deployment_name": "main"}})
    clear_default(workspace, "heart-endpoint", "main", Change())  # of an earlier deletion
    assert api.get("batchEndpoints/heart-endpoint").json()["properties"]["defaults"] == {"deploymentName": "main"}


def test_deleting_an_endpoint_deletes_its_deployments(registered: Registered) -> None:
    api = registered.api
    api.put(PATH, registered.deployment())
    assert api.delete("batchEndpoints/heart-endpoint").status_code == 200
    assert api.delete("batchEndpoints/heart-endpoint").status_code == 204
    api.put("batchEndpoints/heart-endpoint", {})
    assert api.get("batchEndpoints/heart-endpoint/deployments").json()["value"] == []


def test_a_deployment_that_is_written_while_its_endpoint_is_deleted_goes_with_it(
    registered: Registered, workspace: Workspace
) -> None:
    api = registered.api

    def deletes_endpoint(request: Any) -> bool:
        return request.method == "DELETE" and "RowKey='heart-endpoint'" in request.url

    hook = once_at(deletes_endpoint, lambda: api.put(PATH, registered.deployment()))
    account = HookedAccount(workspace.account.connection_string, before=hook)
    assert delete_endpoint(Workspace(workspace.settings, account, workspace.table), "heart-endpoint")
    api.put("batchEndpoints/heart-endpoint", {})
    assert api.get("batchEndpoints/heart-endpoint/deployments").json()["value"] == []


def test_a_job_gets_everything_that_a_deployment_refers_to(registered: Registered, workspace: Workspace) -> None:
    changes = {"retrySettings": {"maxRetries": 1, "timeout": "PT1M"}, "environmentVariables": {"A": "b"}}
    registered.api.put(PATH, registered.scripted(**changes))
    found = resolve_deployment(workspace, "HEART-endpoint", "Main")
    assert (found.endpoint, found.deployment, found.compute) == ("Heart-Endpoint", "main", "Cpu-Cluster")
    assert (found.max_instances, found.settings.timeout_seconds, found.settings.tries) == (2, 60, 1)
    assert found.code is not None
    assert found.environment is not None
    assert found.code.location.container.startswith("code-")
    assert found.code.location.path == "src"
    assert found.model.location.base_name == "custom"
    assert found.environment.image == "ubuntu"
    assert found.environment_variables == {"A": "b"}


def test_a_deployment_that_has_changed_meanwhile_is_not_deleted(registered: Registered) -> None:
    api, path = registered.api, "batchEndpoints/heart-endpoint/deployments/main"
    outdated = api.put(path, registered.deployment()).headers["ETag"]
    api.put(path, registered.deployment(description="newer"))
    assert api.delete(path, headers={"If-Match": outdated}).status_code == 412
    assert api.delete(path, headers={"If-Match": api.get(path).headers["ETag"]}).status_code == 200


def test_clearing_a_default_keeps_concurrent_changes_of_the_endpoint(
    registered: Registered, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = registered.api
    api.put("batchEndpoints/heart-endpoint/deployments/main", registered.deployment())
    api.put("batchEndpoints/heart-endpoint", {"defaults": {"deployment_name": "main"}})
    workspace.deployments.delete(workspace.deployments.get("heart-endpoint", "main"))
    rows, writers = workspace.endpoints._rows, ["another"]
    replace = rows.replace

    def replace_late(*given: Any) -> Any:
        if writers:
            api.put("batchEndpoints/heart-endpoint", {"description": writers.pop()})
        return replace(*given)

    monkeypatch.setattr(rows, "replace", replace_late)
    clear_default(workspace, "heart-endpoint", "main", Change())
    now = api.get("batchEndpoints/heart-endpoint").json()["properties"]
    assert (now["description"], now["defaults"]) == ("another", {})


def test_without_a_default_there_is_nothing_to_route_to(registered: Registered, workspace: Workspace) -> None:
    with pytest.raises(ValidationError, match="No valid deployments to route to"):
        resolve_deployment(workspace, "heart-endpoint")
    with pytest.raises(NotFoundError, match="'none' not found on batch endpoint 'Heart-Endpoint'"):
        resolve_deployment(workspace, "heart-endpoint", "none")
