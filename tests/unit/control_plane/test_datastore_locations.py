import pytest

from shared.contracts.resources import DatastoreProperties
from shared.control_plane.datastores.locations import foreign_account_url, is_azure_blob_host

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("endpoint", "protocol", "url"),
    [
        (None, None, "https://acc.blob.core.windows.net"),
        ("core.chinacloudapi.cn", "https", "https://acc.blob.core.chinacloudapi.cn"),
        ("127.0.0.1:10000", "http", "http://127.0.0.1:10000/acc"),
        ("localhost:10000", "http", "http://localhost:10000/acc"),
        ("[::1]:10000", "http", "http://[::1]:10000/acc"),
    ],
)
def test_an_emulator_has_the_account_in_its_path(endpoint: str | None, protocol: str | None, url: str) -> None:
    properties = DatastoreProperties(account_name="acc", container_name="c", endpoint=endpoint, protocol=protocol)
    assert foreign_account_url(properties) == url


@pytest.mark.parametrize("host", ["evil.example", "a.blob.core.windows.net.evil.example", "x@127.0.0.1", "10.0.0.1"])
def test_only_azures_own_hosts_count_as_azure(host: str) -> None:
    assert is_azure_blob_host("Acc1.blob.core.windows.net")
    assert not is_azure_blob_host(host)
