import pytest
from pydantic import BaseModel

from scorer_container.node.storage.account import Account
from scorer_container.node.storage.errors import NoAnswerError, StorageUnavailableError
from shared.storage.account import StorageAccount
from tests.unit.scorer.node.storage.played_client import PlayedClient, answer
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit


class Document(BaseModel):
    """What a row of these tests holds."""

    name: str


def connected(**answers: list[object]) -> tuple[Account, dict[str, PlayedClient]]:
    """An account whose services answer so, and its clients by service."""
    clients: dict[str, PlayedClient] = {}
    ports = {"10000": "blobs", "10001": "queues", "10002": "tables"}

    def connect(url: str, is_guarded: bool) -> PlayedClient:
        assert not is_guarded
        service = next(name for port, name in ports.items() if f":{port}/devstoreaccount1" in url)
        clients[service] = PlayedClient(*answers.get(service, []), url=url)  # type: ignore[arg-type]
        return clients[service]

    return Account(StorageAccount(connection_string="UseDevelopmentStorage=true"), connect), clients


def test_each_service_has_one_client_and_all_are_closed() -> None:
    account, clients = connected(blobs=[answer(200, b"text")], queues=[answer(404)], tables=[answer(404)])
    assert run(account.blobs.read("c", "b")) == b"text"
    assert run(account.queue("q").exists()) is False
    assert run(account.rows("things", Document).find("p", "k")) is None
    run(account.close())
    assert {name: (client.is_closed, len(client.asked)) for name, client in clients.items()} == {
        "blobs": (True, 1),
        "queues": (True, 1),
        "tables": (True, 1),
    }


def test_a_call_for_a_row_is_tried_once_as_the_next_one_has_news() -> None:
    account, clients = connected(tables=[NoAnswerError("timed out"), answer(404)])
    with pytest.raises(StorageUnavailableError):
        run(account.rows("things", Document).find("p", "k"))
    assert [asked.silence for asked in clients["tables"].asked] == [10]
