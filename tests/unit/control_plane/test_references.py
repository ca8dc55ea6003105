"""How resources are named in requests."""

import pytest

from shared.control_plane.datastores.locations import DatastorePath, parse_datastore_uri
from shared.control_plane.references import AssetName, parse_asset, parse_named, resource_id
from shared.errors import ValidationError
from shared.settings import Settings

pytestmark = pytest.mark.unit

SETTINGS = Settings("Sub", "Rg", "Ws", "local", "http://x", "iss", "http://k", "local")
WORKSPACE = SETTINGS.workspace_id


@pytest.mark.parametrize(
    "text",
    [
        "azureml:heart:1",
        "azureml: heart:1",
        "heart:1",
        f"{WORKSPACE}/models/heart/versions/1",
        f"azureml:{WORKSPACE}/models/heart/versions/1",
        "/subscriptions/sub/resourcegroups/rg/providers/microsoft.machinelearningservices/workspaces/ws/Models/heart/Versions/1/",
        "azureml://subscriptions/Sub/resourceGroups/Rg/workspaces/Ws/models/heart/versions/1",
    ],
)
def test_a_version_is_found_in_every_form_of_reference(text: str) -> None:
    assert parse_asset(SETTINGS, text, "models", "model") == AssetName("heart", "1")


@pytest.mark.parametrize("text", ["azureml:heart@latest", "heart@Latest", f"{WORKSPACE}/models/heart/labels/latest"])
def test_the_label_latest_stands_for_the_newest_version(text: str) -> None:
    assert parse_asset(SETTINGS, text, "models", "model").version.lower() == "latest"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not valid"),
        ("heart", "is not valid"),
        ("azureml:heart@newest", "is not valid"),
        ("azureml:a:b:c", "is not valid"),
        (f"{WORKSPACE}/data/heart/versions/1", "…/models/<name>/versions/<version>"),
        (f"{WORKSPACE}/models/heart".replace("Ws", "Other") + "/versions/1", "another workspace"),
        ("azureml://registries/azureml/models/heart/versions/1", "not supported"),
    ],
)
def test_what_names_no_version_of_this_kind_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        parse_asset(SETTINGS, text, "models", "model")
    assert caught.value.target == "model"


@pytest.mark.parametrize(
    "text", ["cpu", "azureml:cpu", f"{WORKSPACE}/computes/cpu", f"azureml:{WORKSPACE}/computes/cpu"]
)
def test_a_compute_is_named_by_name_or_id(text: str) -> None:
    assert parse_named(SETTINGS, text, "computes", "compute") == "cpu"


@pytest.mark.parametrize("text", ["", "a/b", "azureml:cpu:1", f"{WORKSPACE}/models/cpu"])
def test_what_names_no_compute_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="…/computes/<name>"):
        parse_named(SETTINGS, text, "computes", "compute")


def test_an_id_is_made_of_collections_and_names() -> None:
    assert resource_id(SETTINGS, "models", "m", "versions", "1") == f"{WORKSPACE}/models/m/versions/1"


@pytest.mark.parametrize(
    ("uri", "datastore", "path"),
    [
        ("azureml://datastores/store/paths/a/b.csv", "store", "a/b.csv"),
        ("azureml://datastores/store/paths/a b/", "store", "a b/"),
        ("azureml://datastores/store/paths/", "store", ""),
        ("azureml://datastores/store", "store", ""),
        ("azureml://datastores/store/paths/50%25.csv", "store", "50%25.csv"),
        ("azureml://subscriptions/sub/resourcegroups/rg/workspaces/ws/datastores/store/paths/a", "store", "a"),
        (f"{WORKSPACE}/datastores/store/paths/a/", "store", "a/"),
    ],
)
def test_a_path_in_a_datastore_is_found_in_short_and_long_form(uri: str, datastore: str, path: str) -> None:
    assert parse_datastore_uri(SETTINGS, uri, "uri") == DatastorePath(datastore, path)


@pytest.mark.parametrize(
    "uri", ["https://a.blob.core.windows.net/c/p", f"{WORKSPACE}/data/a/versions/1", "azureml:a:1"]
)
def test_other_uris_are_no_datastore_paths(uri: str) -> None:
    assert parse_datastore_uri(SETTINGS, uri, "uri") is None


@pytest.mark.parametrize(
    ("path", "name"), [("./a", "a"), ("a/./b", "a/b"), ("a/../b", "b"), ("a/b/..", "a"), (".", ""), ("a/.", "a")]
)
def test_the_dots_of_a_path_are_resolved(path: str, name: str) -> None:
    found = parse_datastore_uri(SETTINGS, f"azureml://datastores/store/paths/{path}", "uri")
    assert found == DatastorePath("store", name)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../x", "leads out of its folder"),
        ("a/../../x", "leads out of its folder"),
        ("a//b", "has an empty part"),
        ("a\nb", r"control character U\+000A"),
        ("a\\b", "backslash"),
        ("a./b", "ends with a dot"),
        ("x" * 1025, "1,025 characters; storage allows 1,024"),
        ("é/" * 255 + "x", "256 parts"),
    ],
)
def test_a_path_that_no_blob_can_have_is_refused_by_name(path: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=f"^uri 'azureml://.* is not valid: its path .*{reason}"):
        parse_datastore_uri(SETTINGS, f"azureml://datastores/store/paths/{path}", "uri")


@pytest.mark.parametrize(
    ("reference", "part"),
    [
        ("azureml:a!b:1", "asset name 'a!b'"),
        ("azureml:" + "x" * 256 + ":1", "asset name 'xxx"),
        ("azureml:a:1#", "version '1#'"),
        (f"{WORKSPACE}/models/a%2Fb/versions/1", "asset name 'a%2Fb'"),
        (f"{WORKSPACE}/models/a/versions/1?x", "version '1?x'"),
    ],
)
def test_a_name_in_a_reference_follows_the_rule_of_its_resource(reference: str, part: str) -> None:
    with pytest.raises(ValidationError, match=r"letters, digits, '-', '_' and '\.'") as caught:
        parse_asset(SETTINGS, reference, "models", "model")
    assert part in caught.value.message


def test_the_name_of_a_compute_or_datastore_follows_its_rule() -> None:
    with pytest.raises(ValidationError, match="compute name 'c_u' must have 2 to 32 letters"):
        parse_named(SETTINGS, "azureml:c_u", "computes", "compute")
    with pytest.raises(ValidationError, match="datastore name 'a-b' must have 1 to 255 letters"):
        parse_named(SETTINGS, "azureml:a-b", "datastores", "datastoreId")
    with pytest.raises(ValidationError, match="datastore name 'a-b' must have 1 to 255 letters"):
        parse_datastore_uri(SETTINGS, "azureml://datastores/a-b/paths/x", "uri")
