"""The node's row in table `nodes`: what it does, and its heartbeat."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from scorer_container.node.reporting.own_row import OwnRow
from scorer_container.node.scope import Changes
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.rows import Row, Rows
from shared.contracts.messages import NodeTicket
from shared.contracts.progress import NodeRow, NodeState
from shared.errors import ProductError, UnreadableError

_RETRY_SECONDS = 1.0
_REMOVE_TRIES = 3
_NO_TICKET = NodeTicket(job_id="", number=0)


class Heartbeat:
    """Keeps the row fresh. The app sends the node away by setting the row's state to `leaving`."""

    def __init__(
        self,
        rows: Rows[NodeRow],
        settings: NodeSettings,
        *,
        on_leaving: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        """`on_leaving` is called when the app sends the node away."""
        self._rows = rows
        self._settings = settings
        self._on_leaving = on_leaving
        self._log = log
        self._row = OwnRow(rows, settings.compute, settings.node_id, self._is_not_sent_away)
        self._state = NodeState.IDLE
        self._since = datetime.now(UTC)
        self._ticket = _NO_TICKET
        self._shuts_down = False
        self._version = 1
        self._written = 0
        self._changes = Changes()

    def enter(self, state: NodeState, ticket: NodeTicket | None = None, *, shuts_down: bool = False) -> None:
        """Enter a state, which is written at once. A state other than `idle` keeps the ticket if none is given."""
        if state is not self._state:
            self._state, self._since = state, datetime.now(UTC)
        if ticket is not None or state is NodeState.IDLE:
            self._ticket = ticket or _NO_TICKET
        self._shuts_down = shuts_down
        self._version += 1
        self._changes.tell()

    async def written(self) -> None:
        """Wait until the present state is written, or the app was found to send the node away."""
        version = self._version
        await self._changes.until(lambda: self._written >= version)

    async def run(self) -> None:
        """Write the row for ever."""
        while True:
            version = self._version
            try:
                await self._row.write(self._document())
            except ProductError as error:
                self._log(self._problem(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._written = version
            self._changes.tell()
            await self._until_next()

    async def remove(self) -> None:
        """Delete the row. It must not be written any more. Try again if storage refuses or does not answer."""
        for _ in range(_REMOVE_TRIES):
            try:
                await self._row.remove()
            except ProductError as error:
                self._log(f"the node's row could not be removed: {error}")
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def holder(self, ticket: NodeTicket) -> Row[NodeRow] | None:
        """Return the row of another live node that works under the same ticket; raise StorageError.

        Only the server's clock counts: the latest write of any row of the compute is the present. This node's own row
        is at most a heartbeat old.
        """
        rows = await self._rows.partition(self._settings.compute)
        if not rows:
            return None
        alive_since = max(row.timestamp for row in rows) - timedelta(seconds=self._settings.lease_seconds)
        return next((row for row in rows if row.timestamp >= alive_since and self._holds(row, ticket)), None)

    def _holds(self, row: Row[NodeRow], ticket: NodeTicket) -> bool:
        if row.key == self._settings.node_id or isinstance(row.content, UnreadableError):
            return False
        return (row.document.job_id, row.document.ticket) == (ticket.job_id, ticket.number)

    def _is_not_sent_away(self, found: NodeRow) -> bool:
        """Return False for a row that sends the node away. Restored storage or a late write changes the row, too."""
        if found.state is not NodeState.LEAVING:
            return True
        self._on_leaving()
        return False

    def _problem(self, error: ProductError) -> str:
        if self._written:
            return f"the heartbeat could not be written: {error}"
        return f"the storage account does not answer yet: {error}"

    async def _until_next(self) -> None:
        try:
            async with asyncio.timeout(self._settings.heartbeat_seconds):
                await self._changes.until(lambda: self._written < self._version)
        except TimeoutError:
            pass

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
