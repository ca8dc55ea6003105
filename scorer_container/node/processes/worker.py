"""One scoring process's way through a job: take mini-batches, score them, pass finished tasks on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scorer_container.node.held import HeldTask, Work
from scorer_container.node.processes.scoring import MiniBatchScorer
from scorer_container.node.processes.slot import ProcessSlot
from scorer_container.node.reporting.failure import failure_of
from scorer_container.node.reporting.pen import ProgressPen
from scorer_container.node.tasks.fetch import FetchedMiniBatch
from scorer_container.node.tasks.mini_batches import MiniBatch
from scorer_container.node.tasks.output_files import OutputFiles
from scorer_container.node.tasks.prefetch import PoisonousTask, Prefetcher, QueuedMiniBatch
from scorer_container.node.tasks.results import ItemError, MiniBatchResult, TaskResult
from scorer_container.node.tasks.scored import ScoredTask
from scorer_container.node.tasks.telemetry import JobTelemetry
from scorer_container.node.tasks.trace import TaskTrace
from scorer_container.node.tasks.upload import Uploader

_IDLE_AFTER_SECONDS = 0.5


@dataclass(frozen=True)
class WorkerParts:
    """What all workers of a job share."""

    job_id: str
    mini_batch: Callable[[int], Awaitable[MiniBatch]]
    """Returns a mini-batch by its number."""
    uploader: Uploader
    telemetry: JobTelemetry


@dataclass(frozen=True)
class _Begun:
    """The task that is being scored."""

    held: HeldTask
    result: TaskResult
    trace: TaskTrace
    started: float


class Worker:
    """The activity of one scoring process. Nothing else talks to the process while it runs."""

    def __init__(
        self,
        slot: ProcessSlot,
        scorer: MiniBatchScorer,
        job: WorkerParts,
        *,
        prefetcher: Prefetcher,
        files: OutputFiles,
        pen: ProgressPen,
        on_ready: Callable[[], None],
    ) -> None:
        """Score with `scorer`, on its `slot`, what `prefetcher` brings, and report with `pen`.

        `files` are the process's own output files. `on_ready` is called when the process is initialised.
        """
        self._slot = slot
        self._scorer = scorer
        self._files = files
        self._prefetcher = prefetcher
        self._pen = pen
        self._job = job
        self._on_ready = on_ready
        self._begun: _Begun | None = None

    async def run(self) -> None:
        """Score for ever; raise FatalProblemError if the process cannot work at all.

        The process is left as it is: the job decides whether to keep, shut down or kill it.
        """
        try:
            await self._slot.ready()
            self._on_ready()
            while True:
                await self._work()
        except Exception as error:
            self._pen.fatal(failure_of(error))
            raise
        finally:
            if self._begun is not None:
                self._begun.trace.ends(self._begun.result, "given back")
                self._begun.result.close()

    async def _work(self) -> None:
        queued = await self._next()
        if isinstance(queued, PoisonousTask):
            await self._fail(queued.task)
        else:
            await self._score(queued)

    async def _next(self) -> QueuedMiniBatch | PoisonousTask:
        if not self._prefetcher.is_filled:
            try:
                async with asyncio.timeout(_IDLE_AFTER_SECONDS):
                    await self._prefetcher.filled()
            except TimeoutError:
                self._pen.update(current_task=-1, done=0, failed=0, current_file="")
        return await self._prefetcher.next()

    async def _score(self, queued: QueuedMiniBatch) -> None:
        batch, clock = queued.fetched.batch, asyncio.get_running_loop().time
        files = await queued.fetched.wait()
        begun = await self._begin(queued)
        self._pen.update(current_file=batch.files[0] if batch.files else "")
        before, started = self._pen.progress, clock()
        result = await self._scorer.score(batch, files, self._file_scored)
        seconds = clock() - started
        self._prefetcher.scored(seconds)
        self._job.telemetry.mini_batch_ends(begun.trace, batch.number, result, seconds)
        await queued.fetched.discard()
        await begun.result.add(result)
        self._pen.update(
            done=before.done + result.succeeded,
            failed=before.failed + result.failed,
            busy_seconds=self._scorer.busy_seconds,
        )
        if queued.is_last:
            await self._finish(begun, queued.fetched)

    async def _begin(self, queued: QueuedMiniBatch) -> _Begun:
        """Return the mini-batch's task, which begins with its first mini-batch."""
        if self._begun is None:
            task = queued.task
            task.advance(Work.FETCHED)
            await task.begin()
            task.advance(Work.SCORING)
            self._pen.update(current_task=task.task.task, done=0, failed=0)
            self._begun = self._new(task)
        return self._begun

    def _new(self, task: HeldTask) -> _Begun:
        started = asyncio.get_running_loop().time()
        return _Begun(task, TaskResult(), self._job.telemetry.task_begins(task), started)

    async def _finish(self, begun: _Begun, last: FetchedMiniBatch | None = None) -> None:
        if last is not None:
            await last.folder.close()
        begun.held.advance(Work.SCORED)
        seconds = asyncio.get_running_loop().time() - begun.started
        scored = ScoredTask(self._job.job_id, begun.held, begun.result, self._files, begun.trace, seconds)
        await self._job.uploader.submit(scored)
        self._begun = None
        self._pen.update(tasks_finished=self._pen.progress.tasks_finished + 1)

    async def _fail(self, task: HeldTask) -> None:
        """Let all files of a poisonous task fail."""
        self._begun = begun = self._new(task)
        tries = task.task.starts
        message = f"at least {tries} nodes were lost while they scored task {task.task.task}; it is not tried again"
        for number in task.numbers:
            batch = await self._job.mini_batch(number)
            errors = [ItemError(number, tries, "NodeLost", message, file) for file in batch.files]
            await begun.result.add(MiniBatchResult(errors=errors))
        await self._finish(begun)

    def _file_scored(self) -> None:
        """Count a file of the task in hand (MLflow models answer file by file)."""
        self._pen.update(done=self._pen.progress.done + 1)
