"""Assets, datastores, computes and jobs: changed, archived, deleted, purged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.data_folder.connection import read_connection
from local.stack.inspection import StackStatus
from shared.contracts.messages import PURGE_REQUESTS, PurgeRequest
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER
from shared.storage.queues import send
from tests.integration.cli.conftest import Bml, Project

pytestmark = pytest.mark.integration


@pytest.fixture
def account(stack: StackStatus) -> StorageAccount:
    return StorageAccount(connection_string=read_connection(Path(stack.data_dir)).storage_connection_string)


def versions(bml: Bml, name: str, *options: str) -> list[str]:
    return sorted(bml("data", "list", "-n", name, "--query", "[].version", *options).json)


def test_versions_of_data_are_changed_archived_and_deleted(bml: Bml, project: Project) -> None:
    for content in ("1", "2"):
        project.write("input/a.txt", f"{project.name} {content}")
        assert bml("data", "create", "-n", project.name, "-p", project.folder / "input").code == 0
    which = ("-n", project.name)
    described = bml("data", "create", *which, "-p", project.folder / "input", "--tags", "b=2").json
    assert (described["version"], described["tags"]) == ("2", {"b": "2"})
    assert bml("data", "update", *which, "-l", "latest", "--remove", "tags").json["tags"] == {}
    changed = bml("data", "update", *which, "-l", "latest", "--set", "description=second", "tags.a=1").json
    assert (changed["version"], changed["description"], changed["tags"]) == ("2", "second", {"a": "1"})
    assert bml("data", "archive", *which, "-v", "2").json["is_archived"]
    assert bml("data", "show", *which, "--label", "latest").json["version"] == "1"
    assert versions(bml, project.name) == ["1"]
    assert versions(bml, project.name, "--include-archived") == ["1", "2"]
    assert bml("data", "archive", *which).json["is_archived"]
    assert versions(bml, project.name, "--archived-only") == ["1", "2"]
    assert not bml("data", "restore", *which).json["is_archived"]
    assert versions(bml, project.name) == ["1", "2"]
    both = bml("data", "show", *which, "-v", "1", "-l", "latest")
    assert (both.code, "exclude each other" in both.err) == (2, True)
    assert bml("data", "delete", *which, "--yes").code == 0
    assert bml("data", "show", *which).code == 3


def test_a_datastore_is_registered_changed_and_forgotten(bml: Bml, project: Project, account: StorageAccount) -> None:
    account.blobs.create_container(project.name).upload_blob("in/a.txt", b"1")
    name = project.name.replace("-", "_")
    place = f"account_name: {account.account_name}\ncontainer_name: {project.name}\n"
    file = project.write("store.yml", f"name: {name}\ntype: azure_blob\n{place}tags: {{a: 1}}\n")
    made = bml("datastore", "create", "--file", file).json
    assert (made["container_name"], made["tags"], made["is_default"]) == (project.name, {"a": "1"}, False)
    changed = bml("datastore", "update", "-n", name, "--set", "description=mine", "--remove", "tags.a").json
    assert (changed["description"], changed["tags"]) == ("mine", {})
    data = bml("data", "create", "-n", project.name, "-p", f"azureml://datastores/{name}/paths/in/").json
    assert data["type"] == "uri_folder"
    assert bml("datastore", "delete", "-n", name, "--yes").code == 0
    assert account.blobs.get_blob_client(project.name, "in/a.txt").exists()
    missing = project.write("none.yml", file.read_text().replace(project.name, f"{project.name}-none"))
    assert "ContainerNotFound" in bml("datastore", "create", "-f", missing).err


def test_an_update_of_a_compute_changes_only_the_given_values(bml: Bml, unique_name: Callable[[str], str]) -> None:
    name = unique_name("cpu")
    made = bml(
        "compute", "create", "-n", name, "--max-instances", 3, "--priority", "low_priority", "--tags", "a=1"
    ).json
    changed = bml("compute", "update", "-n", name, "--min-instances", 0, "--set", "max_instances=2").json
    assert changed == made | {"max_instances": 2}
    refused = bml("compute", "update", "-n", name, "--min-instances", 5)
    assert (refused.code, "above max_instances" in refused.err) == (6, True), refused.err
    assert bml("compute", "delete", "-n", name, "--yes").code == 0


def test_a_purged_job_is_gone(
    bml: Bml, project: Project, account: StorageAccount, eventually: Callable[..., None]
) -> None:
    script = "def init(): pass\ndef run(mini_batch): return ['x' for _ in mini_batch]\n"
    assert bml("endpoint", "create", "-n", project.name).code == 0
    added = bml("batch-deployment", "create", "-f", project.scripted_file(script), "-e", project.name, "--set-default")
    assert added.code == 0, added.err
    project.write("input/a.txt", "1")
    job = bml("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input").json
    assert bml("job", "stream", "-n", job["name"], "--no-logs").code == 0
    run = bml("job", "show", "-n", job["name"]).json["properties"]["azureml.childrunid"]
    internals = account.blobs.get_container_client(JOBS_CONTAINER)
    assert list(internals.list_blob_names(name_starts_with=run))

    young = bml("workspace", "purge", "--older-than", "1h", "--yes").json
    assert (young["dry_run"], job["name"] in young["jobs"]) == (False, False)
    # What the command sends for an old job; other tests' jobs are to stay.
    send(account.queues, PURGE_REQUESTS, PurgeRequest(job=job["name"]))
    eventually(lambda: bml("job", "show", "-n", job["name"]).code == 3, what="the job's purge")
    assert list(internals.list_blob_names(name_starts_with=run)) == []
    assert account.blobs.get_blob_client("azureml-blobstore", job["output"]["path"]).exists()
    assert bml("workspace", "purge", "--older-than", "soon").code == 2
