"""`Census` over real queues and tables."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.compute.nodes import FORGOTTEN, NODE_TOLERANCE, Census, Nodes
from shared.contracts.messages import NodeTicket
from shared.contracts.names import ticket_queue
from shared.contracts.progress import NodeRow, NodeState
from shared.observability import names
from shared.storage.account import StorageAccount
from shared.storage.queues import send
from tests.captured import Captured
from tests.integration.hooked_account import HookedAccount, once_at

pytestmark = pytest.mark.integration


class Compute:
    """A compute whose nodes' rows are written by the test."""

    def __init__(self, name: str, account: StorageAccount) -> None:
        self.name, self.account = name, account
        self.now = datetime.now(UTC)
        self.census = Census(account, lambda: self.now)

    def heartbeat(self, node: str, state: NodeState = NodeState.RUNNING) -> None:
        row = NodeRow(compute=self.name, node_id=node, state=state, since=self.now, heartbeat=self.now)
        Nodes(self.account).table.put(self.name, node, row)

    def later(self) -> None:
        self.now += 2 * NODE_TOLERANCE

    def take(self) -> None:
        self.census.take(self.name)


@pytest.fixture
def compute(connection_string: str, unique_name: Callable[[str], str]) -> Iterator[Compute]:
    yield Compute(unique_name("cpu"), StorageAccount(connection_string=connection_string))


def test_tickets_and_live_nodes_are_counted(compute: Compute, captured: Captured) -> None:
    for number in range(2):
        send(compute.account.queues, ticket_queue(compute.name), NodeTicket(job_id="job", number=number))
    compute.heartbeat("gone")
    compute.later()
    compute.heartbeat("works")
    compute.heartbeat("waits", NodeState.IDLE)
    compute.take()
    (tickets,) = captured.points(names.TICKETS).values()
    assert tickets.value == 2
    states = {dict(key)["state"]: point.value for key, point in captured.points(names.NODES).items()}
    assert states == {"idle": 1, "preparing": 0, "running": 1, "leaving": 0}


def test_a_node_that_goes_silent_is_reported_once(
    compute: Compute, captured: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    compute.heartbeat("lost")
    compute.heartbeat("sent-away", NodeState.LEAVING)
    compute.heartbeat("farewell")
    compute.take()
    compute.later()
    Nodes(compute.account).table.delete(compute.name, "farewell")
    compute.take()
    compute.now += timedelta(seconds=10)
    compute.take()
    assert [point.value for point in captured.points(names.NODES_LOST).values()] == [1]
    assert [record.message for record in caplog.records] == [
        f"node lost of compute {compute.name} went silent; it was running"
    ]


def test_a_node_that_comes_back_while_its_row_is_forgotten_is_not_forgotten(compute: Compute) -> None:
    compute.heartbeat("frozen")
    compute.now += 2 * FORGOTTEN
    hook = once_at(lambda request: request.method == "DELETE", lambda: compute.heartbeat("frozen"))
    account = HookedAccount(compute.account.connection_string, before=hook)
    assert Nodes(account, lambda: compute.now).live(compute.name) == []
    assert [node.node_id for node in Nodes(compute.account, lambda: compute.now).live(compute.name)] == ["frozen"]
