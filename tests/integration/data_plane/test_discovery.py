from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from shared.storage.account import StorageAccount, storage_suffix
from shared.triggers.http.discovery import discovery_app, metadata_app
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration


def test_discovery_names_the_services(serve: Callable[..., TestClient]) -> None:
    assert serve(discovery_app, with_callers=False).get("/discovery").json()["api"] == SETTINGS.public_url


def test_the_cloud_is_described_in_both_forms(serve: Callable[..., TestClient]) -> None:
    client = serve(metadata_app, with_callers=False)
    one = client.get("/metadata/endpoints?api-version=2022-09-01").json()
    assert client.get("/metadata/endpoints?api-version=2019-05-01").json() == [one]
    assert client.get("/metadata/endpoints").json() == [one]
    assert one["resourceManager"] == f"{SETTINGS.public_url}/"
    assert one["name"] == "LocalAml"


def test_an_emulator_is_reached_behind_a_user_name(account: StorageAccount) -> None:
    address = f"https://{account.account_name}.blob.{storage_suffix(account)}"
    assert address.split("@")[1] == account.blob_url.removeprefix("http://")


def test_an_account_of_azure_has_the_suffix_of_its_cloud() -> None:
    urls = {service: f"https://acct.{service}.core.windows.net" for service in ("blob", "queue", "table")}
    assert storage_suffix(StorageAccount(service_urls=urls)) == "core.windows.net"
