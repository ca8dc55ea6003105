from __future__ import annotations

from pathlib import Path

import pytest

from scorer_container.node.process_environment import process_environment
from shared.contracts.job_spec import JobSpec, ModelSpec, OutputSpec, WorkSize
from shared.contracts.locations import Location
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


def variables(number: int = 0) -> dict[str, str]:
    return process_environment(
        SPEC,
        number=number,
        interpreter=Path("/envs/one/bin/python"),
        model_folder=Path("/cache/models/x"),
        output_folder=Path("/job/output"),
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


def test_each_process_gets_one_device_while_devices_last(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-7")
    assert [variables(number)["CUDA_VISIBLE_DEVICES"] for number in range(3)] == ["2", "GPU-7", ""]
    assert variables()["AZ_BATCHAI_GPU_COUNT_FOUND"] == "2"
