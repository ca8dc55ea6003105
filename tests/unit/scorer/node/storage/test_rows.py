import json

import pytest
from pydantic import BaseModel

from scorer_container.node.storage.authorization import Anonymous
from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Response
from scorer_container.node.storage.errors import StorageRefusedError
from scorer_container.node.storage.rows import Rows
from shared.contracts.row_documents import MAX_UNITS
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, UnreadableError, ValidationError
from shared.storage.rows import readable
from tests.unit.scorer.node.storage.played_client import PlayedClient, answer
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit


class Document(BaseModel):
    """What a row of these tests holds."""

    name: str


def rows_of(client: PlayedClient) -> Rows[Document]:
    return Rows(Calls(client, Anonymous(), patience=0), "things", Document)


def entity(key: str, text: str = '{"name": "x"}') -> dict[str, object]:
    return {
        "odata.etag": f"W/{key}",
        "PartitionKey": "p",
        "RowKey": key,
        "Timestamp": "2026-11-30T22:12:23.9044061Z",
        "chunks": 1,
        "document0": text,
    }


def test_a_row_is_written_and_read_as_the_application_does() -> None:
    text = "ü€😀'" * 10_000
    client = PlayedClient(answer(204, etag="W/1"))
    assert run(rows_of(client).insert("p", "k", Document(name=text))) == "W/1"
    (asked,) = client.asked
    assert (asked.method, asked.target) == ("POST", "/things")
    assert isinstance(asked.body, bytes)
    stored = {**entity("k"), **json.loads(asked.body)}
    client = PlayedClient(answer(200, json.dumps(stored).encode()))
    row = run(rows_of(client).find("p", "k"))
    assert row is not None
    assert (row.document.name, row.partition, row.key, row.etag) == (text, "p", "k", "W/k")
    assert row.timestamp.isoformat() == "2026-11-30T22:12:23.904406+00:00"


def test_a_document_that_no_row_can_hold_is_refused_before_it_is_sent() -> None:
    client = PlayedClient()
    with pytest.raises(ValidationError, match="shorten its texts"):
        run(rows_of(client).insert("p", "k", Document(name="x" * MAX_UNITS)))
    assert client.asked == []


def test_keys_with_odd_characters_name_the_same_row_everywhere() -> None:
    client = PlayedClient(*[answer(404)] * 2, answer(204, etag="e"))
    rows = rows_of(client)
    run(rows.find("it's", "node:0/ü"))
    run(rows.delete("it's", "node:0/ü"))
    run(rows.replace("it's", "node:0/ü", Document(name="x"), "old"))
    path = "/things(PartitionKey=%27it%27%27s%27,RowKey=%27node%3A0%2F%C3%BC%27)"
    assert {asked.target for asked in client.asked} == {path}
    assert [asked.headers.get("if-match") for asked in client.asked] == [None, "*", "old"]


def test_the_first_insert_makes_the_table() -> None:
    missing = answer(404, b'{"odata.error": {"code": "TableNotFound"}}')
    for made in (answer(204), answer(409)):  # another node may make it at the same moment
        client = PlayedClient(missing, made, answer(204, etag="e"))
        assert run(rows_of(client).insert("p", "k", Document(name="x"))) == "e"
        assert client.asked[1].body == b'{"TableName": "things"}'


@pytest.mark.parametrize(
    ("status", "error"), [(412, PreconditionFailedError), (404, NotFoundError), (403, StorageRefusedError)]
)
def test_a_replacement_says_why_it_was_refused(status: int, error: type[Exception]) -> None:
    client = PlayedClient(answer(status, b'{"odata.error": {"code": "SomeCode"}}'))
    with pytest.raises(error, match="things p/k"):
        run(rows_of(client).replace("p", "k", Document(name="x"), "e"))


def test_a_row_that_exists_is_not_inserted() -> None:
    with pytest.raises(ConflictError, match="things p/k exists already"):
        run(rows_of(PlayedClient(answer(409))).insert("p", "k", Document(name="x")))


def test_a_refusal_names_the_code_of_the_table_service() -> None:
    refused = answer(403, b'{"odata.error": {"code": "AuthorizationFailure"}}')
    with pytest.raises(StorageRefusedError, match="table things p/k: HTTP 403 AuthorizationFailure"):
        run(rows_of(PlayedClient(refused)).find("p", "k"))


def page(*keys: str, **headers: str) -> Response:
    return answer(200, json.dumps({"value": [entity(key) for key in keys]}).encode(), **headers)


def test_a_partition_is_read_to_its_last_page_even_if_one_is_empty() -> None:
    first = page("a", "b", x_ms_continuation_nextpartitionkey="1!4!cA--", x_ms_continuation_nextrowkey="1!4!Yw==")
    client = PlayedClient(first, page(x_ms_continuation_nextpartitionkey="1!4!cB--"), page("c"))
    assert [row.key for row in run(rows_of(client).partition("it's"))] == ["a", "b", "c"]
    question = "/things()?$filter=PartitionKey%20eq%20%27it%27%27s%27"
    assert [asked.target for asked in client.asked] == [
        question,
        f"{question}&NextPartitionKey=1%214%21cA--&NextRowKey=1%214%21Yw%3D%3D",
        f"{question}&NextPartitionKey=1%214%21cB--",
    ]


def test_a_table_that_is_not_there_has_no_rows() -> None:
    client = PlayedClient(*[answer(404)] * 3)
    assert run(rows_of(client).partition("p")) == []
    assert run(rows_of(client).find("p", "k")) is None
    run(rows_of(client).delete("p", "k"))


def test_one_row_that_cannot_be_read_does_not_hide_the_others() -> None:
    body = json.dumps({"value": [entity("a", "{"), entity("b")]}).encode()
    rows = run(rows_of(PlayedClient(answer(200, body))).partition("p"))
    assert [row.key for row in readable(rows)] == ["b"]
    with pytest.raises(UnreadableError, match="row p / a of table things cannot be read"):
        _ = rows[0].document


def test_an_answer_of_somebody_else_is_an_error_that_callers_expect() -> None:
    with pytest.raises(StorageRefusedError, match="the answer is not JSON"):
        run(rows_of(PlayedClient(answer(200, b"<!doctype html>"))).find("p", "k"))
