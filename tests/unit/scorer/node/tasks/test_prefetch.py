import asyncio
from collections.abc import Awaitable, Callable

import pytest

from scorer_container.node.held import HeldTask
from scorer_container.node.tasks.fetch import FetchedMiniBatch, InputFetcher
from scorer_container.node.tasks.mini_batches import MiniBatch
from scorer_container.node.tasks.prefetch import PoisonousTask, Prefetcher, QueuedMiniBatch
from scorer_container.node.tasks.source import TaskSource
from scorer_container.node.tasks.task_folder import TaskFolder
from shared.contracts.messages import TaskMessage
from tests.unit.scorer.node.stored import MemoryQueue
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit


class Source(TaskSource):
    """Gives these tasks out one after the other."""

    def __init__(self, *tasks: HeldTask) -> None:
        self._tasks = list(tasks)
        self.dropped: list[HeldTask] = []

    async def take(self, worker: int) -> HeldTask:
        if not self._tasks:
            await asyncio.Event().wait()
        return self._tasks.pop(0)

    def drop(self, task: HeldTask) -> None:
        self.dropped.append(task)


class Fetcher(InputFetcher):
    """Notes what would be fetched."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.opened = 0
        self.removed: list[str] = []

    def open_task(self) -> TaskFolder:
        self.opened += 1
        return Folder(str(self.opened), self.removed)

    def fetch(self, batch: MiniBatch, folder: TaskFolder) -> FetchedMiniBatch:
        self.begun.append(batch.number)
        return FetchedMiniBatch(batch, folder)


class Folder(TaskFolder):
    def __init__(self, path: str, removed: list[str]) -> None:
        self.path = path
        self._removed = removed

    async def remove(self) -> None:
        self._removed.append(self.path)


class Ahead:
    def __init__(self, source: Source, files: int) -> None:
        async def mini_batch(number: int) -> MiniBatch:
            await asyncio.sleep(0)
            return MiniBatch(number, [str(file) for file in range(files)])

        self.source = source
        self.fetcher = Fetcher()
        self.prefetcher = Prefetcher(0, source, self.fetcher, mini_batch)

    async def numbers(self, count: int, seconds: float = 0.0) -> list[int]:
        """Take `count` mini-batches, each of which is scored in `seconds`."""
        found = []
        for _ in range(count):
            queued = await self.prefetcher.next()
            assert isinstance(queued, QueuedMiniBatch)
            found.append(queued.fetched.batch.number)
            await asyncio.sleep(seconds)
            self.prefetcher.scored(seconds)
        return found


async def task(number: int, mini_batches: int = 1, starts: int = 0) -> HeldTask:
    queue = MemoryQueue()
    message = TaskMessage(task=number, first_mini_batch=100 * number, mini_batches=mini_batches, starts=starts)
    queue.put(message.to_text())
    (received,) = await queue.receive(1, 30)
    return HeldTask(queue, received, loop().time(), 30, print)


def ahead(
    work: Callable[[Ahead, list[HeldTask]], Awaitable[None]], *tasks: Awaitable[HeldTask], files: int = 1
) -> None:
    async def both() -> None:
        held = [await one for one in tasks]
        place = Ahead(Source(*held), files)
        activity = asyncio.ensure_future(place.prefetcher.run())
        await work(place, held)
        activity.cancel()
        await asyncio.wait({activity})

    run(both())


def test_one_mini_batch_is_fetched_ahead_while_they_are_slow() -> None:
    async def work(place: Ahead, _: list[HeldTask]) -> None:
        assert await place.numbers(3, seconds=20) == [100, 101, 102]
        await asyncio.sleep(60)
        assert place.fetcher.begun == [100, 101, 102, 103]

    ahead(work, task(1, 50))


def test_half_a_second_of_quick_mini_batches_is_fetched_ahead_but_not_too_many_files() -> None:
    async def work(place: Ahead, _: list[HeldTask]) -> None:
        assert await place.numbers(30, seconds=0.001) == list(range(100, 130))
        await asyncio.sleep(1)
        assert 90 <= len(place.fetcher.begun) <= 95

    ahead(work, task(1, 900))


def test_files_are_counted_and_not_mini_batches() -> None:
    async def work(place: Ahead, _: list[HeldTask]) -> None:
        await place.numbers(20, seconds=0.001)
        await asyncio.sleep(1)
        assert len(place.fetcher.begun) == 20 + 3

    ahead(work, task(1, 900), files=30)


def test_the_first_and_last_mini_batches_of_a_task_are_known_and_the_next_task_follows() -> None:
    async def work(place: Ahead, held: list[HeldTask]) -> None:
        found = [await place.prefetcher.next() for _ in range(4)]
        assert [queued.task for queued in found] == [held[0]] * 3 + [held[1]]
        assert [queued.is_first for queued in found] == [True, False, False, True]
        assert [isinstance(queued, QueuedMiniBatch) and queued.is_last for queued in found] == [
            False,
            False,
            True,
            True,
        ]

    ahead(work, task(1, 3), task(2))


def test_a_poisonous_task_is_passed_on_without_its_files() -> None:
    async def work(place: Ahead, held: list[HeldTask]) -> None:
        assert await place.prefetcher.next() == PoisonousTask(held[0])
        assert await place.numbers(1) == [200]
        assert place.fetcher.begun == [200]

    ahead(work, task(1, starts=4), task(2))


def test_nothing_of_a_dropped_task_is_scored_however_much_of_it_was_fetched() -> None:
    async def work(place: Ahead, held: list[HeldTask]) -> None:
        for _ in range(20):
            place.prefetcher.scored(0.01)
        await asyncio.sleep(1)
        assert len(place.fetcher.begun) > 10
        loop().pause(60)
        await held[0].queue.receive(1, 30)
        assert await place.numbers(2) == [200, 201]

    ahead(work, task(1, 50), task(2, 3))


def test_a_task_that_another_node_has_by_now_is_dropped_whole() -> None:
    async def work(place: Ahead, held: list[HeldTask]) -> None:
        await place.prefetcher.filled()
        await asyncio.sleep(1)
        loop().pause(60)
        await held[0].queue.receive(1, 30)
        assert await place.numbers(2) == [200, 201]
        assert place.source.dropped == [held[0]]
        assert place.fetcher.removed == ["1"]
        assert set(place.fetcher.begun) <= {100, 101, 200, 201, 202}

    ahead(work, task(1, 50), task(2, 3))
