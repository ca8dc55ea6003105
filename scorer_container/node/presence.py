"""The node's row in table `nodes`: what it does, and its heartbeat."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from scorer_container.node.settings import NodeSettings
from scorer_container.node.vital_thread import VitalThread
from shared.contracts.messages import NodeTicket
from shared.contracts.progress import NodeRow, NodeState
from shared.errors import ConflictError, PreconditionFailedError
from shared.storage.rows import Row, RowTable


class Presence:
    """Keeps the row up to date. If the app sets it to `leaving`, the node leaves."""

    def __init__(
        self,
        table: RowTable[NodeRow],
        settings: NodeSettings,
        leaving: threading.Event,
        log: Callable[[str], None],
    ) -> None:
        self._table = table
        self._settings = settings
        self._leaving = leaving
        self._log = log
        self._lock = threading.Lock()
        self._row: Row[NodeRow] | None = None
        self._state = NodeState.IDLE
        self._since = datetime.now(UTC)
        self._ticket = NodeTicket(job_id="", number=0)
        self._shuts_down = False
        self._stop = threading.Event()
        self._thread = VitalThread(target=self._run, name="heartbeat", daemon=True)

    def announce(self) -> None:
        """Write the row and start its heartbeat; raise AzureError."""
        self._row = self._table.put(self._settings.compute, self._settings.node_id, self._document())
        self._thread.start()

    def enter(self, state: NodeState, ticket: NodeTicket | None = None, *, shuts_down: bool = False) -> bool:
        """Write a new state; return False if the node must leave instead."""
        with self._lock:
            self._shuts_down = shuts_down
            if state is not self._state:
                self._state, self._since = state, datetime.now(UTC)
            if ticket is not None or state is NodeState.IDLE:
                self._ticket = ticket or NodeTicket(job_id="", number=0)
        self._beat()
        return not self._leaving.is_set()

    def holder(self, ticket: NodeTicket) -> NodeRow | None:
        """Return another live node that works under the same ticket."""
        now = datetime.now(UTC)
        for row in self._table.partition(self._settings.compute):
            node = row.document
            same = (node.job_id, node.ticket) == (ticket.job_id, ticket.number)
            if same and node.node_id != self._settings.node_id and node.is_live(now, self._settings.lease_seconds):
                return node
        return None

    def close(self) -> None:
        """Delete the row."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._table.delete(self._settings.compute, self._settings.node_id)
        except AzureError as error:
            self._log(f"the node's row could not be removed: {error}")

    def _run(self) -> None:
        while not self._stop.wait(self._settings.heartbeat_seconds):
            self._beat()

    def _beat(self) -> None:
        with self._lock:
            try:
                self._write()
            except AzureError as error:
                self._log(f"the heartbeat could not be written: {error}")

    def _write(self) -> None:
        assert self._row is not None
        try:
            self._row = self._table.replace(self._row, self._document())
        except PreconditionFailedError:
            self._meet_other_writer()

    def _meet_other_writer(self) -> None:
        """Handle a changed row. The app writes it too, to send the node away; a restored storage may lag behind."""
        current = self._table.find(self._settings.compute, self._settings.node_id)
        if current is not None and current.document.state is NodeState.LEAVING:
            self._row = current
            self._leaving.set()
            return
        try:
            if current is None:
                self._row = self._table.insert(self._settings.compute, self._settings.node_id, self._document())
            else:
                self._row = self._table.replace(current, self._document())
        except (ConflictError, PreconditionFailedError):
            self._log("the node's row changed while it was read; the next heartbeat looks again")

    def _document(self) -> NodeRow:
        return NodeRow(
            compute=self._settings.compute,
            node_id=self._settings.node_id,
            state=self._state,
            since=self._since,
            heartbeat=datetime.now(UTC),
            job_id=self._ticket.job_id,
            ticket=self._ticket.number if self._ticket.job_id else -1,
            shuts_down=self._shuts_down,
        )
