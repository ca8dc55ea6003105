import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scorer_container.node.reporting.heartbeat import Heartbeat
from scorer_container.node.settings import NodeSettings
from shared.contracts.messages import NodeTicket
from shared.contracts.progress import NodeRow, NodeState
from shared.errors import UnreadableError
from tests.unit.scorer.node.stored import UNAVAILABLE, MemoryRows
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit

SETTINGS = NodeSettings("cpu", "node-0", Path("/none"), Path("/none"), lease_seconds=30)
KEY = ("cpu", "node-0")
TICKET = NodeTicket(job_id="job", number=1)


class Beating:
    def __init__(self) -> None:
        self.rows = MemoryRows()
        self.log: list[str] = []
        self.left: list[float] = []
        leave = lambda: self.left.append(loop().time())  # noqa: E731
        self.heartbeat = Heartbeat(self.rows, SETTINGS, on_leaving=leave, log=self.log.append)

    @property
    def row(self) -> NodeRow:
        return self.rows.rows[KEY].document


def beating(work: Callable[[Beating], Awaitable[None]]) -> None:
    async def both() -> None:
        beat = Beating()
        writer = asyncio.ensure_future(beat.heartbeat.run())
        await work(beat)
        writer.cancel()
        await asyncio.wait({writer})
        assert writer.cancelled()

    run(both())


def other(**values: Any) -> NodeRow:
    values = {"compute": "cpu", "node_id": "node-1", "state": NodeState.RUNNING, "job_id": "job", "ticket": 1, **values}
    now = datetime.now(UTC)
    return NodeRow(since=now, heartbeat=now, **values)


def test_the_row_is_fresh_within_a_sixth_of_a_lease_and_says_at_once_what_the_node_does() -> None:
    async def work(beat: Beating) -> None:
        await beat.heartbeat.written()
        assert beat.row.state is NodeState.IDLE
        await asyncio.sleep(60)
        assert len(beat.rows.history) in {12, 13}
        beat.heartbeat.enter(NodeState.PREPARING, TICKET)
        await beat.heartbeat.written()
        assert (beat.row.state, beat.row.job_id, beat.row.ticket) == (NodeState.PREPARING, "job", 1)
        since = beat.row.since
        beat.heartbeat.enter(NodeState.RUNNING, shuts_down=True)
        await beat.heartbeat.written()
        assert (beat.row.job_id, beat.row.shuts_down, beat.row.since > since) == ("job", True, True)
        beat.heartbeat.enter(NodeState.IDLE)
        await beat.heartbeat.written()
        assert (beat.row.job_id, beat.row.ticket, beat.row.shuts_down) == ("", -1, False)

    beating(work)


def test_a_node_that_the_app_sends_away_hears_of_it_and_leaves_the_row_as_it_is() -> None:
    async def work(beat: Beating) -> None:
        await beat.heartbeat.written()
        beat.rows.set(*KEY, beat.row.model_copy(update={"state": NodeState.LEAVING}))
        beat.heartbeat.enter(NodeState.PREPARING, TICKET)
        await beat.heartbeat.written()
        assert beat.left
        await asyncio.sleep(60)
        assert beat.row.state is NodeState.LEAVING

    beating(work)


def test_a_restarted_node_that_was_sent_away_leaves_again() -> None:
    async def work(beat: Beating) -> None:
        beat.rows.set(*KEY, other(node_id="node-0", state=NodeState.LEAVING))
        await beat.heartbeat.written()
        assert beat.left

    beating(work)


@pytest.mark.parametrize("change", ["forget", "earlier life", "unreadable"])
def test_a_row_that_storage_lost_or_changed_is_written_again(change: str) -> None:
    async def work(beat: Beating) -> None:
        await beat.heartbeat.written()
        if change == "forget":
            beat.rows.rows.clear()
        else:
            beat.rows.set(*KEY, other(node_id="node-0") if change == "earlier life" else UnreadableError("broken"))
        await asyncio.sleep(6)
        assert (beat.row.state, beat.left) == (NodeState.IDLE, [])

    beating(work)


def test_storage_that_does_not_answer_is_told_and_asked_again() -> None:
    async def work(beat: Beating) -> None:
        beat.rows.fail = {"insert": [UNAVAILABLE], "replace": [UNAVAILABLE]}
        await beat.heartbeat.written()
        await asyncio.sleep(10)
        assert beat.log == [
            "the storage account does not answer yet: no answer",
            "the heartbeat could not be written: no answer",
        ]

    beating(work)


def test_another_live_node_under_the_same_ticket_is_found_by_the_clock_of_the_server() -> None:
    async def work(beat: Beating) -> None:
        beat.heartbeat.enter(NodeState.RUNNING, TICKET)
        await beat.heartbeat.written()
        assert beat.row.ticket == TICKET.number
        assert await beat.heartbeat.holder(TICKET) is None
        beat.rows.set("cpu", "broken", UnreadableError("a row of another version"))
        for number, (row, age) in enumerate(
            [(other(), 31), (other(ticket=2), 0), (other(job_id="another"), 0), (other(node_id="x"), 100)], 1
        ):
            beat.rows.set("cpu", f"node-{number}", row, age)
        assert await beat.heartbeat.holder(TICKET) is None
        beat.rows.set("cpu", "node-9", other(node_id="node-9"), 29)
        found = await beat.heartbeat.holder(TICKET)
        assert found is not None
        assert found.key == "node-9"

    beating(work)


def test_a_state_that_is_entered_during_a_write_is_written_after_it() -> None:
    async def work(beat: Beating) -> None:
        await beat.heartbeat.written()
        answer = asyncio.Event()
        beat.rows.fail["replace"] = [answer]
        beat.heartbeat.enter(NodeState.PREPARING, TICKET)
        await asyncio.sleep(0.1)
        beat.heartbeat.enter(NodeState.RUNNING)
        answer.set()
        await beat.heartbeat.written()
        assert beat.row.state is NodeState.RUNNING

    beating(work)


def test_the_row_is_removed_although_a_try_fails_which_is_told() -> None:
    async def work() -> None:
        beat = Beating()
        beat.rows.set(*KEY, other(node_id="node-0"))
        beat.rows.fail["delete"] = [UNAVAILABLE]
        await beat.heartbeat.remove()
        assert (beat.rows.rows, beat.log) == ({}, ["the node's row could not be removed: no answer"])

    run(work())


def test_a_row_that_cannot_be_removed_holds_up_nobody_for_long() -> None:
    async def work() -> None:
        beat = Beating()
        beat.rows.set(*KEY, other(node_id="node-0"))
        beat.rows.fail["delete"] = [UNAVAILABLE] * 99
        await beat.heartbeat.remove()
        assert len(beat.log) == 3

    run(work())
