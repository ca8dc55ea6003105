"""The scoring part of a job: tasks, inputs and scoring processes, put together and run until something ends them."""

from collections.abc import Awaitable, Callable
from typing import Any

from scorer_container.node.in_hand import InHand
from scorer_container.node.jobs.crew import Crew, Member
from scorer_container.node.jobs.preparation import PreparedJob
from scorer_container.node.processes.scoring import MiniBatchScorer
from scorer_container.node.processes.worker import Worker, WorkerParts
from scorer_container.node.reporting.logs import JobLogs
from scorer_container.node.reporting.pen import ProgressPen
from scorer_container.node.scope import Scope
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.account import Account
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.queue import Queue
from scorer_container.node.tasks.columns import ColumnsClaim, CsvBlocks
from scorer_container.node.tasks.fetch import PARALLEL_FETCHES, InputFetcher
from scorer_container.node.tasks.mini_batches import MiniBatches
from scorer_container.node.tasks.prefetch import Prefetcher
from scorer_container.node.tasks.source import TaskSource
from scorer_container.node.tasks.telemetry import JobTelemetry
from scorer_container.node.tasks.upload import RowBlocks, Uploader
from shared.contracts.job_spec import JobSpec, OutputFormat


class JobScoring:
    """Scores tasks of one job with all scoring processes of this node."""

    def __init__(
        self,
        account: Account,
        settings: NodeSettings,
        spec: JobSpec,
        *,
        queue: Queue,
        in_hand: InHand,
        crew: Crew,
        pens: list[ProgressPen],
        logs: JobLogs,
        telemetry: JobTelemetry,
        on_ready: Callable[[], None],
        on_idle: Callable[[], Awaitable[None]],
        log: Callable[[str], None],
    ) -> None:
        """Take tasks of `queue` in hand. There is one process for each of the `pens`, which report what it does.

        `on_ready` is called when a process is initialised, `on_idle` when the queue is empty and no task is in hand.
        """
        self._account = account
        self._settings = settings
        self._spec = spec
        self._queue = queue
        self._in_hand = in_hand
        self._crew = crew
        self._pens = pens
        self._logs = logs
        self._telemetry = telemetry
        self._on_ready = on_ready
        self._on_idle = on_idle
        self._log = log
        self._columns = ColumnsClaim(account.blobs, spec.job_id)
        self._mini_batches = MiniBatches(account.blobs, spec)

    async def run(self, prepared: PreparedJob, uploads: Scope[Any]) -> None:
        """Score for ever. Results are uploaded in the scope `uploads`, whose failure ends the work, too.

        Raises:
            QueueGoneError: the job is over.
            FatalProblemError: this node cannot work on the job.
        """
        output = self._account.sources.blobs(self._spec.output.folder)
        fetcher = InputFetcher(self._account.sources, self._spec.input, self._settings.folder / "inputs")
        await fetcher.empty()
        try:
            members = await self._crew.assemble(len(self._pens), prepared, output)
            async with Scope[None]() as work:
                self._start(work, members, fetcher, output, uploads)
                await work.failed()
        finally:
            await fetcher.empty()

    def _start(
        self, work: Scope[None], members: list[Member], fetcher: InputFetcher, output: Blobs, uploads: Scope[Any]
    ) -> None:
        source = self._source(work)
        uploader = Uploader(
            output, self._spec.output, uploads, self._telemetry, blocks=self._row_blocks(output), on_done=source.done
        )
        parts = WorkerParts(self._spec.job_id, self._mini_batches.mini_batch, uploader, self._telemetry)
        work.start(uploads.failed)
        work.start(source.run)
        for _ in range(PARALLEL_FETCHES):
            work.start(fetcher.run)
        for member, pen in zip(members, self._pens, strict=True):
            prefetcher = Prefetcher(member.slot.number, source, fetcher, self._mini_batches.mini_batch)
            work.start(self._worker(member, pen, prefetcher, parts, work).run)

    def _source(self, work: Scope[None]) -> TaskSource:
        return TaskSource(
            self._queue,
            self._in_hand,
            self._settings.lease_seconds,
            workers=len(self._pens),
            on_idle=lambda: work.start(self._on_idle),
            log=self._log,
        )

    def _worker(
        self, member: Member, pen: ProgressPen, prefetcher: Prefetcher, parts: WorkerParts, work: Scope[None]
    ) -> Worker:
        def ready() -> None:
            work.start(prefetcher.run)
            self._on_ready()

        scorer = MiniBatchScorer(member.slot, self._spec, self._columns, self._logs)
        return Worker(member.slot, scorer, parts, prefetcher=prefetcher, files=member.files, pen=pen, on_ready=ready)

    def _row_blocks(self, output: Blobs) -> RowBlocks | None:
        """Make the blocks of the output's format. Import Parquet's only when needed: Arrow takes 0.1 s and 50 MB."""
        if self._spec.output.format is OutputFormat.CSV:
            return CsvBlocks(output, self._spec.output, self._columns)
        if self._spec.output.format is not OutputFormat.PARQUET:
            return None
        from scorer_container.node.parquet.blocks import ParquetBlocks

        return ParquetBlocks(self._account.blobs, self._spec.job_id, self._columns)
