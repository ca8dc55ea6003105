"""What is stored of one resource is broken: lists show the others, say so, and the resource can be deleted."""

import pytest

from shared.control_plane.endpoints.resolution import list_computes
from shared.control_plane.workspace import Workspace
from tests.broken_rows import write_broken
from tests.integration.control_plane.conftest import Registered
from tests.integration.control_plane.management_api import ManagementApi

pytestmark = pytest.mark.integration

LISTS = {
    "computes": ("computes", "computes", "broken"),
    "datastores": ("datastores", "datastores", "broken"),
    "models": ("models", "models", "broken:1"),
    "environments": ("environments", "environments", "broken:1"),
    "batchEndpoints": ("batchEndpoints", "batchEndpoints", "broken"),
    "schedules": ("schedules", "schedules", "broken"),
    "blobTriggers": ("blobTriggers", "blobTriggers", "broken"),
}


@pytest.mark.parametrize(("path", "partition", "key"), LISTS.values(), ids=LISTS)
def test_a_list_shows_the_other_rows_and_reports_the_broken_one(
    registered: Registered, workspace: Workspace, path: str, partition: str, key: str
) -> None:
    api = registered.api
    before = [item["name"] for item in api.get(path).json()["value"]]
    write_broken(workspace.account.tables, workspace.table, partition, key)
    page = api.get(path).json()
    assert [item["name"] for item in page["value"]] == before
    (warning,) = page["warnings"]
    assert warning["code"] == "StoredDataUnreadable"
    assert f"row {partition} / {key} of table" in warning["message"]


@pytest.mark.parametrize("path", ["schedules/broken", "blobTriggers/broken", "datastores/broken"])
def test_a_broken_resource_says_so_and_can_be_deleted(api: ManagementApi, workspace: Workspace, path: str) -> None:
    partition, key = path.split("/")
    write_broken(workspace.account.tables, workspace.table, partition, key)
    answer = api.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "StoredDataUnreadable")
    assert api.delete(path).status_code == 200
    assert api.get(path).status_code == 404


def test_scaling_continues_with_the_other_computes(registered: Registered, workspace: Workspace) -> None:
    write_broken(workspace.account.tables, workspace.table, "computes", "a-broken-one")
    assert [limits.compute for limits in list_computes(workspace)] == [registered.compute.rpartition("/")[2]]


def test_what_may_use_an_asset_and_cannot_be_read_keeps_it_from_being_deleted(
    registered: Registered, workspace: Workspace
) -> None:
    write_broken(workspace.account.tables, workspace.table, "deployments", "heart:broken")
    answer = registered.api.delete("models/digits/versions/1")
    assert answer.status_code == 409, answer.text
