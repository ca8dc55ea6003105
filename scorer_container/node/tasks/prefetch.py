"""The next mini-batches of a worker. Their inputs are fetched while the worker scores."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scorer_container.node.held import HeldTask
from scorer_container.node.scope import Changes
from scorer_container.node.tasks.fetch import FetchedMiniBatch, InputFetcher
from scorer_container.node.tasks.mini_batches import MiniBatch
from scorer_container.node.tasks.source import TaskSource

_AHEAD_SECONDS = 0.5
_MOST_FILES_AHEAD = 64


@dataclass(frozen=True)
class QueuedMiniBatch:
    """A mini-batch that is being fetched."""

    task: HeldTask
    fetched: FetchedMiniBatch
    is_first: bool
    """True for the first mini-batch of the task."""
    is_last: bool

    @property
    def files(self) -> int:
        """The number of its files."""
        return len(self.fetched.batch.files)


@dataclass(frozen=True)
class PoisonousTask:
    """A task that must not be scored again."""

    task: HeldTask
    is_first: bool = True
    files: int = 0


class Prefetcher:
    """Takes tasks and fetches the mini-batches of about half a second of scoring ahead, at least one."""

    def __init__(
        self,
        worker: int,
        source: TaskSource,
        fetcher: InputFetcher,
        mini_batch: Callable[[int], Awaitable[MiniBatch]],
    ) -> None:
        """Take tasks for worker number `worker`. `mini_batch` returns a mini-batch by its number."""
        self._worker = worker
        self._source = source
        self._fetcher = fetcher
        self._mini_batch = mini_batch
        self._queued: deque[QueuedMiniBatch | PoisonousTask] = deque()
        self._files = 0
        self._seconds_per_mini_batch = _AHEAD_SECONDS
        self._dropped: HeldTask | None = None
        self._changes = Changes()

    async def run(self) -> None:
        """Take tasks and fetch for ever; raise StorageError if the manifest cannot be read."""
        while True:
            await self._changes.until(self._has_room)
            task = await self._source.take(self._worker)
            if task.is_poisonous:
                self._add(PoisonousTask(task))
            else:
                await self._fetch(task)

    @property
    def is_filled(self) -> bool:
        """True while there is a mini-batch to score."""
        return bool(self._queued)

    async def filled(self) -> None:
        """Wait until there is a mini-batch to score."""
        await self._changes.until(lambda: self.is_filled)

    async def next(self) -> QueuedMiniBatch | PoisonousTask:
        """Return the next mini-batch. It skips tasks that another node has by now."""
        while True:
            await self.filled()
            queued = self._queued.popleft()
            self._files -= queued.files
            self._changes.tell()
            if not queued.is_first or await self._source.is_still_held(queued.task):
                return queued
            await self._drop(queued)

    def scored(self, seconds: float) -> None:
        """Note that a mini-batch took this many seconds."""
        self._seconds_per_mini_batch = 0.7 * self._seconds_per_mini_batch + 0.3 * seconds
        self._changes.tell()

    async def _fetch(self, task: HeldTask) -> None:
        """Start fetching the mini-batches of `task`, each when there is room."""
        folder = self._fetcher.open_task()
        for number in task.numbers:
            await self._changes.until(self._has_room)
            batch = await self._mini_batch(number)
            if task is self._dropped:
                return
            fetched = self._fetcher.fetch(batch, folder)
            self._add(QueuedMiniBatch(task, fetched, number == task.numbers[0], number == task.numbers[-1]))

    async def _drop(self, first: QueuedMiniBatch | PoisonousTask) -> None:
        self._dropped = first.task
        self._queued = deque(queued for queued in self._queued if queued.task is not first.task)
        self._files = sum(queued.files for queued in self._queued)
        self._changes.tell()
        self._source.drop(first.task)
        if isinstance(first, QueuedMiniBatch):
            await first.fetched.folder.remove()  # its fetches may go on

    def _add(self, queued: QueuedMiniBatch | PoisonousTask) -> None:
        self._queued.append(queued)
        self._files += queued.files
        self._changes.tell()

    def _has_room(self) -> bool:
        if not self._queued:
            return True
        ahead = len(self._queued) * self._seconds_per_mini_batch
        return self._files < _MOST_FILES_AHEAD and ahead < _AHEAD_SECONDS
