"""One scoring process's way through the job: take tasks, have inputs ready, score, hand results on."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from scorer_container.node.failure import FatalProblemError, node_defect
from scorer_container.node.inputs import FetchedMiniBatch, InputFetcher
from scorer_container.node.job_telemetry import JobTelemetry
from scorer_container.node.mini_batches import MiniBatch
from scorer_container.node.output_files import OutputFiles
from scorer_container.node.process_slot import ProcessSlot
from scorer_container.node.progress import LaneProgress, ProgressReporter
from scorer_container.node.results import ItemError, MiniBatchResult
from scorer_container.node.scoring import MiniBatchScorer
from scorer_container.node.stager import Stager
from scorer_container.node.task_source import TaskSource
from scorer_container.node.work import HeldTask
from shared.contracts.progress import JobFailure
from shared.storage.hot_path.errors import StoppedError

_AHEAD_SECONDS = 0.5
_MOST_FILES_AHEAD = 64
_MOST_STARTS = 4
"""A task that nodes were lost with so often, the last times with it alone, is not tried again."""
_TAKE_SECONDS = 0.5


@dataclass(frozen=True)
class JobParts:
    """What all lanes of a job share."""

    tasks: TaskSource
    fetcher: InputFetcher
    stager: Stager
    progress: ProgressReporter
    mini_batch: Callable[[int], MiniBatch]
    """The files of a mini-batch, by its number."""
    telemetry: JobTelemetry
    stop: threading.Event
    """Set when the lanes must end."""


@dataclass
class _Queued:
    """A mini-batch that is being fetched."""

    task: HeldTask
    fetched: FetchedMiniBatch
    folder: str
    """Where the task's files lie."""
    is_last: bool


class Lane:
    """A thread for each scoring process."""

    def __init__(
        self,
        slot: ProcessSlot,
        scorer: MiniBatchScorer,
        outputs: OutputFiles,
        job: JobParts,
        *,
        on_ready: Callable[[], None],
        on_failure: Callable[[int, JobFailure], None],
    ) -> None:
        """`on_ready`: the process is initialised. `on_failure`: it can do no work at all."""
        self._slot = slot
        self._scorer = scorer
        self.outputs = outputs
        self._job = job
        self._on_ready = on_ready
        self._on_failure = on_failure
        self.number = slot.number
        self._queued: deque[_Queued] = deque()
        self._task: HeldTask | None = None
        self._numbers: Iterator[int] = iter(())
        self._folder = ""
        self._files_ahead = 0
        self._unfinished: set[HeldTask] = set()
        self._seconds_per_mini_batch = _AHEAD_SECONDS
        self._progress = LaneProgress()
        self._task_started = 0.0
        self.busy = True
        """Whether the process is being initialised or scores a mini-batch now."""
        self._thread = threading.Thread(target=self._run, name=f"lane-{self.number}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; whether the lane has stopped and given back what it had not finished."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._slot.ready()
            self.busy = False
            self._on_ready()
            while not self._job.stop.is_set():
                self._work()
        except StoppedError:
            pass  # the job is over or the node leaves: what is unfinished goes back below
        except FatalProblemError as error:
            self._on_failure(self.number, error.failure)
        except Exception as error:  # a defect of ours must end the job with a reason, never leave it hanging
            self._on_failure(self.number, node_defect(error))
        finally:
            for task in self._unfinished:
                self._job.tasks.give_back(task)
                task.result.close()

    def _file_scored(self, succeeded: bool) -> None:
        """Count a file of the task in hand (MLflow models answer file by file)."""
        if succeeded:
            self._report(replace(self._progress, done=self._progress.done + 1))
        else:
            self._report(replace(self._progress, failed=self._progress.failed + 1))

    def _work(self) -> None:
        self._look_ahead(at_least=1, wait=True)
        if not self._queued:
            self._report(replace(self._progress, current_task=-1, done=0, failed=0, current_file=""))
            return
        queued = self._queued.popleft()
        self._files_ahead -= len(queued.fetched.batch.files)
        self._look_ahead(at_least=1, wait=False)
        self._score(queued)

    def _score(self, queued: _Queued) -> None:
        task, batch = queued.task, queued.fetched.batch
        files = queued.fetched.wait()
        self._begin(task, batch)
        before = (self._progress.done, self._progress.failed)
        started = time.monotonic()
        self.busy = True
        try:
            result = self._scorer.score(batch, files, self._file_scored)
        finally:
            self.busy = False
        seconds = time.monotonic() - started
        self._seconds_per_mini_batch = 0.7 * self._seconds_per_mini_batch + 0.3 * seconds
        if task.trace:
            self._job.telemetry.mini_batch_ends(task.trace, batch.number, result, seconds)
        queued.fetched.discard()
        task.result.add(result)
        self._count(result, before)
        if queued.is_last:
            self._job.fetcher.close_task(queued.folder)
            self._finish(task)

    def _begin(self, task: HeldTask, batch: MiniBatch) -> None:
        number = task.task.task
        if self._progress.current_task != number:
            self._job.tasks.begin(task)
            self._task_started = time.monotonic()
            task.trace = self._job.telemetry.task_begins(task)
            self._report(replace(self._progress, current_task=number, done=0, failed=0))
        self._report(replace(self._progress, current_file=batch.files[0] if batch.files else ""))

    def _count(self, result: MiniBatchResult, before: tuple[int, int]) -> None:
        self._report(
            replace(
                self._progress,
                done=before[0] + result.succeeded,
                failed=before[1] + result.failed,
                busy_seconds=self._scorer.busy_seconds,
            )
        )

    def _finish(self, task: HeldTask) -> None:
        self._unfinished.discard(task)
        self._job.stager.submit(task, self.outputs, time.monotonic() - self._task_started)
        self._report(replace(self._progress, tasks_finished=self._progress.tasks_finished + 1))

    def _look_ahead(self, *, at_least: int, wait: bool) -> None:
        """Start fetching the mini-batches of the next half second, and `at_least` so many."""
        while not self._job.stop.is_set() and (len(self._queued) < at_least or self._has_room()):
            queued = self._next(_TAKE_SECONDS if wait and not self._queued else 0)
            if queued is None:
                return
            self._queued.append(queued)
            self._files_ahead += len(queued.fetched.batch.files)

    def _has_room(self) -> bool:
        return (
            self._files_ahead < _MOST_FILES_AHEAD and len(self._queued) * self._seconds_per_mini_batch < _AHEAD_SECONDS
        )

    def _next(self, timeout: float) -> _Queued | None:
        if self._task is None:
            self._task = self._taken(timeout)
            if self._task is None:
                return None
            self._numbers = self._task.numbers
            self._folder = self._job.fetcher.open_task(self._task.task.task, self._task.attempt)
        task = self._task
        batch = self._job.mini_batch(next(self._numbers))
        is_last = batch.number == task.task.first_mini_batch + task.task.mini_batches - 1
        if is_last:
            self._task = None
        return _Queued(task, self._job.fetcher.begin(batch, self._folder), self._folder, is_last)

    def _taken(self, timeout: float) -> HeldTask | None:
        """The next task that is fit to be scored; a poisonous one is failed as a whole."""
        while task := self._job.tasks.take(self.number, timeout):
            self._unfinished.add(task)
            if task.task.starts < _MOST_STARTS:
                return task
            self._fail(task)
        return None

    def _fail(self, task: HeldTask) -> None:
        task.trace = self._job.telemetry.task_begins(task)
        tries = task.task.starts
        message = f"{tries} nodes were lost while they scored task {task.task.task}; it is not tried again"
        for number in task.numbers:
            batch = self._job.mini_batch(number)
            errors = [ItemError(number, tries, "NodeLost", message, file) for file in batch.files]
            task.result.add(MiniBatchResult(errors=errors))
        self._finish(task)

    def _report(self, progress: LaneProgress) -> None:
        self._progress = progress
        self._job.progress.update(self.number, progress)
