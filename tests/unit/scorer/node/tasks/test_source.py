import asyncio
from collections.abc import Awaitable, Callable

import pytest

from scorer_container.node.held import HeldTask, Lease
from scorer_container.node.in_hand import InHand
from scorer_container.node.storage.errors import QueueGoneError
from scorer_container.node.tasks.source import TaskSource
from shared.contracts.messages import TaskMessage
from tests.unit.scorer.node.stored import UNAVAILABLE, MemoryQueue
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit

LEASE = 30


def text(task: int, starts: int = 0) -> str:
    return TaskMessage(task=task, first_mini_batch=task, mini_batches=1, starts=starts).to_text()


class Receiving:
    """A source that receives, and what it tells."""

    def __init__(self, tasks: int = 0, workers: int = 2) -> None:
        self.queue, self.in_hand = MemoryQueue(), InHand(LEASE)
        for number in range(tasks):
            self.queue.put(text(number))
        self.idle: list[float] = []
        self.log: list[str] = []
        self.source = TaskSource(
            self.queue,
            self.in_hand,
            LEASE,
            workers=workers,
            on_idle=lambda: self.idle.append(loop().time()),
            log=self.log.append,
        )

    async def take(self, worker: int = 0) -> int:
        return (await self.taken(worker)).task.task

    async def taken(self, worker: int = 0) -> HeldTask:
        async with asyncio.timeout(30):
            return await self.source.take(worker)


def receiving(work: Callable[[Receiving], Awaitable[None]], tasks: int = 0, workers: int = 2) -> None:
    async def both() -> None:
        place = Receiving(tasks, workers)
        activity = asyncio.ensure_future(place.source.run())
        await work(place)
        activity.cancel()
        await asyncio.wait({activity})

    run(both())


def test_no_more_tasks_are_received_than_are_wanted_while_tasks_are_slow() -> None:
    async def work(place: Receiving) -> None:
        place.source.done(await place.taken(), 60)
        assert sorted([await place.take(0), await place.take(1)]) == [1, 2]
        await asyncio.sleep(10)
        assert len(place.in_hand) <= 3

    receiving(work, tasks=50)


def test_half_a_second_of_quick_tasks_is_received_ahead() -> None:
    async def work(place: Receiving) -> None:
        for _ in range(20):
            place.source.done(await place.taken(), 0.001)
        await asyncio.sleep(1)
        assert len(place.in_hand) == 32
        assert place.queue.calls.count("receive") < 20

    receiving(work, tasks=500)


def test_what_is_received_is_in_hand_also_when_the_job_ends_during_the_call() -> None:
    async def work() -> None:
        place = Receiving(3)
        answer = asyncio.Event()
        place.queue.fail["receive"] = [answer]
        activity = asyncio.ensure_future(place.source.run())
        waiting = asyncio.ensure_future(place.source.take(0))
        await asyncio.sleep(1)
        activity.cancel()
        loop().call_later(1, answer.set)
        await asyncio.wait({activity})
        waiting.cancel()
        assert len(place.in_hand) >= 1
        await place.in_hand.hand_back(4)
        assert all(message.visible_at <= loop().time() for message in place.queue.messages)

    run(work())


def test_a_suspect_task_runs_alone() -> None:
    async def work(place: Receiving) -> None:
        for number, starts in enumerate([0, 2, 0, 0]):
            place.queue.put(text(number, starts))
        first = await place.taken(0)
        others = [asyncio.ensure_future(place.taken(worker)) for worker in (1, 0)]
        await asyncio.sleep(5)
        assert not any(other.done() for other in others)
        place.source.done(first, 1)
        (done,), (waiting,) = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        suspect = done.result()
        assert suspect.task.task == 1
        await asyncio.sleep(5)
        assert not waiting.done()
        place.source.done(suspect, 1)
        assert (await waiting).task.task == 2

    receiving(work)


def test_an_empty_queue_is_told_when_the_last_task_in_hand_is_done() -> None:
    async def work(place: Receiving) -> None:
        task = await place.taken()
        waiting = asyncio.ensure_future(place.taken(1))
        await asyncio.sleep(10)
        assert place.idle == []
        done_at = loop().time()
        place.source.done(task, 10)
        await asyncio.sleep(0.001)
        assert place.idle == [pytest.approx(done_at)]
        place.queue.put(text(9))
        assert (await waiting).task.task == 9

    receiving(work, tasks=1)


def test_a_message_that_is_no_task_is_told_and_deleted() -> None:
    async def work(place: Receiving) -> None:
        place.queue.put("nonsense")
        place.queue.put(text(1))
        assert await place.take() == 1
        await asyncio.sleep(1)
        assert len(place.queue.messages) == 1
        assert place.log[0].startswith("a message on job-1 is no task and is deleted: ")

    receiving(work)


def test_storage_that_does_not_answer_is_told_and_asked_again() -> None:
    async def work(place: Receiving) -> None:
        place.queue.fail["receive"] = [UNAVAILABLE]
        assert await place.take() == 0
        assert place.log == ["no task could be received: no answer"]

    receiving(work, tasks=1)


def test_the_deletion_of_the_queue_ends_it() -> None:
    async def work() -> None:
        place = Receiving()
        place.queue.is_gone = True
        waiting = asyncio.ensure_future(place.source.take(0))
        with pytest.raises(QueueGoneError):
            await place.source.run()
        waiting.cancel()

    run(work())


def test_a_task_whose_lease_ended_is_ours_only_if_it_can_be_renewed() -> None:
    async def work(place: Receiving) -> None:
        kept, lost = await place.taken(0), await place.taken(1)
        loop().pause(LEASE + 1)
        (other,) = await place.queue.receive(1, LEASE)
        kept, lost = (lost, kept) if kept.message.id == other.id else (kept, lost)
        assert await place.source.is_still_held(kept) is True
        assert await place.source.is_still_held(lost) is False
        assert (kept.is_ours, lost.lease) == (True, Lease.LOST)
        place.source.drop(lost)
        assert len(place.in_hand) == 1

    receiving(work, tasks=2)
