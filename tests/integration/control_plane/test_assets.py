"""Models, data, environments and code: versions with a content that never changes."""

import pytest

from shared.control_plane.assets.locations import model_location, resolve_data_asset
from shared.control_plane.workspace import Workspace
from shared.storage.blobs import DEFAULT_DATASTORE_CONTAINER
from tests.integration.control_plane.conftest import CONDA, Registered, upload_code
from tests.integration.control_plane.management_api import ManagementApi, message_of

pytestmark = pytest.mark.integration

STORE = "azureml://datastores/workspaceblobstore/paths"


def put_data(api: ManagementApi, version: str, **changes: object) -> None:
    assert api.put(f"data/Sales/versions/{version}", {"dataUri": f"{STORE}/in/{version}/"} | changes).status_code < 300


def test_an_asset_names_its_latest_and_its_next_version(api: ManagementApi) -> None:
    assert api.get("data/sales").status_code == 404
    for version in ("1", "2", "beta"):
        put_data(api, version)
    container = api.get("data/SALES").json()
    assert container["id"].endswith("/data/Sales")
    assert container["properties"]["latestVersion"] == "beta"
    assert container["properties"]["nextVersion"] == "3"
    assert api.get("data/sales/versions/latest").json()["name"] == "beta"
    assert [item["name"] for item in api.get("data").json()["value"]] == ["Sales"]


def test_versions_are_listed_newest_first_and_by_page(api: ManagementApi) -> None:
    for version in ("1", "2", "3"):
        put_data(api, version)
    newest = api.get("data/sales/versions", **{"$orderBy": "createdtime desc", "$top": 1}).json()
    assert [item["name"] for item in newest["value"]] == ["3"]
    assert newest["nextLink"]
    oldest = api.get("data/sales/versions", **{"$orderBy": "createdtime asc"}).json()
    assert [item["name"] for item in oldest["value"]] == ["1", "2", "3"]
    assert "$orderBy" in message_of(api.get("data/sales/versions", **{"$orderBy": "size"}), 400)


def test_archived_versions_are_listed_only_when_asked_for(api: ManagementApi) -> None:
    put_data(api, "1")
    put_data(api, "2")
    body = api.get("data/sales/versions/2").json()["properties"] | {"isArchived": True}
    assert api.put("data/sales/versions/2", body).status_code == 200

    def names(view: str) -> list[str]:
        return [item["name"] for item in api.get("data/sales/versions", listViewType=view).json()["value"]]

    assert (names("ActiveOnly"), names("ArchivedOnly"), names("All")) == (["1"], ["2"], ["2", "1"])
    assert api.get("data/sales").json()["properties"]["latestVersion"] == "1"
    api.put("data/sales", {"isArchived": True})
    assert api.get("data").json()["value"] == []
    assert api.get("data", listViewType="ArchivedOnly").json()["value"][0]["properties"]["isArchived"] is True


def test_a_version_keeps_its_content(api: ManagementApi) -> None:
    put_data(api, "1")
    long_uri = f"azureml:/{api.workspace_id}/datastores/workspaceblobstore/paths/in/1"
    again = api.put("data/sales/versions/1", {"dataUri": long_uri, "description": "the same place"})
    assert again.status_code == 200
    assert again.json()["properties"]["description"] == "the same place"
    other = api.put("data/sales/versions/1", {"dataUri": f"{STORE}/elsewhere"})
    assert "exists with other content" in message_of(other, 409)


def test_anonymous_assets_are_found_by_name_but_not_listed(api: ManagementApi) -> None:
    put_data(api, "1", isAnonymous=True)
    assert api.get("data").json()["value"] == []
    assert api.get("data/sales").status_code == 200


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({}, "properties.dataUri"),
        ({"dataUri": "azureml://datastores/none/paths/x"}, "datastore 'none' not found"),
        ({"dataUri": "file:///etc/passwd"}, "dataUri 'file:///etc/passwd'"),
        ({"dataUri": "http://169.254.169.254/metadata"}, "169.254.169.254"),
        ({"dataUri": "https://me:secret@account.blob.core.windows.net/c/a"}, "user name or password"),
        ({"dataUri": f"{STORE}/a/../../b"}, "leads out of its folder"),
        ({"dataUri": f"{STORE}/a", "dataType": "mltable"}, "mltable"),
    ],
)
def test_data_that_points_nowhere_is_refused(lasting: Registered, properties: dict[str, str], reason: str) -> None:
    assert reason in message_of(lasting.api.put("data/sales/versions/1", properties), 400)
    assert lasting.api.get("data/sales").status_code == 404


def test_a_data_asset_resolves_to_its_place(api: ManagementApi, workspace: Workspace) -> None:
    put_data(api, "1")
    api.put("data/sales/versions/2", {"dataUri": f"{STORE}/in/a.csv", "dataType": "uri_file"})
    assert resolve_data_asset(workspace, "sales", "1").path == "in/1"
    latest = resolve_data_asset(workspace, "sales")
    assert (latest.kind, latest.path, latest.credential) == ("blob", "in/a.csv", "account")


def test_an_mlflow_model_shows_the_flavors_of_its_files(registered: Registered) -> None:
    shown = registered.api.get("models/heart/versions/1").json()["properties"]
    assert shown["flavors"] == {"python_function": {"data": {"loader_module": "mlflow.sklearn"}}}
    kept = registered.api.put("models/heart/versions/1", {k: v for k, v in shown.items() if k != "flavors"})
    assert kept.json()["properties"]["flavors"] == shown["flavors"]
    assert registered.api.get("models/digits/versions/1").json()["properties"]["flavors"] == {}


@pytest.mark.parametrize(
    ("kind", "folder", "reason"),
    [
        ("mlflow_model", "custom", "has no file 'MLmodel'"),
        ("mlflow_model", "custom/weights.bin", "it is a file"),
        ("custom_model", "none", "there is no file or folder"),
        ("triton_model", "custom", "triton_model"),
    ],
)
def test_a_model_that_is_not_there_is_refused(lasting: Registered, kind: str, folder: str, reason: str) -> None:
    base = lasting.api.get("models/heart/versions/1").json()["properties"]["modelUri"].rsplit("/", 1)[0]
    answer = lasting.api.put("models/other/versions/1", {"modelUri": f"{base}/{folder}", "modelType": kind})
    assert reason in message_of(answer, 400)


def test_a_model_in_a_data_lake_is_a_folder_although_that_is_a_blob(api: ManagementApi, workspace: Workspace) -> None:
    container = workspace.account.blobs.get_container_client(DEFAULT_DATASTORE_CONTAINER)
    container.upload_blob("lake/model", b"", metadata={"hdi_isfolder": "true"}, overwrite=True)
    container.upload_blob("lake/model/weights.bin", b"w", overwrite=True)
    assert model_location(workspace, f"{STORE}/lake/model").kind == "blob_folder"
    assert model_location(workspace, f"{STORE}/lake/model/weights.bin").kind == "blob"
    for name in ("lake/empty", "lake/empty/inner"):
        container.upload_blob(name, b"", metadata={"hdi_isfolder": "true"}, overwrite=True)
    answer = api.put("models/other/versions/1", {"modelUri": f"{STORE}/lake/empty", "modelType": "custom_model"})
    assert "there is no file or folder" in message_of(answer, 400)


def test_a_model_in_use_is_kept_and_its_user_named(registered: Registered) -> None:
    api = registered.api
    api.put("batchEndpoints/heart-endpoint/deployments/main", registered.deployment())
    assert "Heart-Endpoint/main" in message_of(api.delete("models/heart/versions/1"), 409)
    assert "Heart-Endpoint/main" in message_of(api.delete("models/heart"), 409)
    assert api.delete("models/digits").status_code == 200
    assert api.delete("models/digits/versions/1").status_code == 204


def test_an_environment_with_the_same_packages_is_the_same(api: ManagementApi) -> None:
    assert api.put("environments/env/versions/1", {"image": "ubuntu", "condaFile": CONDA}).status_code == 201
    laid_out = CONDA.replace("- python=3.11", "  # the interpreter\n  - python=3.11").replace(
        "- pip:\n  -", "  - pip:\n    -"
    )
    assert api.put("environments/env/versions/1", {"image": "ubuntu", "condaFile": laid_out}).status_code == 200
    message_of(api.put("environments/env/versions/1", {"image": "debian", "condaFile": CONDA}), 409)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({}, "image"),
        ({"image": "a", "condaFile": "a: [1"}, "not valid YAML"),
        ({"image": "a", "condaFile": "packages: []"}, "dependencies"),
        ({"build": {"contextUri": "x"}}, "properties.build"),
    ],
)
def test_an_environment_that_cannot_be_built_is_refused(
    lasting: Registered, properties: dict[str, object], reason: str
) -> None:
    assert reason in message_of(lasting.api.put("environments/env/versions/1", properties), 400)


def test_a_version_may_be_a_hash_as_the_official_client_names_anonymous_ones(api: ManagementApi) -> None:
    path = f"environments/CliV2AnonymousEnvironment/versions/{'e2' * 32}"
    assert api.put(path, {"image": "ubuntu", "isAnonymous": True}).status_code == 201


@pytest.mark.parametrize("path", ["data/-x/versions/1", "data/x/versions/1 2", "data/x/versions/latest"])
def test_bad_names_of_assets_are_refused(lasting: Registered, path: str) -> None:
    assert "is not valid" in message_of(lasting.api.put(path, {"dataUri": f"{STORE}/a"}), 400)


def test_uploaded_code_is_found_again_by_its_hash(api: ManagementApi) -> None:
    code = upload_code(api, {"score.py": ""}, name="first")
    found = api.get("codes/another-name/versions", hash="hash-of-first", hashVersion="202208").json()["value"]
    assert [item["id"] for item in found] == [code]
    assert api.get("codes/another-name/versions", hash="other").json()["value"] == []
    assert api.get("codes/first/versions/1").json()["properties"]["codeUri"].endswith("/src")


def test_code_without_files_is_refused(api: ManagementApi) -> None:
    upload = api.post("codes/empty/versions/1/startPendingUpload", {}).json()["blobReferenceForConsumption"]
    answer = api.put("codes/empty/versions/1", {"codeUri": f"{upload['blobUri']}/src"})
    assert "nothing was uploaded" in message_of(answer, 400)
    answer = api.put("codes/empty/versions/1", {"codeUri": upload["blobUri"].replace("code-", "code-x") + "/src"})
    assert "nothing was uploaded" in message_of(answer, 400)
