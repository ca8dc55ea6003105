from pathlib import Path

import pytest

from scorer_container.node.processes.environment import process_environment
from scorer_container.node.processes.folders import ProcessFolders
from scorer_container.node.reporting.failure import FatalProblemError
from shared.contracts.job_spec import JobSpec, Location, ModelSpec, OutputSpec, WorkSize
from shared.contracts.settings import ScoringSettings

pytestmark = pytest.mark.unit

PLACE = Location(kind="blob_folder", account_url="http://host", container="c", path="p")
SPEC = JobSpec(
    job_name="job",
    job_id="0123",
    endpoint="e",
    deployment="d",
    compute="c",
    model=ModelSpec(name="m", version="1", is_mlflow=True, location=PLACE),
    environment_variables={"MINE": "1", "AZUREML_RUN_ID": "overridden"},
    settings=ScoringSettings(),
    input=PLACE,
    output=OutputSpec(folder=PLACE, file_name="predictions.csv"),
    work=WorkSize(files=1, mini_batch_size=1, mini_batches_per_task=1),
)


def variables(number: int = 0, *, in_container: bool = False, **own: str) -> dict[str, str]:
    return process_environment(
        SPEC.model_copy(update={"environment_variables": {**SPEC.environment_variables, **own}}),
        number=number,
        interpreter=Path("/envs/one/bin/python"),
        model_folder=Path("/cache/models/x"),
        folders=ProcessFolders(Path("/job")),
        in_container=in_container,
    )


def test_no_setting_of_the_node_reaches_the_users_code(monkeypatch):
    monkeypatch.setenv("AzureWebJobsStorage", "AccountKey=secret")
    monkeypatch.setenv("BATCH_NODE_ID", "n0")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=x")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    seen = variables()
    assert not {"AzureWebJobsStorage", "BATCH_NODE_ID", "IDENTITY_HEADER"} & set(seen)
    assert not [name for name in seen if name.startswith(("APPLICATIONINSIGHTS_", "OTEL_"))]
    assert seen["LC_ALL"] == "C.UTF-8"
    assert seen["PATH"].startswith("/envs/one/bin:")


def test_the_deployments_own_variables_win():
    seen = variables()
    assert (seen["MINE"], seen["AZUREML_RUN_ID"]) == ("1", "overridden")
    assert seen["AZUREML_MODEL_DIR"] == "/cache/models/x"
    assert seen["AZUREML_BI_OUTPUT_PATH"] == "/job/output"


@pytest.mark.parametrize("in_container", [False, True])
def test_nothing_that_lies_in_a_home_folder_runs_by_itself(monkeypatch, in_container):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("TMPDIR", "/tmp/shared")
    monkeypatch.setenv("PYTHONPATH", "/home/ada/lib")
    monkeypatch.setenv("PYTHONSTARTUP", "/home/ada/start.py")
    monkeypatch.setenv("PYTHONUSERBASE", "/home/ada")
    seen = variables(in_container=in_container)
    assert (seen["HOME"], seen["PYTHONNOUSERSITE"]) == ("/job/home", "1")
    assert seen.get("TMPDIR") == (None if in_container else "/job/tmp")
    assert not {"PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE"} & set(seen)
    assert variables(in_container=in_container, HOME="/mine")["HOME"] == "/mine"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("A=B", "1", "'A=B' has '=' in its name"),
        ("A", "x\0y", "'A' has a NUL character in its value"),
        ("A\0", "x", r"has a NUL character in its name"),
        ("", "1", "an environment variable has no name"),
        ("A", "\ud800", "'A' has half a character"),
        ("A", "x" * 140_000, "'A' has 140,002 bytes"),
    ],
)
def test_a_variable_that_no_process_can_have_fails_the_job_with_the_reason(name, value, fault):
    with pytest.raises(FatalProblemError, match="cannot be started") as caught:
        variables(**{name: value})
    assert caught.value.failure.step == "environment"
    assert fault in caught.value.failure.message


def test_each_process_gets_one_device_while_devices_last(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-7")
    assert [variables(number)["CUDA_VISIBLE_DEVICES"] for number in range(3)] == ["2", "GPU-7", ""]
    assert variables()["AZ_BATCHAI_GPU_COUNT_FOUND"] == "2"
