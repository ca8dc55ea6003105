import io
from types import SimpleNamespace

import pytest

from scorer_container.node.sources import Sources, UrlFile
from shared.contracts.job_spec import Location
from shared.outbound import ForbiddenAddressError, guarded_pools
from shared.storage.account import StorageAccount
from shared.storage.hot_path.errors import StorageUnavailableError
from shared.storage.hot_path.transport import Patience

pytestmark = pytest.mark.unit

NOTHING_THERE = "http://127.0.0.1:9/a.csv?sig=secret"


def test_a_url_that_does_not_answer_is_told_without_its_signature() -> None:
    file = UrlFile(NOTHING_THERE, Patience(0), guarded_pools(allow_loopback=True))
    with pytest.raises(StorageUnavailableError, match=r"GET /a\.csv") as caught:
        file.fetch(io.BytesIO())
    assert "secret" not in str(caught.value)


def test_a_node_in_azure_calls_no_address_of_its_own_machine() -> None:
    file = UrlFile(NOTHING_THERE, Patience(600), guarded_pools(allow_loopback=False))
    with pytest.raises(ForbiddenAddressError, match=r"127\.0\.0\.1"):
        file.fetch(io.BytesIO())


def test_each_job_reads_the_secret_of_a_datastore_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def secret(_: str, name: str) -> SimpleNamespace:
        reads.append(name)
        return SimpleNamespace(document=SimpleNamespace(secrets_type="Sas", sas_token="sig=x"))

    monkeypatch.setattr("scorer_container.node.sources.datastore_secrets", lambda _: SimpleNamespace(get=secret))
    account = StorageAccount(connection_string="UseDevelopmentStorage=true")
    sources = Sources(account, Patience(0))
    location = Location(
        kind="blob_folder", account_url="https://a.blob.core.windows.net", container="c", credential="datastore:d"
    )
    first = sources.blobs(location)
    assert sources.blobs(location) is first
    sources.read_secrets_again()
    assert sources.blobs(location) is not first
    assert reads == ["d", "d"]
