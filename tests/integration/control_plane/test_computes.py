from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from shared.contracts.bodies import ResourceBody
from shared.contracts.job import JobDocument
from shared.contracts.job_spec import Location, ModelSpec, OutputSpec
from shared.contracts.names import job_id
from shared.contracts.settings import ScoringSettings
from shared.control_plane.computes import put_compute
from shared.control_plane.resource_table import Change
from shared.control_plane.workspace import Workspace
from shared.jobs.store import JobStore
from tests.integration.control_plane.conftest import Registered
from tests.integration.control_plane.management_api import ManagementApi, message_of
from tests.integration.control_plane.scale_set_server import ScaleSetServer

pytestmark = pytest.mark.integration


def test_a_compute_is_created_with_defaults_then_updated(api: ManagementApi) -> None:
    created = api.put("computes/Cpu", {}, location="local")
    assert created.status_code == 201
    shown = created.json()
    assert shown["id"] == f"{api.workspace_id}/computes/Cpu"
    assert shown["type"] == "Microsoft.MachineLearningServices/workspaces/computes"
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert shown["properties"]["properties"]["vmSize"] == "STANDARD_DS3_V2"
    assert shown["properties"]["properties"]["nodeStateCounts"]["idleNodeCount"] == 0
    assert shown["systemData"]["createdBy"] == "ada@example.org"

    scale = {"minNodeCount": 1, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    updated = api.put("computes/CPU", {"properties": {"scaleSettings": scale}})
    assert updated.status_code == 200
    assert updated.json()["name"] == "Cpu"
    assert api.get("computes/cpu").json()["properties"]["properties"]["scaleSettings"] == scale


def test_a_put_names_an_operation_that_succeeded(api: ManagementApi) -> None:
    answer = api.put("computes/Cpu", {})
    url = answer.headers["Azure-AsyncOperation"]
    assert answer.headers["Retry-After"] == "1"
    assert api.request("GET", url.removeprefix("http://public.example").split("?")[0]).json()["status"] == "Succeeded"
    assert "computes:none" in message_of(api.get("operationStatuses/computes:none"), 404)


def test_a_list_is_paged_by_absolute_links_that_keep_the_query(api: ManagementApi) -> None:
    for name in ("cpu-c", "cpu-a", "cpu-b"):
        api.put(f"computes/{name}", {})
    first = api.get("computes", **{"$top": 2}).json()
    assert [item["name"] for item in first["value"]] == ["cpu-a", "cpu-b"]
    assert first["nextLink"].startswith(f"http://public.example{api.workspace_id}/computes?")
    assert "api-version" in first["nextLink"]
    api.delete("computes/cpu-b")
    url = first["nextLink"].removeprefix("http://public.example")
    second = api.http.get(url, headers={"Authorization": f"Bearer {api.key.token()}"}).json()
    assert [item["name"] for item in second["value"]] == ["cpu-c"]
    assert second["nextLink"] is None


@pytest.mark.parametrize(
    ("properties", "field"),
    [
        ({"computeType": "ComputeInstance"}, "computeType"),
        ({"properties": {"scaleSettings": {"minNodeCount": 3, "maxNodeCount": 2}}}, "minNodeCount"),
        ({"properties": {"scaleSettings": {"maxNodeCount": 10**15}}}, "a compute has at most 1,000 nodes"),
        (
            {"properties": {"scaleSettings": {"maxNodeCount": "many"}}},
            "properties.properties.scaleSettings.maxNodeCount",
        ),
        ({"properties": {"scaleSettings": {"nodeIdleTimeBeforeScaleDown": "120"}}}, "nodeIdleTimeBeforeScaleDown"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_created(
    api: ManagementApi, properties: dict[str, object], field: str
) -> None:
    assert field in message_of(api.put("computes/cpu", properties), 400)
    assert api.get("computes/cpu").status_code == 404


def test_a_bad_name_is_refused_with_the_rule(api: ManagementApi) -> None:
    assert "compute name '1cpu'" in message_of(api.put("computes/1cpu", {}), 400)


def test_a_compute_in_use_is_kept_and_its_user_named(registered: Registered, scale_sets: ScaleSetServer) -> None:
    api = registered.api
    api.put("batchEndpoints/heart-endpoint/deployments/main", registered.deployment())
    assert "Heart-Endpoint/main" in message_of(api.delete("computes/cpu-cluster"), 409)
    assert "Cpu-Cluster" not in scale_sets.removed
    api.delete("batchEndpoints/heart-endpoint/deployments/main")
    assert api.delete("computes/cpu-cluster").status_code == 200
    assert "Cpu-Cluster" in scale_sets.removed
    assert api.delete("computes/cpu-cluster").status_code == 204


def test_a_compute_stays_when_its_instances_cannot_be_removed(api: ManagementApi, scale_sets: ScaleSetServer) -> None:
    api.put("computes/cpu", {})
    scale_sets.failing.add("cpu")
    assert "scale set" in message_of(api.delete("computes/cpu"), 502)
    scale_sets.failing.clear()
    assert api.get("computes/cpu").status_code == 200


def test_conditions_of_a_write_are_kept(api: ManagementApi) -> None:
    assert api.put("computes/cpu", {}, headers={"If-Match": "*"}).status_code == 412
    etag = api.put("computes/cpu", {}, headers={"If-None-Match": "*"}).headers["ETag"]
    assert "If-None-Match" in message_of(api.put("computes/cpu", {}, headers={"If-None-Match": "*"}), 412)
    newer = api.put("computes/cpu", {}, headers={"If-Match": etag}).headers["ETag"]
    assert api.put("computes/cpu", {}, headers={"If-Match": etag}).status_code == 412
    assert api.delete("computes/cpu", headers={"If-Match": etag}).status_code == 412
    assert api.delete("computes/cpu", headers={"If-Match": newer}).status_code == 200


def test_of_many_creations_at_once_one_creates_and_all_succeed(workspace: Workspace) -> None:
    def put(number: int) -> bool:
        body = ResourceBody(properties={"description": str(number)})
        return put_compute(workspace, "cpu", body, Change()).created

    with ThreadPoolExecutor(4) as pool:
        created = list(pool.map(put, range(4)))
    assert sorted(created) == [False, False, False, True]


def test_a_compute_with_an_unfinished_job_is_kept(
    api: ManagementApi, workspace: Workspace, unique_name: Callable[[str], str]
) -> None:
    compute, job = unique_name("cpu"), unique_name("job")
    api.put(f"computes/{compute}", {})
    place = Location(kind="blob_folder", container="c")
    JobStore(workspace.account.tables).add(
        JobDocument(
            name=job,
            job_id=job_id(job),
            endpoint="heart",
            deployment="main",
            compute=compute.upper(),
            created=datetime.now(UTC),
            model=ModelSpec(name="m", version="1", is_mlflow=True, location=place),
            settings=ScoringSettings(),
            input=place,
            output=OutputSpec(folder=place, file_name="predictions.csv"),
        )
    )
    assert job in message_of(api.delete(f"computes/{compute}"), 409)
    assert api.get(f"computes/{compute}").status_code == 200
