from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.progress import JobFailure
from shared.triggers.http.history import history_app
from shared.triggers.wiring import Application
from tests.integration.data_plane.conftest import WORKSPACE_PATH

pytestmark = pytest.mark.integration

RUNS = f"/history/v1.0{WORKSPACE_PATH}/runs"


@pytest.fixture
def history(serve: Callable[..., TestClient]) -> TestClient:
    return serve(history_app)


@pytest.fixture
def completed(application: Application, add_job: Callable[..., JobDocument]) -> JobDocument:
    job = add_job()
    for status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FINALIZING, JobStatus.COMPLETED):
        application.jobs.enter(job.name, status)
    return application.jobs.get(job.name)


def test_a_job_is_a_root_run_with_one_child(history: TestClient, completed: JobDocument) -> None:
    root = history.get(f"{RUNS}/{completed.name}").json()
    assert (root["runId"], root["status"], root["tags"]["azureml.batchrun"]) == (completed.name, "Completed", "true")
    (child,) = history.get(f"{RUNS}/{completed.name}/children").json()["value"]
    assert (child["runId"], child["parentRunId"]) == (completed.job_id, completed.name)
    assert child["displayName"] == "batchscoring"
    assert history.get(f"{RUNS}/{child['runId']}").json()["status"] == "Completed"
    assert history.get(f"{RUNS}/{child['runId']}/children").json()["value"] == []


@pytest.mark.parametrize(
    ("agent", "kind"),
    [("azure-ai-ml/1.35.2 Python/3.11", "uri_folder"), ("azure-ai-ml/1.34.1", "UriFolder"), ("curl/8", "UriFolder")],
)
def test_the_type_of_the_output_has_the_spelling_that_the_client_knows(
    history: TestClient, completed: JobDocument, agent: str, kind: str
) -> None:
    body = {"runId": completed.job_id, "selectRunMetadata": True}
    answer = history.post(f"/history/v1.0{WORKSPACE_PATH}/rundata", json=body, headers={"User-Agent": agent})
    assert answer.json()["runMetadata"]["outputs"]["score"]["type"] == kind


def test_details_link_to_an_execution_log_that_only_grows(
    history: TestClient, application: Application, add_job: Callable[..., JobDocument]
) -> None:
    job = add_job()

    def log() -> str:
        links = history.get(f"{RUNS}/{job.name}/details").json()["logFiles"]
        assert "sig=" in links["logs/azureml/executionlogs.txt"]
        blob = application.account.blobs.get_blob_client("batch-jobs", f"{job.job_id}/logs/azureml/executionlogs.txt")
        return blob.download_blob().readall().decode()

    first = log()
    application.jobs.enter(job.name, JobStatus.QUEUED)
    second = log()
    failure = JobFailure(step="init", message="init() failed:\nno model", error_type="ValueError")
    application.jobs.enter(job.name, JobStatus.FAILED, failure=failure)
    third = log()
    assert len(first) < len(second) < len(third)
    assert third.startswith(second)
    assert second.startswith(first)
    assert "Error in step init: init() failed: no model" in third
    details = history.get(f"{RUNS}/{job.name}/details").json()
    assert details["error"]["error"] == {"code": "ValueError", "message": "init() failed:\nno model"}


def test_a_run_that_is_not_there_is_named(history: TestClient) -> None:
    answer = history.get(f"{RUNS}/nobody")
    assert answer.status_code == 404
    assert "nobody" in answer.json()["error"]["message"]


def test_another_workspace_is_not_served(history: TestClient, completed: JobDocument) -> None:
    assert history.get(f"{RUNS}/{completed.name}".replace("/workspaces/w/", "/workspaces/other/")).status_code == 404
    small = RUNS.replace("resourceGroups", "resourcegroups").replace("Microsoft", "microsoft")
    assert history.get(f"{small}/{completed.name}").status_code == 200
