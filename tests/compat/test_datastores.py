from datetime import timedelta
from pathlib import Path

import pytest

from local.azurite.endpoints import ACCOUNT_NAME
from local.data_folder.connection import read_connection
from local.stack.inspection import StackStatus
from shared.storage.sas import container_sas_with_key
from tests.compat.remote_client import ClientError, RemoteClient

pytestmark = pytest.mark.e2e


def test_the_default_datastore_is_there(client: RemoteClient) -> None:
    assert client.run("default_datastore")["name"] == "workspaceblobstore"
    assert "workspaceblobstore" in client.run("list_datastores")


@pytest.fixture
def account_key(secure_stack: StackStatus) -> str:
    parts = read_connection(Path(secure_stack.data_dir)).storage_connection_string.split(";")
    return dict(part.split("=", 1) for part in parts)["AccountKey"]


def test_a_datastore_with_an_account_key_is_created_found_and_deleted(client: RemoteClient, account_key: str) -> None:
    place = {"account": ACCOUNT_NAME, "container": "azureml-blobstore", "secret": {"account_key": account_key}}
    client.run("create_datastore", name="with_key", **place)
    found = client.run("get_datastore", name="with_key")
    assert (found["account"], found["container"]) == (ACCOUNT_NAME, "azureml-blobstore")
    assert account_key not in str(found)
    client.run("delete_datastore", name="with_key")
    assert "with_key" not in client.run("list_datastores")


def test_a_datastore_with_a_signature_or_without_a_secret_is_created(client: RemoteClient, account_key: str) -> None:
    place = {"account": ACCOUNT_NAME, "container": "azureml-blobstore"}
    token = container_sas_with_key(ACCOUNT_NAME, "azureml-blobstore", account_key, "rl", timedelta(hours=1))
    made = client.run("create_datastore", name="with_sas", **place, secret={"sas_token": token})
    assert made["credentials"] == "SasTokenConfiguration"
    assert (
        client.run("create_datastore", name="open", **place, secret={})["credentials"] == "NoneCredentialConfiguration"
    )


def test_a_datastore_that_is_not_there_is_a_not_found_error_with_our_message(client: RemoteClient) -> None:
    with pytest.raises(ClientError, match="datastore 'nowhere' not found"):
        client.run("get_datastore", name="nowhere")


def test_the_stack_names_authority_suffix_and_metadata(secure_stack: StackStatus) -> None:
    assert secure_stack.management_url.startswith("https://")
    assert secure_stack.ca_file
    assert "BEGIN CERTIFICATE" in Path(secure_stack.ca_file).read_text()
    assert secure_stack.metadata_url == f"{secure_stack.management_url}/metadata/endpoints"
    assert secure_stack.storage_suffix
    assert secure_stack.blob_url == f"https://{secure_stack.storage_suffix.removeprefix('x@')}"
