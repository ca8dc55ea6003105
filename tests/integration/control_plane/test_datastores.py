from collections.abc import Callable

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import ContainerClient

from local.azurite.endpoints import ACCOUNT_KEY, ACCOUNT_NAME
from shared.contracts.bodies import ResourceBody
from shared.control_plane.assets.locations import resolve_uri
from shared.control_plane.datastores.datastores import get_datastore, put_datastore
from shared.control_plane.resource_table import Change
from shared.control_plane.workspace import Workspace
from shared.storage.blobs import container_of
from tests.integration.control_plane.conftest import Registered
from tests.integration.control_plane.management_api import ManagementApi, message_of
from tests.integration.hooked_account import HookedAccount, KilledError, killed_at_write

pytestmark = pytest.mark.integration


@pytest.fixture
def container(connection_string: str, unique_name: Callable[[str], str]) -> str:
    name = unique_name("stored")
    client = ContainerClient.from_connection_string(connection_string, name)
    client.create_container()
    client.upload_blob("folder/a.csv", b"1")
    return name


@pytest.fixture
def name(unique_name: Callable[[str], str]) -> str:
    return unique_name("Store").replace("-", "_")


def properties(container: str, **credentials: object) -> dict[str, object]:
    return {
        "datastoreType": "AzureBlob",
        "accountName": ACCOUNT_NAME,
        "containerName": container,
        "credentials": credentials or {"credentialsType": "None"},
    }


def with_key(container: str, key: str = ACCOUNT_KEY) -> dict[str, object]:
    return properties(container, credentialsType="AccountKey", secrets={"secretsType": "AccountKey", "key": key})


def test_the_default_datastore_is_there_from_the_start(api: ManagementApi) -> None:
    default = api.get("datastores", isDefault="true", count=30).json()["value"]
    assert [item["name"] for item in default] == ["workspaceblobstore"]
    assert default[0]["properties"]["isDefault"] is True
    assert default[0]["properties"]["credentials"] == {"credentialsType": "Sas"}
    assert "belongs to the workspace" in message_of(api.delete("datastores/WorkspaceBlobStore"), 409)
    assert "belongs to the workspace" in message_of(api.put("datastores/workspaceblobstore", {}), 409)


def test_its_secret_is_a_sas_that_can_write_and_list_but_not_delete(api: ManagementApi) -> None:
    uri = api.get("datastores/workspaceblobstore").json()["properties"]["containerUri"]
    secrets = api.post("datastores/workspaceblobstore/listSecrets", {"expirableSecret": True, "expireAfterHours": 1})
    assert secrets.json()["secretsType"] == "Sas"
    client = ContainerClient.from_container_url(f"{uri}?{secrets.json()['sasToken']}")
    client.upload_blob("listed/a.txt", b"1", overwrite=True)
    assert list(client.list_blob_names(name_starts_with="listed/")) == ["listed/a.txt"]
    with pytest.raises((ClientAuthenticationError, HttpResponseError)):
        client.delete_blob("listed/a.txt")
    refused = api.post("datastores/workspaceblobstore/listSecrets", {"expireAfterHours": 100})
    assert "expireAfterHours" in message_of(refused, 400)


def test_a_datastore_never_shows_its_secret(api: ManagementApi, container: str, name: str) -> None:
    created = api.put(f"datastores/{name}", with_key(container))
    assert created.status_code == 201, created.text
    assert ACCOUNT_KEY not in created.text + api.get(f"datastores/{name}").text + api.get("datastores").text
    assert created.json()["properties"]["credentials"] == {"credentialsType": "AccountKey"}
    assert api.post(f"datastores/{name}/listSecrets", {}).json() == {"secretsType": "AccountKey", "key": ACCOUNT_KEY}
    lent = api.post(f"datastores/{name}/listSecrets", {"expirableSecret": True}).json()
    assert "sig=" in lent["key"]


def test_a_secret_in_other_spelling_is_not_shown_either(api: ManagementApi, container: str, name: str) -> None:
    body = properties(container)
    del body["credentials"]
    body["Credentials"] = {
        "CredentialsType": "AccountKey",
        "Secrets": {"SecretsType": "AccountKey", "Key": ACCOUNT_KEY},
    }
    created = api.put(f"datastores/{name}", body)
    assert created.status_code == 201, created.text
    assert ACCOUNT_KEY not in created.text
    assert api.post(f"datastores/{name}/listSecrets", {}).json()["key"] == ACCOUNT_KEY


def test_an_update_without_secrets_keeps_them(api: ManagementApi, container: str, name: str) -> None:
    api.put(f"datastores/{name}", with_key(container))
    shown = api.get(f"datastores/{name}").json()["properties"]
    assert api.put(f"datastores/{name}", shown | {"description": "more"}).status_code == 200
    assert api.post(f"datastores/{name}/listSecrets", {}).json()["key"] == ACCOUNT_KEY
    assert api.delete(f"datastores/{name}").status_code == 200
    message_of(api.post(f"datastores/{name}/listSecrets", {}), 404)
    assert "secrets" in message_of(api.put(f"datastores/{name}", shown), 400)


def test_a_new_datastore_does_not_get_the_secret_of_a_deleted_one(
    api: ManagementApi, workspace: Workspace, container: str, name: str
) -> None:
    """A crash right after the deletion left the secret."""
    api.put(f"datastores/{name}", with_key(container))
    shown = api.get(f"datastores/{name}").json()["properties"]
    workspace.datastores.delete(workspace.datastores.get(name))
    assert "secrets" in message_of(api.put(f"datastores/{name}", shown), 400)


def test_a_crash_leaves_no_datastore_without_the_secret_that_it_says_it_has(
    api: ManagementApi, workspace: Workspace, container: str, name: str
) -> None:
    api.put(f"datastores/{name}", with_key(container))
    plain = ResourceBody.model_validate({"properties": properties(container)})
    for write in range(2):
        account = HookedAccount(workspace.account.connection_string, before=killed_at_write(write))
        with pytest.raises(KilledError):
            put_datastore(Workspace(workspace.settings, account, workspace.table), name, plain, Change())
        if get_datastore(workspace, name)[0].properties.has_secret:
            assert api.post(f"datastores/{name}/listSecrets", {}).json()["key"] == ACCOUNT_KEY


def test_a_path_in_a_datastore_is_read_with_its_secret(
    api: ManagementApi, workspace: Workspace, container: str, name: str
) -> None:
    api.put(f"datastores/{name}", with_key(container))
    by_name = resolve_uri(workspace, f"azureml://datastores/{name}/paths/folder/")
    by_url = resolve_uri(workspace, f"{workspace.account.blob_url}/{container}/folder")
    assert by_name == by_url
    assert by_name.credential == f"datastore:{name.lower()}"
    assert list(container_of(workspace.account, by_name).list_blob_names()) == ["folder/a.csv"]


def test_a_container_that_is_not_a_datastore_is_read_anonymously(workspace: Workspace, container: str) -> None:
    assert resolve_uri(workspace, f"{workspace.account.blob_url}/{container}/folder").credential == "anonymous"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"datastoreType": "AzureFile"}, "AzureFile"),
        ({"containerName": "Upper"}, "containerName 'Upper'"),
        ({"containerName": "batch-jobs"}, "service's own"),
        ({"containerName": "app-package"}, "service's own"),
        ({"containerName": "batchendpoints-leases"}, "service's own"),
        ({"credentials": {"credentialsType": "ServicePrincipal"}}, "credentialsType"),
        ({"credentials": {"credentialsType": "Sas", "secrets": {"secretsType": "Sas"}}}, "sasToken"),
        ({"accountName": "other", "endpoint": "127.0.0.1:10000", "protocol": "http"}, "127.0.0.1"),
        ({"containerName": "not-there"}, "cannot be read: ContainerNotFound"),
    ],
)
def test_a_datastore_that_cannot_be_is_refused(
    lasting: Registered, container: str, name: str, change: dict[str, object], reason: str
) -> None:
    assert reason in message_of(lasting.api.put(f"datastores/{name}", properties(container) | change), 400)
    assert lasting.api.get(f"datastores/{name}").status_code == 404


def test_a_wrong_key_is_found_out_unless_validation_is_skipped(api: ManagementApi, container: str, name: str) -> None:
    wrong = with_key(container, key="d3Jvbmc=")
    message = message_of(api.put(f"datastores/{name}", wrong), 400)
    assert message.startswith(f"datastore {name!r} (http") and "refuses this service: AuthorizationFailure" in message
    body = {"properties": wrong}
    assert api.request("PUT", f"datastores/{name}", json=body, params={"skipValidation": "true"}).status_code == 201


def test_data_of_a_deleted_datastore_can_still_be_archived(api: ManagementApi, container: str, name: str) -> None:
    api.put(f"datastores/{name}", with_key(container))
    uri = f"azureml://datastores/{name}/paths/folder"
    api.put("data/left/versions/1", {"dataUri": uri})
    api.delete(f"datastores/{name}")
    assert api.put("data/left/versions/1", {"dataUri": f"{uri}/", "isArchived": True}).status_code == 200
