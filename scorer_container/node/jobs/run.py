"""A node's work on one job, from the ticket to the deletion of the task queue."""

import asyncio
from collections.abc import Awaitable, Callable

from scorer_container.node.in_hand import InHand
from scorer_container.node.jobs.crew import Crew
from scorer_container.node.jobs.nudges import Nudges
from scorer_container.node.jobs.preparation import PreparedJob
from scorer_container.node.jobs.preparing import tidy_cache
from scorer_container.node.jobs.scoring import JobScoring
from scorer_container.node.jobs.tickets import HeldTicket
from scorer_container.node.processes.process import StartProcess
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.reporting.failure import failure_of
from scorer_container.node.reporting.heartbeat import Heartbeat
from scorer_container.node.reporting.logs import JobLogs
from scorer_container.node.reporting.pen import ProgressPen
from scorer_container.node.scope import Scope, all_within
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.account import Account
from scorer_container.node.storage.errors import QueueGoneError, StorageError
from scorer_container.node.storage.sources import Sources
from scorer_container.node.tasks.telemetry import JobTelemetry
from shared.contracts.job_spec import JobSpec
from shared.contracts.names import task_queue
from shared.contracts.progress import JobFailure, NodeState, ProgressRow
from shared.errors import ProductError

Log = Callable[[str], None]
Prepare = Callable[[JobSpec, Sources, NodeSettings, WarmProcesses, Log], Awaitable[PreparedJob]]
"""Makes model, code and environment ready on this machine (jobs/preparing.py)."""

_QUEUE_CHECK_SECONDS = 2.0
_UPLOAD_GRACE_SECONDS = 4.0
_RETURN_SECONDS = 4.0
"""A node that leaves has as long for its uploads, for its tasks, for its ticket and rows, and for its logs."""


class NumberTakenError(Exception):
    """Another live node works under the ticket's number."""


class JobRun:
    """One job under one ticket. Its scopes, each inside the one above:

    life      leases of tasks, progress, logs: outlives what it keeps
    uploads   results under way: may end by themselves when the node leaves
    job       ends with QueueGoneError (the job is over), NumberTakenError, or its cancellation (the node leaves)
    work      (scoring.py) tasks, inputs, scoring processes: ends with a failure, too
    """

    def __init__(
        self,
        account: Account,
        settings: NodeSettings,
        spec: JobSpec,
        ticket: HeldTicket,
        *,
        heartbeat: Heartbeat,
        warm: WarmProcesses,
        start_process: StartProcess,
        prepare: Prepare,
        log: Log,
    ) -> None:
        """Work on the job of `spec` under `ticket`, whose lease the node renews."""
        self._account = account
        self._settings = settings
        self._spec = spec
        self._ticket = ticket
        self._heartbeat = heartbeat
        self._warm = warm
        self._prepare = prepare
        self._node_log = log
        self._queue = account.queue(task_queue(spec.job_id))
        self._tasks = InHand(settings.lease_seconds)
        self._logs = JobLogs(account.blobs, spec.job_id, settings.node_id)
        self._telemetry = JobTelemetry(spec)
        self._preparing = self._telemetry.preparing()
        workers = min(spec.settings.max_concurrency_per_instance, spec.work.tasks)
        self._pens = [self._pen(number) for number in range(workers)]
        self._nudges = Nudges(account, spec.job_name, self._flush, self._log)
        self._crew = Crew(spec, settings, start_process=start_process, warm=warm, logs=self._logs, log=self._log)
        self._is_over = False
        """True when the task queue is gone."""

    async def run(self) -> None:
        """Work until the job is over or the node leaves; everything held is then deleted or given back.

        An error that is raised is a defect of the node itself.
        """
        with self._telemetry.scope():
            async with Scope[None]() as life:
                for activity in (self._logs.run, *(pen.run for pen in self._pens)):
                    life.start(activity)
                life.start(self._tasks.keep, life)
                try:
                    await self._live(life)
                finally:
                    self._preparing.ends()
                    await all_within(_RETURN_SECONDS, self._logs.flush())
        if isinstance(life.reason, Exception):
            raise life.reason

    async def _live(self, life: Scope[None]) -> None:
        self._log(f"job {self._spec.job_name} ({self._spec.job_id}): begins")
        try:
            async with Scope[None]() as uploads:
                try:
                    async with Scope[None]() as job:
                        for activity in (life.failed, self._watch_queue, self._watch_number):
                            job.start(activity)
                        job.start(self._work, job, uploads)
                        reason = await job.ended()
                        self._is_over = isinstance(reason, QueueGoneError)
                        if not isinstance(reason, QueueGoneError | NumberTakenError):
                            life.end(reason)
                finally:
                    if not self._is_over:
                        drained = uploads.drained(_UPLOAD_GRACE_SECONDS)
                        await asyncio.gather(self._crew.release(kill=True), drained)
            if self._is_over:
                await self._shut_down()
        finally:
            await self._crew.release(kill=True)  # those that are left: the node was told to leave at this very moment
            await self._hand_back()
            await self._crew.remove_folders()
            self._log(f"job {self._spec.job_name}: ends")

    async def _work(self, job: Scope[None], uploads: Scope[None]) -> None:
        """Prepare and score; after a failure let the job remind the app until the queue is deleted."""
        try:
            prepared = await self._prepare(self._spec, self._account.sources, self._settings, self._warm, self._log)
            if prepared.has_new:
                job.start(tidy_cache, self._settings, self._log)
            await self._score(prepared, uploads)
        except QueueGoneError:
            raise
        except Exception as error:
            self._fail(failure_of(error))
        job.start(self._nudges.remind)
        await self._crew.release(kill=True)
        await self._crew.upload()

    async def _score(self, prepared: PreparedJob, uploads: Scope[None]) -> None:
        scoring = JobScoring(
            self._account,
            self._settings,
            self._spec,
            queue=self._queue,
            in_hand=self._tasks,
            crew=self._crew,
            pens=self._pens,
            logs=self._logs,
            telemetry=self._telemetry,
            on_ready=self._ready,
            on_idle=self._nudges.nudge,
            log=self._log,
        )
        await scoring.run(prepared, uploads)

    def _ready(self) -> None:
        self._preparing.ends()
        self._heartbeat.enter(NodeState.RUNNING, shuts_down=self._crew.shuts_down)

    def _fail(self, failure: JobFailure) -> None:
        """Report to the app that this node cannot work on the job; the app fails the job."""
        self._preparing.ends(failure)
        self._log(f"cannot work on the job ({failure.step}): {failure.message}")
        if all(pen.progress.fatal is None for pen in self._pens):
            self._pens[0].fatal(failure)

    async def _watch_queue(self) -> None:
        """Raise QueueGoneError when the task queue was deleted."""
        while True:
            if not await self._queue_is_there():
                raise QueueGoneError(f"queue {self._queue.name} does not exist")
            await asyncio.sleep(_QUEUE_CHECK_SECONDS)

    async def _queue_is_there(self) -> bool:
        try:
            return await self._queue.exists()
        except StorageError as error:
            self._log(f"the task queue could not be looked up: {error}")
            return True

    async def _watch_number(self) -> None:
        """Go on without the ticket if it is lost, unless another live node has its number: raise NumberTakenError.

        Only the node that has lost the ticket looks, so two nodes never make room for each other.
        """
        await self._ticket.lost.wait()
        while True:
            try:
                if await self._heartbeat.holder(self._ticket.ticket) is not None:
                    self._log(f"another node works under ticket {self._ticket.ticket.number}; this one leaves the job")
                    raise NumberTakenError
            except ProductError as error:
                self._log(f"the other nodes could not be looked up: {error}")
            await asyncio.sleep(self._settings.heartbeat_seconds)

    async def _shut_down(self) -> None:
        """End the processes of a job that is over."""
        await self._crew.release(kill=False)
        await self._crew.upload()
        if self._crew.shuts_down:
            await all_within(_RETURN_SECONDS, self._logs.flush())
            self._heartbeat.enter(NodeState.RUNNING, shuts_down=False)
            await all_within(_RETURN_SECONDS, self._heartbeat.written())
            await self._nudges.send()

    async def _hand_back(self) -> None:
        """Let go of everything held: tasks first, as others can begin with them."""
        if self._is_over:
            await all_within(_RETURN_SECONDS, self._ticket.acknowledge(), *(pen.remove() for pen in self._pens))
            return
        await self._tasks.hand_back(_RETURN_SECONDS)
        for pen in self._pens:
            pen.update(current_task=-1, done=0, failed=0, current_file="")
        await all_within(_RETURN_SECONDS, self._ticket.give_back(), *(pen.written() for pen in self._pens))

    async def _flush(self) -> None:
        """Write what was logged and noted so far."""
        await asyncio.gather(self._logs.flush(), *(pen.written() for pen in self._pens))

    def _pen(self, number: int) -> ProgressPen:
        rows = self._account.rows("progress", ProgressRow)
        process = f"{self._settings.node_id}:{number}"
        return ProgressPen(rows, self._spec.job_id, process, job_goes_on=self._queue.exists, log=self._log)

    def _log(self, text: str) -> None:
        self._logs.node.line(text)
        self._node_log(text)
