"""A scorer node: takes tickets and works on their jobs until it is told to leave."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from scorer_container.node.cache.folders import new_folder
from scorer_container.node.in_hand import InHand
from scorer_container.node.jobs.preparing import prepare as prepare_here
from scorer_container.node.jobs.run import JobRun, Prepare
from scorer_container.node.jobs.tickets import HeldTicket, Tickets
from scorer_container.node.processes.process import StartProcess
from scorer_container.node.processes.scoring_process import start_process as start_here
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.reporting.failure import node_defect
from scorer_container.node.reporting.heartbeat import Heartbeat
from scorer_container.node.reporting.own_row import OwnRow
from scorer_container.node.scope import Scope, all_within, finish_anyway, in_thread
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.account import Account
from scorer_container.node.storage.errors import BlobGoneError, StorageError
from shared.contracts.job_spec import JobSpec
from shared.contracts.progress import NodeRow, NodeState, ProgressRow
from shared.errors import ProductError
from shared.storage.blobs import JOBS_CONTAINER, spec_name

log = logging.getLogger(__name__)

_SHORTEST_POLL = 0.1
_LONGEST_POLL = 0.25
_ANSWER_GRACE_SECONDS = 2.0
"""How long a leaving node waits for the answer to a receive: what it brings can then be given back."""
_RETURN_SECONDS = 4.0
_ROW_SECONDS = 10.0
"""The most that the beginning of a job waits for the node's row to name it."""

Leaving = Literal["leaving"]


class Node:
    """One node of a compute. The scope `alive` has the heartbeat and the tickets in hand; in it, `node` takes more."""

    def __init__(
        self,
        settings: NodeSettings,
        account: Account,
        *,
        start_process: StartProcess = start_here,
        prepare: Prepare = prepare_here,
        on_leaving: Callable[[], None] = lambda: None,
    ) -> None:
        """`start_process` starts scoring processes, `prepare` makes the parts of a job ready on this machine.

        `on_leaving` is called when the node is told to leave.
        """
        self._settings = settings
        self._account = account
        self._start_process = start_process
        self._prepare = prepare
        self._on_leaving = on_leaving
        self._warm = WarmProcesses()
        self._scope: Scope[Leaving] = Scope()
        self._heartbeat = Heartbeat(account.rows("nodes", NodeRow), settings, on_leaving=self.leave, log=self._log)
        self._in_hand = InHand(settings.lease_seconds)
        self._tickets = Tickets(account, settings, self._heartbeat, self._in_hand, self._log)

    def leave(self) -> None:
        """End the node: tickets and unfinished tasks go back at once."""
        if self._scope.reason is None:
            self._on_leaving()
        self._scope.end("leaving")

    async def run(self) -> None:
        """Write the node's row, work until `leave()`, and delete the row. An error that is raised is a defect."""
        await in_thread(self._make_folders)
        async with Scope[None]() as alive:
            alive.start(self._heartbeat.run)
            alive.start(self._in_hand.keep, alive)
            async with self._scope:
                self._scope.start(alive.failed)
                self._scope.start(self._take_tickets)
                reason = await self._scope.ended()
            await self._warm.close()
        await all_within(_RETURN_SECONDS, self._heartbeat.remove())
        if isinstance(reason, Exception):
            raise reason
        self._log("has left")

    async def _take_tickets(self) -> None:
        await self._heartbeat.written()
        self._log("is ready")
        poll = _SHORTEST_POLL
        try:
            while True:
                ticket = await finish_anyway(_ANSWER_GRACE_SECONDS, self._tickets.lease)
                if ticket is not None:
                    await self._work(ticket)
                poll = min(poll * 1.2, _LONGEST_POLL) if ticket is None else _SHORTEST_POLL
                await asyncio.sleep(poll)
        finally:
            await self._in_hand.hand_back(_RETURN_SECONDS)

    async def _work(self, ticket: HeldTicket) -> None:
        self._heartbeat.enter(NodeState.PREPARING, ticket.ticket)
        try:
            await all_within(_ROW_SECONDS, self._heartbeat.written())
            if self._scope.reason is None:  # else the row says that the node must leave
                await self._run_job(ticket)
        except StorageError as error:
            self._log(f"job {ticket.ticket.job_id}: {error}; its ticket will be met again")
        finally:
            self._heartbeat.enter(NodeState.IDLE)
            await self._in_hand.hand_back(_RETURN_SECONDS)

    async def _run_job(self, ticket: HeldTicket) -> None:
        """Raise StorageError if the job cannot begin."""
        try:
            spec = await self._spec(ticket)
        except ValueError as error:  # the job must end with a reason
            log.exception("node %s: cannot read job %s", self._settings.node_id, ticket.ticket.job_id)
            await self._report_defect(ticket, error)
            return
        if spec is None:
            return
        run = JobRun(
            self._account,
            self._settings,
            spec,
            ticket,
            heartbeat=self._heartbeat,
            warm=self._warm,
            start_process=self._start_process,
            prepare=self._prepare,
            log=self._log,
        )
        await run.run()

    async def _spec(self, ticket: HeldTicket) -> JobSpec | None:
        """Return the job's spec; None if it was deleted with the job. Raise ValueError if it cannot be read."""
        try:
            text = await self._account.blobs.read(JOBS_CONTAINER, spec_name(ticket.ticket.job_id))
        except BlobGoneError:
            self._log(f"job {ticket.ticket.job_id} has no spec; its ticket is deleted")
            await ticket.acknowledge()
            return None
        return JobSpec.model_validate_json(text)

    async def _report_defect(self, ticket: HeldTicket, error: Exception) -> None:
        """Let the job fail with the reason, and let go of the ticket until the app has ended the job."""
        job_id, process = ticket.ticket.job_id, f"{self._settings.node_id}:0"
        row = ProgressRow(job_id=job_id, process=process, updated=datetime.now(UTC), fatal=node_defect(error))
        try:
            await OwnRow(self._account.rows("progress", ProgressRow), job_id, process).write(row)
        except ProductError as problem:
            self._log(f"the failure could not be reported: {problem}")
        await ticket.give_back(self._settings.lease_seconds)

    def _make_folders(self) -> None:
        new_folder(self._settings.folder)
        self._settings.cache.mkdir(parents=True, exist_ok=True)

    def _log(self, text: str) -> None:
        log.info("node %s: %s", self._settings.node_id, text)
