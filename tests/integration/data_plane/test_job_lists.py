from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from shared.contracts.job import JobDocument
from shared.triggers.http.history import history_app
from shared.triggers.http.management.app import management_app
from shared.triggers.http.scoring import job_lists_app
from tests.integration.data_plane.conftest import WORKSPACE_PATH
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration

VERSION = "2020-09-01-dataplanepreview"


def test_the_jobs_of_an_endpoint_come_page_by_page(
    serve: Callable[..., TestClient], add_job: Callable[..., JobDocument], endpoint: str
) -> None:
    made = [add_job(endpoint=endpoint).name for _ in range(3)]
    client = serve(job_lists_app)
    link = f"/mferp/managementfrontend{WORKSPACE_PATH}/batchEndpoints/{endpoint}/jobs?api-version={VERSION}&$top=2"
    seen, pages = [], 0
    while link:
        page = client.get(link).json()
        seen += [job["name"] for job in page["value"]]
        pages += 1
        link = (page["nextLink"] or "").removeprefix(SETTINGS.public_url)
        assert not link or f"api-version={VERSION}" in link
    assert (sorted(seen), pages) == (sorted(made), 2)


def test_a_list_without_an_api_version_or_endpoint_is_refused(serve: Callable[..., TestClient], endpoint: str) -> None:
    client, root = serve(job_lists_app), f"/mferp/managementfrontend{WORKSPACE_PATH}/batchEndpoints"
    unversioned = client.get(f"{root}/{endpoint}/jobs")
    assert (unversioned.status_code, "api-version" in unversioned.text) == (400, True)
    assert client.get(f"{root}/nobody/jobs?api-version={VERSION}").status_code == 404
    assert client.get(f"{root}/{endpoint}/deployments/nobody/jobs?api-version={VERSION}").status_code == 404


def test_a_child_run_is_a_job_without_properties(
    serve: Callable[..., TestClient], add_job: Callable[..., JobDocument]
) -> None:
    job, client = add_job(), serve(management_app)
    child = client.get(f"{WORKSPACE_PATH}/jobs/{job.job_id}?api-version=2024-01-01-preview")
    assert child.status_code == 200
    assert (child.json()["name"], child.json()["properties"]) == (job.job_id, None)
    unknown = client.get(f"{WORKSPACE_PATH}/jobs/nobody?api-version=2024-01-01-preview")
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (404, "job 'nobody' not found")


def test_a_job_is_archived_by_its_run(serve: Callable[..., TestClient], add_job: Callable[..., JobDocument]) -> None:
    job, client, history = (
        add_job(tags={"kept": "yes"}, experiment_name="e1"),
        serve(management_app),
        serve(history_app),
    )
    run = f"/history/v1.0{WORKSPACE_PATH}/experiments/e1/runs/{job.name}"
    assert history.patch(run.replace("e1", "e2"), json={"hidden": True}).status_code == 404
    changed = history.patch(run, json={"hidden": True, "tags": {"new": "too"}, "description": None})
    assert {"kept": "yes", "new": "too"}.items() <= changed.json()["tags"].items()

    def listed(view: str) -> bool:
        jobs = client.get(f"{WORKSPACE_PATH}/jobs?api-version=2024-01-01-preview&listViewType={view}").json()["value"]
        return job.name in [one["name"] for one in jobs]

    assert (listed("ActiveOnly"), listed("ArchivedOnly"), listed("All")) == (False, True, True)


def test_the_one_subscription_is_listed(serve: Callable[..., TestClient]) -> None:
    (subscription,) = serve(management_app).get("/subscriptions?api-version=2022-12-01").json()["value"]
    assert (subscription["id"], subscription["state"]) == ("/subscriptions/s", "Enabled")
