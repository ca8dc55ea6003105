"""One scoring process's loop through a job: take tasks, fetch inputs ahead, score, pass results on."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from scorer_container.node.failure import FatalProblemError, node_defect
from scorer_container.node.inputs import InputFetcher, MiniBatch
from scorer_container.node.job_telemetry import JobTelemetry
from scorer_container.node.lookahead import Lookahead, PoisonousTask, QueuedMiniBatch
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

_WAIT_SECONDS = 0.5


@dataclass(frozen=True)
class JobParts:
    """What all lanes of a job share."""

    tasks: TaskSource
    fetcher: InputFetcher
    stager: Stager
    progress: ProgressReporter
    mini_batch: Callable[[int], MiniBatch]
    """Returns the files of a mini-batch by its number."""
    telemetry: JobTelemetry
    stop: threading.Event
    """Set when the lanes must end."""


class Lane:
    """The thread of one scoring process."""

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
        """`on_ready` is called when the process is initialised, `on_failure` when it cannot work at all."""
        self._slot = slot
        self._scorer = scorer
        self.outputs = outputs
        self._job = job
        self._on_ready = on_ready
        self._on_failure = on_failure
        self.number = slot.number
        self._lookahead = Lookahead(self.number, job.tasks, job.fetcher, job.mini_batch, job.stop)
        self._progress = LaneProgress()
        self._task_started = 0.0
        self.busy = True
        """True while the process is being initialised or scores a mini-batch."""
        self._thread = threading.Thread(target=self._run, name=f"lane-{self.number}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; return True if the lane has stopped and given back its unfinished tasks."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._slot.ready()
            self.busy = False
            self._lookahead.start()
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
            self._lookahead.close()

    def _file_scored(self, succeeded: bool) -> None:
        """Count a file of the task in hand (MLflow models answer file by file)."""
        if succeeded:
            self._report(replace(self._progress, done=self._progress.done + 1))
        else:
            self._report(replace(self._progress, failed=self._progress.failed + 1))

    def _work(self) -> None:
        queued = self._lookahead.next(_WAIT_SECONDS)
        if queued is None:
            self._report(replace(self._progress, current_task=-1, done=0, failed=0, current_file=""))
        elif isinstance(queued, PoisonousTask):
            self._fail(queued.task)
        else:
            self._score(queued)

    def _score(self, queued: QueuedMiniBatch) -> None:
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
        self._lookahead.scored(seconds)
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
        self._lookahead.finished(task)
        self._job.stager.submit(task, self.outputs, time.monotonic() - self._task_started)
        self._report(replace(self._progress, tasks_finished=self._progress.tasks_finished + 1))

    def _fail(self, task: HeldTask) -> None:
        task.trace = self._job.telemetry.task_begins(task)
        tries = task.task.starts
        message = f"at least {tries} nodes were lost while they scored task {task.task.task}; it is not tried again"
        for number in task.numbers:
            batch = self._job.mini_batch(number)
            errors = [ItemError(number, tries, "NodeLost", message, file) for file in batch.files]
            task.result.add(MiniBatchResult(errors=errors))
        self._finish(task)

    def _report(self, progress: LaneProgress) -> None:
        self._progress = progress
        self._job.progress.update(self.number, progress)
