"""A scorer node: takes tickets and works on their jobs until it is told to leave."""

import logging
import threading
from contextlib import suppress
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from scorer_container.node.failure import node_defect
from scorer_container.node.folders import new_folder
from scorer_container.node.job_run import JobRun
from scorer_container.node.log_pump import LogPump
from scorer_container.node.node_parts import NodeParts
from scorer_container.node.presence import Presence
from scorer_container.node.settings import NodeSettings
from scorer_container.node.sources import Sources
from scorer_container.node.tickets import HeldTicket, TicketQueue
from scorer_container.node.warm_processes import WarmProcesses
from shared.contracts.job_spec import JobSpec
from shared.contracts.progress import NodeRow, NodeState, ProgressRow
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER, spec_name
from shared.storage.hot_path.connect import HotAccount
from shared.storage.hot_path.errors import BlobGoneError, HotPathError
from shared.storage.hot_path.transport import Patience
from shared.storage.rows import RowTable

log = logging.getLogger(__name__)

_SHORTEST_POLL = 0.1
_LONGEST_POLL = 0.25


class Node:
    """One node of a compute."""

    def __init__(self, settings: NodeSettings, account: StorageAccount, leaving: threading.Event) -> None:
        """`leaving` ends the node: it gives tickets and unfinished tasks back at once."""
        patience = Patience(stop=leaving)
        hot = HotAccount(account, patience)
        self._leaving = leaving
        self._parts = NodeParts(
            settings=settings,
            account=account,
            hot=hot,
            sources=Sources(account, patience),
            progress=RowTable(account.tables, "progress", ProgressRow),
            pump=LogPump(),
            warm=WarmProcesses(),
            leaving=leaving,
            log=self._log,
        )
        self._presence = Presence(RowTable(account.tables, "nodes", NodeRow), settings, leaving, self._log)
        self._tickets = TicketQueue(hot, settings, self._presence, self._log)

    def run(self) -> None:
        """Write the node's row, work, and delete the row."""
        new_folder(self._parts.settings.folder)
        self._parts.settings.cache.mkdir(parents=True, exist_ok=True)
        self._announce()
        poll = _SHORTEST_POLL
        while not self._leaving.wait(poll):
            ticket = self._lease()
            poll = min(poll * 1.2, _LONGEST_POLL)
            if ticket is not None:
                self._work(ticket)
                poll = _SHORTEST_POLL
        self._parts.warm.close()
        self._presence.close()
        self._log("has left")

    def _announce(self) -> None:
        while not self._leaving.is_set():
            try:
                self._presence.announce()
            except AzureError as error:
                self._log(f"the storage account does not answer yet: {error}")
                self._leaving.wait(_LONGEST_POLL)
            else:
                self._log("is ready")
                return

    def _lease(self) -> HeldTicket | None:
        try:
            return self._tickets.lease()
        except (HotPathError, AzureError) as error:
            self._log(f"no ticket could be leased: {error}")
            return None

    def _work(self, ticket: HeldTicket) -> None:
        if not self._presence.enter(NodeState.PREPARING, ticket.ticket):
            with suppress(HotPathError):  # then its lease ends by itself
                ticket.give_back()
            return
        try:
            spec = self._spec(ticket)
            if spec is not None:
                JobRun(self._parts, spec, ticket, self._running).run()
        except HotPathError as error:
            self._log(f"job {ticket.ticket.job_id}: {error}; its ticket will be met again")
        except Exception as error:  # a defect of ours must end the job with a reason, not the node
            log.exception("node %s: failed at job %s", self._parts.settings.node_id, ticket.ticket.job_id)
            self._report_defect(ticket, error)
        finally:
            self._presence.enter(NodeState.IDLE)

    def _report_defect(self, ticket: HeldTicket, error: Exception) -> None:
        process = f"{self._parts.settings.node_id}:0"
        job_id, failure = ticket.ticket.job_id, node_defect(error)
        row = ProgressRow(job_id=job_id, process=process, updated=datetime.now(UTC), fatal=failure)
        try:
            self._parts.progress.put(job_id, process, row)
        except AzureError as problem:
            self._log(f"the failure could not be reported: {problem}")

    def _running(self, shuts_down: bool) -> None:
        self._presence.enter(NodeState.RUNNING, shuts_down=shuts_down)

    def _spec(self, ticket: HeldTicket) -> JobSpec | None:
        """Return the job's spec; None if it was deleted with the job."""
        try:
            text = self._parts.hot.blobs.read(JOBS_CONTAINER, spec_name(ticket.ticket.job_id))
        except BlobGoneError:
            self._log(f"job {ticket.ticket.job_id} has no spec; its ticket is deleted")
            ticket.delete()
            return None
        return JobSpec.model_validate_json(text)

    def _log(self, text: str) -> None:
        log.info("node %s: %s", self._parts.settings.node_id, text)
