"""The nodes of computes: their rows, and a census of them."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from shared.contracts.names import ticket_queue
from shared.contracts.progress import NodeRow, NodeState
from shared.errors import PreconditionFailedError
from shared.observability import names
from shared.observability.measurements import note_lost_nodes, note_nodes, note_tickets
from shared.observability.tracing import scope
from shared.storage.account import StorageAccount
from shared.storage.queues import message_count
from shared.storage.rows import Row, RowTable, readable

log = logging.getLogger(__name__)


NODE_TOLERANCE = timedelta(seconds=30)
"""A node without a heartbeat for this long counts as dead. Its ticket lease has run out as well."""

FORGOTTEN = timedelta(minutes=10)
"""The row of a node that has been dead for this long is deleted."""


class Nodes:
    """The node rows of all computes."""

    def __init__(self, account: StorageAccount, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Use `clock` to decide which nodes are alive."""
        self.table = RowTable(account.tables, "nodes", NodeRow)
        self._clock = clock

    def live(self, compute: str) -> list[NodeRow]:
        """Return the nodes of a compute with a recent heartbeat."""
        return [row.document for row in self.live_rows(compute)]

    def live_rows(self, compute: str) -> list[Row[NodeRow]]:
        """Return the same nodes with their ETags, and delete the rows of nodes that are long dead."""
        now, alive = self._clock(), list[Row[NodeRow]]()
        for row in readable(self.table.partition(compute.lower())):
            age = now - row.document.heartbeat
            if age <= NODE_TOLERANCE:
                alive.append(row)
            elif age > FORGOTTEN:
                with suppress(PreconditionFailedError):  # it has come back since its row was read
                    self.table.remove(row)
        return alive


class Census:
    """Counts tickets and nodes. Reports each node once that went silent without leaving."""

    def __init__(self, account: StorageAccount, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Use `clock` to decide which nodes are alive."""
        self._account = account
        self._nodes = Nodes(account, clock)
        self._clock = clock
        self._alive: dict[str, set[str]] = {}

    def take(self, compute: str) -> None:
        """Look at one compute."""
        note_tickets(compute, message_count(self._account.queues, ticket_queue(compute)) or 0)
        nodes = [row.document for row in readable(self._nodes.table.partition(compute.lower()))]
        live = [node for node in nodes if node.is_live(self._clock(), NODE_TOLERANCE.total_seconds())]
        note_nodes(compute, live)
        self._note_lost(compute, [node for node in nodes if node not in live])
        self._alive[compute] = {node.node_id for node in live}

    def _note_lost(self, compute: str, silent: list[NodeRow]) -> None:
        """Report lost nodes. A node that was leaving is not lost. A node that was silent before has been reported."""
        before = self._alive.get(compute, set())
        lost = [node for node in silent if node.node_id in before and node.state is not NodeState.LEAVING]
        note_lost_nodes(compute, len(lost))
        for node in lost:
            with scope({names.COMPUTE: compute, names.NODE: node.node_id}):
                log.warning("node %s of compute %s went silent; it was %s", node.node_id, compute, node.state)
