import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scorer_container.node.in_hand import InHand
from scorer_container.node.jobs.tickets import Tickets
from scorer_container.node.reporting.heartbeat import Heartbeat
from scorer_container.node.settings import NodeSettings
from shared.contracts.messages import NodeTicket
from shared.contracts.names import task_queue, ticket_queue
from shared.contracts.progress import NodeRow, NodeState
from tests.unit.scorer.node.stored import UNAVAILABLE, MemoryAccount
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit

SETTINGS = NodeSettings("cpu", "node-0", Path("/none"), Path("/none"), lease_seconds=30)


class Place:
    def __init__(self) -> None:
        account: Any = MemoryAccount()
        self.account: MemoryAccount = account
        self.queue = account.queue(ticket_queue("cpu"))
        self.rows = account.rows("nodes")
        self.in_hand = InHand(30)
        self.log: list[str] = []
        heartbeat = Heartbeat(account.rows("nodes"), SETTINGS, on_leaving=lambda: None, log=self.log.append)
        self.tickets = Tickets(account, SETTINGS, heartbeat, self.in_hand, self.log.append)

    def send(self, number: int = 0) -> None:
        self.queue.put(NodeTicket(job_id="job", number=number).to_text())

    def node(self, name: str, ticket: int = 0, age: float = 0) -> None:
        now = datetime.now(UTC)
        row = NodeRow(
            compute="cpu", node_id=name, state=NodeState.RUNNING, since=now, heartbeat=now, job_id="job", ticket=ticket
        )
        self.rows.set("cpu", name, row, age)


def test_a_ticket_is_leased_and_in_hand() -> None:
    async def work() -> None:
        place = Place()
        assert await place.tickets.lease() is None
        place.send(3)
        held = await place.tickets.lease()
        assert held is not None
        assert (held.ticket.job_id, held.ticket.number, list(place.in_hand)) == ("job", 3, [held])

    run(work())


def test_the_ticket_of_a_job_that_is_over_is_deleted() -> None:
    async def work() -> None:
        place = Place()
        place.send()
        place.account.queue(task_queue("job")).is_gone = True
        assert await place.tickets.lease() is None
        assert (place.queue.messages, len(place.in_hand)) == ([], 0)

    run(work())


def test_the_ticket_of_a_live_node_is_deleted_only_after_another_sign_of_life() -> None:
    async def work() -> None:
        place = Place()
        place.send()
        place.node("node-1")
        assert await place.tickets.lease() is None
        (message,) = place.queue.messages
        assert message.visible_at == pytest.approx(loop().time() + 6)
        await asyncio.sleep(6)
        assert await place.tickets.lease() is None
        assert place.queue.messages
        place.node("node-1")
        await asyncio.sleep(6)
        assert await place.tickets.lease() is None
        assert (place.queue.messages, len(place.in_hand)) == ([], 0)

    run(work())


def test_the_ticket_of_a_node_that_died_is_taken_when_its_row_is_older_than_a_lease() -> None:
    async def work() -> None:
        place = Place()
        place.send()
        place.node("node-1")
        held = None
        while held is None and loop().time() < 1100:
            place.node("node-0", ticket=-1)  # the own heartbeat goes on
            held = await place.tickets.lease()
            await asyncio.sleep(1)
        assert held is not None
        assert 1030 <= loop().time() <= 1038

    run(work())


def test_a_message_that_is_no_ticket_is_told_and_deleted() -> None:
    async def work() -> None:
        place = Place()
        place.queue.put("nonsense")
        assert await place.tickets.lease() is None
        assert place.queue.messages == []
        assert place.log[0].startswith("a message on compute-cpu is no ticket and is deleted: ")

    run(work())


@pytest.mark.parametrize("call", ["receive", "exists", "partition"])
def test_a_ticket_that_cannot_be_judged_goes_back_and_the_log_says_why(call: str) -> None:
    async def work() -> None:
        place = Place()
        place.send()
        where = {"receive": place.queue, "exists": place.account.queue(task_queue("job")), "partition": place.rows}
        where[call].fail[call] = [UNAVAILABLE]
        assert await place.tickets.lease() is None
        assert place.log == ["no ticket could be leased: no answer"]
        assert (len(place.in_hand), place.queue.messages[0].visible_at <= loop().time()) == (0, True)

    run(work())
