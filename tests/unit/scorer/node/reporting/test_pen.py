import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from scorer_container.node.reporting.pen import ProgressPen
from shared.contracts.progress import JobFailure, ProgressRow
from tests.unit.scorer.node.stored import UNAVAILABLE, MemoryRows
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

FAILURE = JobFailure(step="init", message="init() raised OSError: no weights")
KEY = ("job", "node-0:0")


@dataclass
class Desk:
    """A pen that writes, and what it writes to."""

    rows: MemoryRows = field(default_factory=MemoryRows)
    goes_on: bool = True
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def job_goes_on() -> bool:
            return self.goes_on

        self.pen = ProgressPen(self.rows, *KEY, job_goes_on=job_goes_on, log=self.log.append)

    @property
    def row(self) -> ProgressRow:
        return self.rows.rows[KEY].document

    @property
    def writes(self) -> int:
        return len(self.rows.history)


def at_a_desk(work: Callable[[Desk], Awaitable[None]]) -> None:
    async def both() -> None:
        desk = Desk()
        writer = asyncio.ensure_future(desk.pen.run())
        await work(desk)
        writer.cancel()
        await asyncio.wait({writer})
        assert writer.cancelled() or writer.exception() is None

    run(both())


def test_only_the_latest_state_is_written_and_at_most_once_a_second() -> None:
    async def work(desk: Desk) -> None:
        await asyncio.sleep(10)
        assert desk.writes == 0
        for done in range(100):
            desk.pen.update(current_task=3, done=done)
            await asyncio.sleep(0.1)
        await desk.pen.written()
        assert desk.row.done == 99
        writes = desk.writes
        assert writes <= 12
        desk.pen.update(done=99)
        await asyncio.sleep(60)
        assert desk.writes == writes

    at_a_desk(work)


def test_the_row_is_written_less_often_when_the_job_takes_long() -> None:
    async def work(desk: Desk) -> None:
        await asyncio.sleep(600)
        for done in range(100):
            desk.pen.update(done=done)
            await asyncio.sleep(1)
        assert 20 <= desk.writes <= 22

    at_a_desk(work)


def test_a_failure_that_comes_while_the_row_is_being_written_is_written_after_it_and_at_once() -> None:
    """The node of before took the write under way for that of the failure, and the job hung."""

    async def work(desk: Desk) -> None:
        answer = asyncio.Event()
        desk.rows.fail["insert"] = [answer]
        desk.pen.update(current_task=3)
        await asyncio.sleep(1)
        assert desk.rows.calls == ["insert"]
        desk.pen.fatal(FAILURE)
        answer.set()
        await asyncio.sleep(0.1)
        assert [row.fatal for row in desk.rows.history] == [None, FAILURE]
        assert desk.row.current_task == 3

    at_a_desk(work)


def test_a_failure_stays_in_every_later_state_and_the_first_one_counts() -> None:
    async def work(desk: Desk) -> None:
        desk.pen.fatal(FAILURE)
        desk.pen.fatal(JobFailure(step="output", message="another"))
        desk.pen.update(current_task=-1)
        await desk.pen.written()
        assert desk.row.fatal == FAILURE

    at_a_desk(work)


def test_a_failure_that_storage_forgets_is_said_again() -> None:
    async def work(desk: Desk) -> None:
        desk.pen.fatal(FAILURE)
        await desk.pen.written()
        desk.rows.rows.clear()
        await asyncio.sleep(7)
        assert desk.row.fatal == FAILURE
        desk.rows.set(*KEY, desk.row.model_copy(update={"fatal": None}))  # a write of an earlier life arrives
        await asyncio.sleep(7)
        assert desk.row.fatal == FAILURE

    at_a_desk(work)


def test_a_failure_is_written_after_writes_whose_outcome_is_unknown() -> None:
    async def work(desk: Desk) -> None:
        desk.rows.fail["insert"] = [UNAVAILABLE, UNAVAILABLE]
        desk.pen.fatal(FAILURE)
        await desk.pen.written()
        assert desk.row.fatal == FAILURE
        assert desk.log == ["progress could not be written, it will be with the next change: no answer"] * 2

    at_a_desk(work)


def test_an_old_write_that_arrives_late_is_refused_by_its_etag() -> None:
    async def work(desk: Desk) -> None:
        desk.pen.update(done=1)
        await desk.pen.written()
        etag = desk.rows.rows[KEY].etag
        desk.pen.update(done=2)
        await desk.pen.written()
        assert desk.rows.rows[KEY].etag != etag
        assert desk.rows.calls == ["insert", "replace"]

    at_a_desk(work)


def test_a_row_of_an_earlier_life_is_overwritten() -> None:
    async def work(desk: Desk) -> None:
        desk.pen.update(done=5)
        await desk.pen.written()
        row, desk.rows = desk.row, MemoryRows()
        second = Desk(desk.rows)
        second.rows.set(*KEY, row)
        writer = asyncio.ensure_future(second.pen.run())
        second.pen.update(done=1)
        await second.pen.written()
        assert second.row.done == 1
        writer.cancel()

    at_a_desk(work)


def test_a_row_that_would_come_after_the_end_of_its_job_is_taken_away_again() -> None:
    async def work(desk: Desk) -> None:
        desk.goes_on = False
        desk.pen.update(done=1)
        await desk.pen.written()
        await asyncio.sleep(60)
        assert (desk.rows.rows, desk.writes) == ({}, 1)
        await desk.pen.remove()

    at_a_desk(work)


def test_a_removed_row_does_not_come_back_from_a_write_under_way() -> None:
    async def work(desk: Desk) -> None:
        desk.pen.update(done=1)
        await desk.pen.written()
        answer = asyncio.Event()
        desk.rows.fail["replace"] = [answer]
        desk.pen.update(done=2)
        await asyncio.sleep(2)
        removal = asyncio.ensure_future(desk.pen.remove())
        await asyncio.sleep(1)
        assert not removal.done()
        answer.set()
        await removal
        await asyncio.sleep(60)
        assert desk.rows.rows == {}

    at_a_desk(work)


def test_a_row_that_the_app_has_removed_at_the_end_of_the_job_is_not_inserted_again() -> None:
    async def work(desk: Desk) -> None:
        desk.pen.update(current_task=1)
        await desk.pen.written()
        desk.goes_on = False
        await desk.rows.delete(*KEY)
        writes = desk.writes
        desk.pen.update(current_task=2)
        await desk.pen.written()
        assert (KEY in desk.rows.rows, desk.writes) == (False, writes)

    at_a_desk(work)
