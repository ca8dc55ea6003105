import base64
import hashlib
import io

import pytest

from scorer_container.node.storage.authorization import Anonymous
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Response
from scorer_container.node.storage.errors import BlobGoneError, StorageConflictError, StorageError, StorageRefusedError
from tests.unit.scorer.node.storage.played_client import PlayedClient, answer
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

SHORT, LONG = b"rows\n", b"0123456789" * 300_000


def blobs_of(client: PlayedClient) -> Blobs:
    return Blobs(Calls(client, Anonymous(), patience=0))


@pytest.mark.parametrize("content", [b"", SHORT, LONG])
@pytest.mark.parametrize("as_file", [True, False])
def test_what_is_put_goes_with_its_hash_and_length(content: bytes, as_file: bool) -> None:
    client = PlayedClient(answer(201))
    file = io.BytesIO(content)
    file.seek(0, 2)
    run(blobs_of(client).stage_block("c", "a b/ü", "id", file if as_file else content))
    (asked,) = client.asked
    assert asked.target == "/c/a%20b/%C3%BC?comp=block&blockid=aWQ%3D"
    assert asked.headers["content-md5"] == base64.b64encode(hashlib.md5(content).digest()).decode()
    assert asked.headers["content-length"] == str(len(content))
    sent = asked.body if isinstance(asked.body, bytes) else file.getvalue()
    assert sent == content


def test_conditions_and_metadata_are_headers() -> None:
    client = PlayedClient(answer(201), answer(201))
    run(blobs_of(client).put("c", "b", b"", only_if_missing=True, metadata={"batchjob": "j"}))
    run(blobs_of(client).put("c", "b", b"", only_over='"e"'))
    missing, over = (asked.headers for asked in client.asked)
    assert (missing["if-none-match"], missing["x-ms-meta-batchjob"]) == ("*", "j")
    assert over["if-match"] == '"e"'
    assert "if-none-match" not in over


def test_a_look_shows_etag_and_metadata() -> None:
    client = PlayedClient(answer(200, b"", etag='"e"', x_ms_meta_batchjob="j"))
    look = run(blobs_of(client).look("c", "b"))
    assert (look.etag, look.metadata) == ('"e"', {"batchjob": "j"})


@pytest.mark.parametrize(
    ("got", "error", "message"),
    [
        (answer(404), BlobGoneError, "http://storage/c/b does not exist"),
        (answer(409, x_ms_error_code="BlobAlreadyExists"), StorageConflictError, "BlobAlreadyExists"),
        (answer(412, x_ms_error_code="ConditionNotMet"), StorageConflictError, "ConditionNotMet"),
        (answer(400, x_ms_error_code="Md5Mismatch"), StorageRefusedError, "HTTP 400 Md5Mismatch"),
        (answer(200, b"<!doctype html>"), StorageRefusedError, "HTTP 200"),
    ],
)
def test_refusals_are_errors_that_say_which_blob(got: Response, error: type[StorageError], message: str) -> None:
    with pytest.raises(error, match=message):
        run(blobs_of(PlayedClient(got)).put("c", "b", b""))


def test_more_than_storage_takes_in_one_piece_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scorer_container.node.storage.blobs.MAX_PUT_BYTES", 2_000_000)
    client = PlayedClient()
    with pytest.raises(StorageRefusedError, match=r"3,000,000 bytes in one piece; Azure Storage accepts 2,000,000"):
        run(blobs_of(client).put("c", "b", io.BytesIO(LONG)))
    assert client.asked == []


def test_an_append_says_where_and_returns_the_new_length() -> None:
    client = PlayedClient(answer(201), answer(412, x_ms_error_code="AppendPositionConditionNotMet"))
    assert run(blobs_of(client).append("c", "b", b"two", position=3)) == 6
    assert client.asked[0].headers["x-ms-blob-condition-appendpos"] == "3"
    with pytest.raises(StorageConflictError):
        run(blobs_of(client).append("c", "b", b"two", position=3))


def test_an_append_blob_that_exists_stays_as_it_is() -> None:
    client = PlayedClient(answer(409, x_ms_error_code="BlobAlreadyExists"), answer(404))
    run(blobs_of(client).create_append_blob("c", "b"))
    assert client.asked[0].headers["if-none-match"] == "*"
    with pytest.raises(BlobGoneError):
        run(blobs_of(client).create_append_blob("c", "b"))
