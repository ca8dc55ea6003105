from pathlib import Path

import pytest

from tests.compat.conftest import LocalFiles
from tests.compat.remote_client import ClientError, RemoteClient

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def completed(client: RemoteClient, endpoint: str, inputs: str) -> tuple[str, str]:
    """A job of the default deployment that has completed, and what `stream` printed of it."""
    job = client.run(
        "invoke", endpoint=endpoint, one_input={"type": "uri_folder", "path": inputs}, experiment_name="e1"
    )
    return job, client.answer("stream_job", name=job).printed


def rows(folder: Path) -> list[str]:
    (file,) = folder.rglob("predictions.csv")
    return file.read_text().splitlines()


def test_a_streamed_job_prints_its_execution_log_and_its_end(completed: tuple[str, str]) -> None:
    job, printed = completed
    assert f"RunId: {job}" in printed
    assert "Streaming logs/azureml/executionlogs.txt" in printed
    assert "Execution Summary" in printed, printed
    assert "3 files in 2 mini-batches: 3 succeeded, 0 failed, 3 rows" in printed


def test_a_job_is_found_with_its_state_and_endpoint(client: RemoteClient, completed: tuple[str, str]) -> None:
    found = client.run("get_job", name=completed[0])
    assert (found["status"], found["experiment_name"]) == ("Completed", "e1")
    assert found["tags"]["azureml.batchrun"] == "true"
    assert found["properties"]["azureml.deploymentname"] == "scripted"


def test_the_output_of_a_job_is_downloaded(client: RemoteClient, completed: tuple[str, str], tmp_path: Path) -> None:
    client.run("download_job", name=completed[0], folder=str(tmp_path), output_name="score")
    assert rows(tmp_path) == ["a.csv", "b.csv", "c.csv"]


def test_a_job_has_one_child_run_that_scores(client: RemoteClient, completed: tuple[str, str], tmp_path: Path) -> None:
    (child,) = client.run("list_jobs", parent_job_name=completed[0])
    assert (child["display_name"], child["status"]) == ("batchscoring", "Completed")
    assert client.run("get_job", name=child["name"])["display_name"] == "batchscoring"
    client.run("download_job", name=child["name"], folder=str(tmp_path), output_name="score")
    assert rows(tmp_path / "named-outputs" / "score") == ["a.csv", "b.csv", "c.csv"]


def test_jobs_are_listed_by_workspace_endpoint_and_deployment(
    client: RemoteClient, completed: tuple[str, str], endpoint: str
) -> None:
    assert completed[0] in [job["name"] for job in client.run("list_jobs")]
    assert completed[0] in client.run("list_endpoint_jobs", endpoint=endpoint)
    assert completed[0] in client.run("list_deployment_jobs", endpoint=endpoint, deployment="scripted")
    assert completed[0] not in client.run("list_deployment_jobs", endpoint=endpoint, deployment="other")


def test_a_job_is_described_anew(client: RemoteClient, completed: tuple[str, str]) -> None:
    changed = client.run("update_job", name=completed[0], display_name="renamed", tags={"season": "autumn"})
    assert (changed["display_name"], changed["tags"]["season"]) == ("renamed", "autumn")
    again = client.run("update_job", name=completed[0], tags={"year": "2026"})
    assert (again["tags"]["season"], again["tags"]["year"]) == ("autumn", "2026")


def test_a_job_is_archived_and_restored(client: RemoteClient, completed: tuple[str, str]) -> None:
    def listed() -> bool:
        return completed[0] in [job["name"] for job in client.run("list_jobs")]

    client.run("archive_job", name=completed[0])
    assert not listed()
    client.run("restore_job", name=completed[0])
    assert listed()


def test_a_named_deployment_scores_named_inputs_into_a_chosen_output_with_overrides(
    client: RemoteClient, endpoint: str, inputs: str, tmp_path: Path
) -> None:
    data = client.run("create_data", name="to-score", path=inputs, type="uri_folder")
    place = "azureml://datastores/workspaceblobstore/paths/chosen/place"
    job = client.run(
        "invoke",
        endpoint=endpoint,
        deployment="other",
        inputs={"files": {"type": "uri_folder", "path": data["id"]}},
        outputs={"score": {"type": "uri_folder", "path": place}},
        job_name="named-by-me",
        params_override=[{"mini_batch_size": 3}, {"compute.instance_count": 1}, {"output_file_name": "chosen.csv"}],
    )
    assert job == "named-by-me"
    client.run("stream_job", name=job)
    found = client.run("get_job", name=job)
    assert (found["status"], found["properties"]["azureml.deploymentname"]) == ("Completed", "other")
    client.run("download_job", name=job, folder=str(tmp_path), output_name="score")
    assert (tmp_path / "chosen.csv").read_text().splitlines() == ["a.csv", "b.csv", "c.csv"]


def test_registered_data_is_scored_by_its_short_name_into_a_place_named_the_older_way(
    client: RemoteClient, endpoint: str, inputs: str, tmp_path: Path
) -> None:
    client.run("create_data", name="short", path=inputs, type="uri_folder", version="4")
    place = [
        {"output_dataset.datastore_id": f"azureml:{client.run('default_datastore')['id']}"},
        {"output_dataset.path": "/older/way/"},
        {"output_file_name": "older.csv"},
    ]
    job = client.run(
        "invoke",
        endpoint=endpoint,
        one_input={"type": "uri_folder", "path": "azureml:short:4"},
        params_override=place,
    )
    client.run("stream_job", name=job)
    client.run("download_job", name=job, folder=str(tmp_path), output_name="score")
    assert (tmp_path / "older.csv").read_text().splitlines() == ["a.csv", "b.csv", "c.csv"]


def test_one_file_of_a_datastore_is_scored(client: RemoteClient, endpoint: str, inputs: str, tmp_path: Path) -> None:
    path = client.run("create_data", name="one", path=f"{inputs}/b.csv", type="uri_file")["path"]
    job = client.run("invoke", endpoint=endpoint, one_input={"type": "uri_file", "path": path})
    client.run("stream_job", name=job)
    client.run("download_job", name=job, folder=str(tmp_path), output_name="score")
    assert rows(tmp_path) == ["b.csv"]


def test_a_failed_job_raises_with_our_message(client: RemoteClient, endpoint: str, files: LocalFiles) -> None:
    folder = files.folder("failing", bad_csv="x")
    retry = [{"error_threshold": 0}, {"retry_settings.max_retries": 0}]
    job = client.run(
        "invoke", endpoint=endpoint, one_input={"type": "uri_folder", "path": folder}, params_override=retry
    )
    with pytest.raises(ClientError, match="1 item failed, more than error_threshold 0 allows") as failed:
        client.run("stream_job", name=job)
    assert failed.value.kind == "JobException"
    assert client.run("get_job", name=job)["status"] == "Failed"


def test_a_job_is_canceled(client: RemoteClient, endpoint: str, files: LocalFiles) -> None:
    folder = files.folder("endless", slow_csv="x")
    job = client.run("invoke", endpoint=endpoint, one_input={"type": "uri_folder", "path": folder})
    with pytest.raises(ClientError, match="Download is allowed only in states"):
        client.run("download_job", name=job, folder="unused")
    client.run("cancel_job", name=job)
    client.run("stream_job", name=job)
    assert client.run("get_job", name=job)["status"] in {"CancelRequested", "Canceled"}


def test_a_deployment_that_is_not_there_is_refused_by_name(client: RemoteClient, endpoint: str, inputs: str) -> None:
    with pytest.raises(ClientError, match="nobody"):
        client.run("invoke", endpoint=endpoint, deployment="nobody", one_input={"type": "uri_folder", "path": inputs})


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("compute.begin_stop", "There is nothing at POST"),
        ("compute.list_sizes", "There is nothing at GET"),
        ("compute.list_usage", "There is nothing at GET"),
        ("jobs.begin_delete", "DELETE"),
        ("jobs.show_services", "There is nothing at GET"),
        ("jobs.create_or_update", "job '.*' not found"),
    ],
)
def test_what_the_service_is_not_meant_for_is_refused_by_name(
    client: RemoteClient, completed: tuple[str, str], operation: str, said: str
) -> None:
    name = completed[0] if operation.startswith("jobs") else "cpu-cluster"
    with pytest.raises(ClientError, match=said):
        client.run("beyond_batch_scoring", operation=operation, name=name)


def test_a_refused_invocation_reaches_the_user_in_our_words(client: RemoteClient, endpoint: str) -> None:
    missing = "azureml://datastores/workspaceblobstore/paths/there/is/nothing/"
    with pytest.raises(ClientError, match="there/is/nothing"):
        client.run("invoke", endpoint=endpoint, one_input={"type": "uri_folder", "path": missing})
