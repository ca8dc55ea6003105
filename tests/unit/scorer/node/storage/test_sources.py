import io
import json
from typing import Any

import pytest

from scorer_container.node.storage.authorization import Anonymous
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Connect
from scorer_container.node.storage.errors import NoAnswerError, StorageRefusedError, StorageUnavailableError
from scorer_container.node.storage.http_client import connector
from scorer_container.node.storage.rows import Rows
from scorer_container.node.storage.sources import SourceError, Sources, UrlFile
from shared.contracts.job_spec import Location
from shared.contracts.row_documents import entity_of
from shared.errors import NotFoundError
from shared.outbound import ForbiddenAddressError
from shared.storage.account import StorageAccount
from shared.storage.blobs import DatastoreSecret
from tests.unit.scorer.node.storage.played_client import PlayedClient, answer
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

NOTHING_THERE = "http://127.0.0.1:9/a.csv?sig=secret"
ACCOUNT = StorageAccount(connection_string="UseDevelopmentStorage=true")
ELSEWHERE = "https://a.blob.core.windows.net"


def location(credential: str, **changes: str) -> Location:
    fields: dict[str, Any] = {"kind": "blob_folder", "account_url": ELSEWHERE, "container": "c"}
    return Location(**{**fields, "credential": credential, **changes})


class Secrets(Rows[DatastoreSecret]):
    """The table of secrets: each look finds the next one, at last none."""

    def __init__(self, *secrets: DatastoreSecret) -> None:
        bodies = [_stored(secret) for secret in secrets]
        self.client = PlayedClient(*(answer(200, body) for body in bodies), answer(404))
        super().__init__(Calls(self.client, Anonymous()), "datastoresecrets", DatastoreSecret)


def _stored(secret: DatastoreSecret) -> bytes:
    system = {"odata.etag": "e", "Timestamp": "2026-11-30T22:12:23Z"}
    return json.dumps(entity_of("datastore", "d", secret) | system).encode()


def sas(token: str) -> DatastoreSecret:
    return DatastoreSecret(secrets_type="Sas", sas_token=token)


def sources_of(
    secrets: Secrets, client: PlayedClient, own: PlayedClient | None = None
) -> tuple[Sources, list[tuple[str, bool]]]:
    connected: list[tuple[str, bool]] = []

    def connect(url: str, is_guarded: bool) -> PlayedClient:
        connected.append((url, is_guarded))
        return client

    own_blobs = Blobs(Calls(own or PlayedClient(), Anonymous()))
    return Sources(ACCOUNT, own_blobs, secrets, connect, 0), connected


async def fetched(sources: Sources, place: Location, name: str = "x.csv") -> bytes:
    into = io.BytesIO()
    await sources.fetch(place, name, into)
    return into.getvalue()


def test_files_of_the_workspace_are_read_with_its_own_client() -> None:
    own = PlayedClient(answer(200, b"text"))
    sources, connected = sources_of(Secrets(), PlayedClient(), own)
    place = location("account", account_url=ACCOUNT.blob_url, path="folder")
    assert run(fetched(sources, place)) == b"text"
    assert (own.asked[0].target, connected) == ("/c/folder/x.csv", [])


def test_a_public_container_is_read_without_credentials_under_guard() -> None:
    client = PlayedClient(answer(200, b"text"))
    sources, connected = sources_of(Secrets(), client)
    assert run(fetched(sources, location("anonymous"))) == b"text"
    assert (client.asked[0].target, connected) == ("/c/x.csv", [(ELSEWHERE, True)])


def test_each_job_reads_the_secret_of_a_datastore_anew() -> None:
    async def read() -> None:
        client = PlayedClient(*[answer(200)] * 3)
        sources, connected = sources_of(Secrets(sas("?sig=1"), sas("sig=2")), client)
        place = location("datastore:d")
        await fetched(sources, place)
        await fetched(sources, place)
        sources.read_secrets_again()
        await fetched(sources, place)
        assert [asked.target for asked in client.asked] == ["/c/x.csv?sig=1", "/c/x.csv?sig=1", "/c/x.csv?sig=2"]
        assert len(connected) == 1, "the connections stay"

    run(read())


def test_a_secret_that_was_rotated_during_the_job_is_read_again() -> None:
    client = PlayedClient(answer(403), answer(200, b"text"))
    sources, _ = sources_of(Secrets(sas("sig=old"), sas("sig=new")), client)
    assert run(fetched(sources, location("datastore:d"))) == b"text"
    assert [asked.target for asked in client.asked] == ["/c/x.csv?sig=old", "/c/x.csv?sig=new"]


def test_a_secret_that_stayed_as_it_was_is_not_tried_twice() -> None:
    client = PlayedClient(answer(403, x_ms_error_code="AuthorizationFailure"))
    sources, _ = sources_of(Secrets(sas("sig=1"), sas("sig=1")), client)
    with pytest.raises(StorageRefusedError, match="HTTP 403 AuthorizationFailure"):
        run(fetched(sources, location("datastore:d")))


def test_a_key_signs_for_the_account_of_the_location() -> None:
    client = PlayedClient(answer(200))
    key = DatastoreSecret(secrets_type="AccountKey", key="a2V5")
    sources, _ = sources_of(Secrets(key), client)
    run(fetched(sources, location("datastore:d")))
    assert "&sig=" in client.asked[0].target


def test_a_signature_with_odd_characters_stays_within_the_request() -> None:
    client = PlayedClient(answer(200))
    sources, _ = sources_of(Secrets(sas("sig=a b\r\nx: y%2F=&é")), client)
    run(fetched(sources, location("datastore:d")))
    assert client.asked[0].target == "/c/x.csv?sig=a%20b%0D%0Ax:%20y%2F=&%C3%A9"


def test_a_datastore_that_is_gone_is_named() -> None:
    sources, _ = sources_of(Secrets(), PlayedClient())
    with pytest.raises(NotFoundError, match=r"datastore 'd', which knew the secret of https://a\.blob.* is gone"):
        run(fetched(sources, location("datastore:d")))


def test_an_unknown_credential_is_refused() -> None:
    sources, _ = sources_of(Secrets(), PlayedClient())
    with pytest.raises(SourceError, match="credential 'x' is unknown"):
        sources.blobs(location("x"))


def test_all_connections_are_closed() -> None:
    client = PlayedClient()
    sources, _ = sources_of(Secrets(), client)
    sources.blobs(location("anonymous"))
    run(sources.close())
    assert client.is_closed


def connecting(client: PlayedClient) -> Connect:
    return lambda url, is_guarded: client if is_guarded and url == "http://h:8" else PlayedClient()


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://h:8/a.csv?sig=x%2F&b=c#part", "/a.csv?sig=x%2F&b=c"),
        ("http://h:8", "/"),
        ("http://h:8/a b/é?ü", "/a%20b/%C3%A9?%C3%BC"),
    ],
)
def test_a_url_is_asked_for_as_it_was_given(url: str, target: str) -> None:
    client, into = PlayedClient(answer(200, b"text")), io.BytesIO()
    run(UrlFile(url, connecting(client), 0).fetch(into))
    assert (client.asked[0].target, into.getvalue(), client.is_closed) == (target, b"text", True)


def test_a_redirect_is_not_followed_but_shown() -> None:
    client = PlayedClient(answer(302, location="http://169.254.169.254/"))
    with pytest.raises(
        StorageRefusedError, match=r"h:8/a answered HTTP 302; it redirects to http://169\.254.* name that"
    ):
        run(UrlFile("http://h:8/a?sig=secret", connecting(client), 0).fetch(io.BytesIO()))
    assert client.is_closed


def test_a_url_that_does_not_answer_is_told_without_its_signature() -> None:
    file = UrlFile("http://h:8/a.csv?sig=secret", connecting(PlayedClient(NoAnswerError("refused"))), 0)
    with pytest.raises(StorageUnavailableError, match=r"GET /a\.csv") as caught:
        run(file.fetch(io.BytesIO()))
    assert "secret" not in str(caught.value)


async def test_a_node_in_azure_calls_no_address_of_its_own_machine() -> None:
    file = UrlFile(NOTHING_THERE, connector(allow_loopback=False), 600)
    with pytest.raises(ForbiddenAddressError, match=r"127\.0\.0\.1"):
        await file.fetch(io.BytesIO())
