"""Jobs in the management API: described anew, archived, purged."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.compute.scaling import ScalingProblems
from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.messages import PURGE_REQUESTS, PurgeRequest
from shared.contracts.names import JOB_NAME
from shared.control_plane.workspace import Workspace
from shared.jobs.store import JobStore
from shared.storage.queues import queue_client
from tests.integration.control_plane.management_api import ManagementApi, message_of

pytestmark = pytest.mark.integration

LONG_AGO = datetime.now(UTC) - timedelta(days=900)


@pytest.fixture
def job(workspace: Workspace, make_job: Callable[..., JobDocument]) -> JobDocument:
    """A job that ended long ago."""
    ended = {JobStatus.COMPLETED: LONG_AGO}
    described = {"tags": {"team": "red"}, "description": "old"}
    jobs = JobStore(workspace.account.tables)
    return jobs.add(make_job(created=LONG_AGO, status=JobStatus.COMPLETED, entered=ended, **described))


def listed(api: ManagementApi, view: str) -> list[str]:
    names: list[str] = []
    url = f"{api.workspace_id}/jobs?listViewType={view}&api-version=2023-10-01"
    while url:
        page = api.http.get(url, headers={"Authorization": f"Bearer {api.key.token()}"}).json()
        names += [item["name"] for item in page["value"]]
        url = page["nextLink"]
    return names


def test_a_client_sends_back_a_job_with_a_new_description(api: ManagementApi, job: JobDocument) -> None:
    properties: dict[str, Any] = api.get(f"jobs/{job.name}").json()["properties"]
    changed = api.put(f"jobs/{job.name}", properties | {"description": "new", "status": "Failed"}).json()["properties"]
    assert (changed["description"], changed["status"]) == ("new", "Completed")
    given, answered = properties | {"description": "new"}, changed
    del given["services"], answered["services"]  # links that are signed anew
    assert answered == given


def test_a_job_that_gets_no_node_says_why_and_so_does_its_compute(
    api: ManagementApi, workspace: Workspace, make_job: Callable[..., JobDocument], unique_name: Callable[[str], str]
) -> None:
    compute, jobs = unique_name("cpu"), JobStore(workspace.account.tables)
    waiting = jobs.add(make_job(compute=compute, status=JobStatus.QUEUED))
    running = jobs.add(make_job(compute=compute, status=JobStatus.RUNNING))
    api.put(f"computes/{compute}", {})
    problems = ScalingProblems(workspace.account.tables, lambda: LONG_AGO)
    problems.note(compute.upper(), "the quota of cores is used up")
    (warning,) = api.get(f"jobs/{waiting.name}").json()["properties"]["warnings"]
    since = f"{LONG_AGO:%Y-%m-%d %H:%M:%S}"
    assert warning["message"] == f"no node has come since {since} UTC: the quota of cores is used up"
    assert "warnings" not in api.get(f"jobs/{running.name}").json()["properties"]
    (error,) = api.get(f"computes/{compute}").json()["properties"]["properties"]["errors"]
    assert error["error"] == {"code": "ScalingFailed", "message": "the quota of cores is used up"}
    problems.clear(compute)
    assert "warnings" not in api.get(f"jobs/{waiting.name}").json()["properties"]
    assert "errors" not in api.get(f"computes/{compute}").json()["properties"]["properties"]


def test_tags_are_replaced_and_may_all_go(api: ManagementApi, job: JobDocument) -> None:
    changed = api.put(f"jobs/{job.name}", {"tags": {}}).json()["properties"]
    assert changed["tags"] == {"azureml.batchrun": "true"}
    assert changed["description"] == "old"


def test_an_archived_job_is_listed_only_when_asked_for(api: ManagementApi, job: JobDocument) -> None:
    api.put(f"jobs/{job.name}", {"isArchived": True})
    assert job.name not in listed(api, "ActiveOnly")
    assert job.name in listed(api, "ArchivedOnly")
    api.put(f"jobs/{job.name}", {"isArchived": False})
    assert job.name in listed(api, "ActiveOnly")


def test_a_job_is_not_made_by_a_put(api: ManagementApi) -> None:
    name = JOB_NAME.check("nobody-invoked-this")
    assert name in message_of(api.put(f"jobs/{name}", {"description": "x"}), 404)


def test_a_purge_requests_the_jobs_that_its_dry_run_reported(
    api: ManagementApi, workspace: Workspace, job: JobDocument
) -> None:
    order = {"endedBefore": (LONG_AGO + timedelta(days=1)).isoformat(), "includeOutputs": True}
    assert job.name in api.post("purgeJobs", order | {"dryRun": True}).json()["jobs"]
    queue = queue_client(workspace.account.queues, PURGE_REQUESTS)
    assert job.name in api.post("purgeJobs", order).json()["jobs"]
    asked = [PurgeRequest.model_validate_json(message.content) for message in queue.receive_messages()]
    assert PurgeRequest(job=job.name, include_outputs=True) in asked


def test_a_purge_without_a_date_is_refused(api: ManagementApi) -> None:
    assert "endedBefore" in message_of(api.post("purgeJobs", {"dryRun": True}), 400)
