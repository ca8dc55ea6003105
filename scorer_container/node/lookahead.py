"""The next mini-batches of a lane. Their inputs are fetched while the lane scores."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from scorer_container.node.inputs import FetchedMiniBatch, InputFetcher, MiniBatch
from scorer_container.node.task_source import TaskSource
from scorer_container.node.work import HeldTask

_AHEAD_SECONDS = 0.5
_MOST_FILES_AHEAD = 64
_TAKE_SECONDS = 0.5


@dataclass(frozen=True)
class QueuedMiniBatch:
    """A mini-batch that is being fetched."""

    task: HeldTask
    fetched: FetchedMiniBatch
    folder: str
    """The folder of the task's files."""
    is_last: bool

    @property
    def files(self) -> int:
        """The number of its files."""
        return len(self.fetched.batch.files)


@dataclass(frozen=True)
class PoisonousTask:
    """A task that must not be scored again."""

    task: HeldTask
    files: int = 0


class Lookahead:
    """Takes tasks and fetches the mini-batches of about half a second of scoring ahead, at least one.

    It has a thread of its own: a task that arrives while the lane scores its last mini-batch is fetched at once.
    """

    def __init__(
        self,
        lane: int,
        tasks: TaskSource,
        fetcher: InputFetcher,
        mini_batch: Callable[[int], MiniBatch],
        stop: threading.Event,
    ) -> None:
        """Prepare the thread; it takes no more tasks once `stop` is set."""
        self._lane = lane
        self._tasks = tasks
        self._fetcher = fetcher
        self._mini_batch = mini_batch
        self._stop = stop
        self._queued: deque[QueuedMiniBatch | PoisonousTask] = deque()
        self._unfinished: set[HeldTask] = set()
        self._files = 0
        self._seconds_per_mini_batch = _AHEAD_SECONDS
        self._changed = threading.Condition()
        self._ended = False
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"lookahead-{lane}", daemon=True)

    def start(self) -> None:
        """Start to take tasks."""
        self._thread.start()

    def next(self, timeout: float) -> QueuedMiniBatch | PoisonousTask | None:
        """Return the next mini-batch, or None after `timeout` seconds; raise any error of the thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._queued or self._ended, timeout)
            if not self._queued:
                if self._problem is not None:
                    raise self._problem
                return None
            queued = self._queued.popleft()
            self._files -= queued.files
            self._changed.notify_all()
            return queued

    def scored(self, seconds: float) -> None:
        """Note that a mini-batch took this many seconds."""
        with self._changed:
            self._seconds_per_mini_batch = 0.7 * self._seconds_per_mini_batch + 0.3 * seconds
            self._changed.notify_all()

    def finished(self, task: HeldTask) -> None:
        """Note that the results of `task` are being staged."""
        self._unfinished.discard(task)

    def close(self) -> None:
        """Take no more tasks and give back those that are not finished."""
        self._end()
        if self._thread.is_alive():
            self._thread.join()
        for task in self._unfinished:
            self._tasks.give_back(task)
            task.result.close()

    def _run(self) -> None:
        try:
            while self._goes_on():
                task = self._tasks.take(self._lane, _TAKE_SECONDS)
                if task is not None:
                    self._unfinished.add(task)
                    self._begin(task)
        except Exception as error:  # the lane hears of it
            self._problem = error
        finally:
            self._end()

    def _begin(self, task: HeldTask) -> None:
        """Start fetching the mini-batches of `task`, each when there is room."""
        if task.is_poisonous:
            self._add(PoisonousTask(task))
            return
        folder = self._fetcher.open_task(task.task.task, task.attempt)
        last = task.numbers[-1]
        for number in task.numbers:
            if not self._goes_on():
                return
            fetched = self._fetcher.begin(self._mini_batch(number), folder)
            self._add(QueuedMiniBatch(task, fetched, folder, is_last=number == last))

    def _add(self, queued: QueuedMiniBatch | PoisonousTask) -> None:
        with self._changed:
            self._queued.append(queued)
            self._files += queued.files
            self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _goes_on(self) -> bool:
        """Wait until there is room for more; return False if nothing more is wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._has_room())
            return not (self._ended or self._stop.is_set())

    def _has_room(self) -> bool:
        if not self._queued:
            return True
        ahead = len(self._queued) * self._seconds_per_mini_batch
        return self._files < _MOST_FILES_AHEAD and ahead < _AHEAD_SECONDS
