"""A node's work on one job, from the ticket to the deletion of the task queue."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from azure.core.exceptions import AzureError

from scorer_container.node.background_preparation import BackgroundPreparation
from scorer_container.node.columns_claim import ColumnsClaim
from scorer_container.node.failure import FatalProblemError
from scorer_container.node.folders import ProcessFolders
from scorer_container.node.inputs import InputFetcher, MiniBatches
from scorer_container.node.job_telemetry import JobTelemetry
from scorer_container.node.lane import JobParts, Lane
from scorer_container.node.lease_keeper import LeaseKeeper
from scorer_container.node.logs import JobLogs
from scorer_container.node.node_parts import NodeParts
from scorer_container.node.output_files import OutputFiles
from scorer_container.node.preparation import PreparedJob
from scorer_container.node.process_environment import process_environment
from scorer_container.node.process_slot import ProcessSlot
from scorer_container.node.progress import ProgressReporter
from scorer_container.node.scoring import MiniBatchScorer
from scorer_container.node.scoring_process import ProcessCommand
from scorer_container.node.stager import CsvBlocks, RowBlocks, Stager
from scorer_container.node.task_source import TaskSource
from scorer_container.node.work import HeldMessage
from shared.contracts.job_spec import JobSpec, OutputFormat
from shared.contracts.messages import JOB_NUDGES, JobNudge
from shared.contracts.names import task_queue
from shared.contracts.progress import JobFailure
from shared.storage.hot_path.errors import HotPathError, LeaseLostError, QueueGoneError
from shared.storage.queues import send

_NUDGE_SECONDS = 5.0
_QUEUE_CHECK_SECONDS = 2.0
_LANE_END_SECONDS = 1.0


class JobRun:
    """One job under one ticket."""

    def __init__(self, node: NodeParts, spec: JobSpec, ticket: HeldMessage, on_running: Callable[[bool], None]) -> None:
        """Work on the job of `spec`.

        `on_running` is called when scoring processes are ready: with True if the job must wait for a `shutdown()` of
        theirs. It is called with False after that.
        """
        self._node = node
        self._spec = spec
        self._ticket = ticket
        self._on_running = on_running
        self._queue = node.hot.queue(task_queue(spec.job_id))
        self._stop = threading.Event()
        """Set when the lanes must end: the job is over, the node leaves, or this node cannot work on the job."""
        self._over = threading.Event()
        """Set when the task queue is gone."""
        self._failed = threading.Event()
        self._wake = threading.Event()
        self._last_nudge = float("-inf")
        self._logs = JobLogs(node.hot.blobs, spec.job_id, node.settings.node_id)
        self._keeper = LeaseKeeper(node.settings.lease_seconds, self._queue_gone, self._log)
        self._progress = ProgressReporter(node.progress, spec.job_id, node.settings.node_id, self._log)
        self._columns = ColumnsClaim(node.hot.blobs, spec.job_id)
        self._mini_batches = MiniBatches(node.hot, spec)
        self._telemetry = JobTelemetry(spec)
        self._preparing = self._telemetry.preparing()
        self._lanes: list[Lane] = []
        self._slots: list[ProcessSlot] = []

    def run(self) -> None:
        """Work until the task queue is gone or the node leaves; the ticket is then deleted or given back."""
        with self._telemetry.scope():
            self._run()

    def _run(self) -> None:
        self._keeper.hold(self._ticket)
        self._log(f"job {self._spec.job_name} ({self._spec.job_id}): begins")
        try:
            self._work()
            self._wait_for_end()
            self._return_ticket()
            self._log(f"job {self._spec.job_name}: ends")
        finally:
            self._preparing.ends()
            self._keeper.close()
            self._progress.close(write=not self._over.is_set())
            self._logs.close()

    def _work(self) -> None:
        try:
            prepared = self._prepared()
            if prepared is not None:
                self._score(prepared)
        except FatalProblemError as error:
            self._fail(0, error.failure)

    def _prepared(self) -> PreparedJob | None:
        """Wait for the job's parts; return None if the job is over first. Raise FatalProblemError."""
        preparation = BackgroundPreparation(self._spec, self._node, self._log, self._wake.set)
        while not preparation.is_done:
            self._pause()
            if self._ended():
                preparation.abandon()
                return None
        return preparation.result()

    def _score(self, prepared: PreparedJob) -> None:
        """Run the lanes until something ends them."""
        spec, settings = self._spec, self._node.settings
        tasks = TaskSource(
            self._queue,
            spec.job_id,
            self._keeper,
            settings.lease_seconds,
            on_gone=lambda: self._queue_gone(self._queue.name),
            on_idle=self._nudge,
            log=self._log,
        )
        fetcher = InputFetcher(self._node.sources, spec.input, settings.folder / "inputs")
        stager = Stager(
            self._node.sources,
            spec.output,
            tasks,
            self._telemetry,
            blocks=self._row_blocks(),
            on_failure=lambda failure: self._fail(0, failure),
        )
        shared = JobParts(
            tasks, fetcher, stager, self._progress, self._mini_batches.mini_batch, self._telemetry, self._stop
        )
        for number in range(min(spec.settings.max_concurrency_per_instance, spec.work.tasks)):
            self._lanes.append(self._lane(number, prepared, shared))
        tasks.start(len(self._lanes))
        for lane in self._lanes:
            lane.start()
        while not self._ended() and not self._failed.is_set():
            self._pause()
        self._end_lanes(tasks)
        stager.close()
        tasks.close()
        fetcher.close()
        self._release_slots()

    def _row_blocks(self) -> RowBlocks | None:
        """Make the blocks of the output's format. Import Parquet's only when needed: Arrow takes 0.1 s and 50 MB."""
        output = self._spec.output
        if output.format is OutputFormat.CSV:
            return CsvBlocks(self._node.sources.blobs(output.folder), output, self._columns)
        if output.format is not OutputFormat.PARQUET:
            return None
        from scorer_container.node.parquet.blocks import ParquetBlocks

        return ParquetBlocks(self._node.hot.blobs, self._spec.job_id, self._columns)

    def _lane(self, number: int, prepared: PreparedJob, shared: JobParts) -> Lane:
        slot, output_folder = self._slot(number, prepared)
        return Lane(
            slot,
            MiniBatchScorer(slot, self._spec, self._columns, self._logs),
            OutputFiles(output_folder, self._node.sources, self._spec.output, self._spec.job_id, self._log),
            shared,
            on_ready=self._ready,
            on_failure=self._fail,
        )

    def _ready(self) -> None:
        self._preparing.ends()
        self._on_running(self._shuts_down)

    def _slot(self, number: int, prepared: PreparedJob) -> tuple[ProcessSlot, Path]:
        """Return a slot for a scoring process, and its output folder."""
        folders = ProcessFolders(self._node.settings.folder / f"process{number:03}")
        folders.empty_output()
        environment = process_environment(
            self._spec,
            number=number,
            interpreter=prepared.interpreter,
            model_folder=prepared.model_folder,
            folders=folders,
            in_container=prepared.container is not None,
        )
        writable = (folders.work, folders.output, folders.home)
        launcher = prepared.launcher(self._node.settings.folder / "inputs", writable)
        slot = ProcessSlot(
            number,
            ProcessCommand(prepared.interpreter, environment, folders.work, prepared.setup, launcher),
            folders,
            init_timeout=self._spec.settings.init_timeout_seconds,
            pump=self._node.pump,
            logs=self._logs,
            warm=self._node.warm,
        )
        self._slots.append(slot)
        return slot, folders.output

    def _end_lanes(self, tasks: TaskSource) -> None:
        """Stop the lanes at once. Kill a process that is busy, but not an idle one."""
        self._stop.set()
        tasks.stop()
        working = list(zip(self._lanes, self._slots, strict=True))
        while working:
            for lane, slot in working:
                if lane.busy or not self._over.is_set():
                    slot.abort()
            round_ends = time.monotonic() + _LANE_END_SECONDS
            working = [(lane, slot) for lane, slot in working if not lane.join(max(0, round_ends - time.monotonic()))]

    def _release_slots(self) -> None:
        threads = [threading.Thread(target=slot.release, daemon=True) for slot in self._slots]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for lane in self._lanes:
            try:
                lane.outputs.upload()  # what a script's shutdown() has written
            except (HotPathError, FatalProblemError, OSError) as error:
                self._log(f"files of AZUREML_BI_OUTPUT_PATH could not be written: {error}")
        if self._shuts_down:
            self._logs.flush()
            self._on_running(False)
            self._send_nudge()
        for slot in self._slots:
            slot.remove_folders()

    @property
    def _shuts_down(self) -> bool:
        return any(slot.has_shutdown for slot in self._slots)

    def _wait_for_end(self) -> None:
        """After a failure: hold the ticket and remind the app until it has deleted the task queue."""
        while not self._ended():
            self._nudge()
            self._pause()

    def _return_ticket(self) -> None:
        self._keeper.release(self._ticket)
        try:
            if self._over.is_set():
                self._ticket.delete()
            else:
                self._ticket.give_back()
        except (LeaseLostError, QueueGoneError) as error:
            self._log(f"the ticket was gone already: {error}")
        except HotPathError as error:
            self._log(f"the ticket could not be returned, its lease will end: {error}")

    def _pause(self) -> None:
        """Wait to be woken; check now and then that the task queue still exists."""
        self._wake.wait(_QUEUE_CHECK_SECONDS)
        woken = self._wake.is_set()
        self._wake.clear()
        if woken or self._ended():
            return
        try:
            if not self._queue.exists():
                self._queue_gone(self._queue.name)
        except HotPathError as error:
            self._log(f"the task queue could not be looked up: {error}")

    def _ended(self) -> bool:
        return self._over.is_set() or self._node.leaving.is_set()

    def _queue_gone(self, queue: str) -> None:
        if queue == self._queue.name:
            self._over.set()
            self._stop.set()
            self._wake.set()

    def _fail(self, lane: int, failure: JobFailure) -> None:
        """Report to the app that this node cannot work on the job; the app fails the job."""
        if self._ended():
            return
        self._preparing.ends(failure)
        self._log(f"cannot work on the job ({failure.step}): {failure.message}")
        self._progress.report_fatal(lane, failure)
        self._failed.set()
        self._wake.set()
        self._nudge(urgent=True)

    def _nudge(self, *, urgent: bool = False) -> None:
        """Ask the app to look at the job, at most every few seconds. Flush logs and progress first."""
        if not urgent and time.monotonic() - self._last_nudge < _NUDGE_SECONDS:
            return
        self._last_nudge = time.monotonic()
        self._logs.flush()
        self._progress.flush()
        self._send_nudge()

    def _send_nudge(self) -> None:
        try:
            send(self._node.account.queues, JOB_NUDGES, JobNudge(job=self._spec.job_name))
        except AzureError as error:
            self._log(f"the app could not be nudged: {error}")

    def _log(self, text: str) -> None:
        self._logs.node.line(text)
        self._node.log(text)
