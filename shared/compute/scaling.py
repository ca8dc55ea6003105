"""Makes the size of each scale set follow its outstanding tickets (DESIGN D3)."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.compute.scale_sets import ScaleSets
from shared.compute.scaling_problems import ScalingProblems
from shared.compute.sizing import desired_capacity, removable
from shared.contracts.compute_limits import ComputeLimits
from shared.contracts.names import ticket_queue
from shared.contracts.progress import NodeRow, NodeState
from shared.errors import DependencyError, PreconditionFailedError
from shared.storage.account import StorageAccount
from shared.storage.queues import delete_queue, message_count
from shared.storage.rows import Row, RowTable, readable

log = logging.getLogger(__name__)

NODE_TOLERANCE = timedelta(seconds=30)
"""A node without a heartbeat for this long counts as gone: its ticket lease has run out as well."""

FORGOTTEN = timedelta(minutes=10)
"""Rows of nodes that are gone for this long are removed."""


class Nodes:
    """The node rows of all computes."""

    def __init__(self, account: StorageAccount, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`clock` decides who is still alive."""
        self.table = RowTable(account.tables, "nodes", NodeRow)
        self._clock = clock

    def live(self, compute: str) -> list[NodeRow]:
        """The nodes of a compute that gave a sign of life lately."""
        return [row.document for row in self.live_rows(compute)]

    def live_rows(self, compute: str) -> list[Row[NodeRow]]:
        """The same with their ETags; rows of nodes long gone are removed on the way."""
        now, alive = self._clock(), list[Row[NodeRow]]()
        for row in readable(self.table.partition(compute.lower())):
            age = now - row.document.heartbeat
            if age <= NODE_TOLERANCE:
                alive.append(row)
            elif age > FORGOTTEN:
                self.table.delete(row.partition, row.key)
        return alive


class Scaling:
    """Scales the computes of the workspace."""

    def __init__(
        self,
        account: StorageAccount,
        scale_sets: ScaleSets,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`clock` measures idle times."""
        self.problems = ScalingProblems(account.tables, clock)
        self._account = account
        self._scale_sets = scale_sets
        self._nodes = Nodes(account, clock)
        self._clock = clock

    def scale(self, limits: ComputeLimits) -> None:
        """Bring one compute to the size that it should have: out at once, in by nodes that idled long enough."""
        tickets = message_count(self._account.queues, ticket_queue(limits.compute)) or 0
        desired = desired_capacity(tickets, limits.min_instances, limits.max_instances)
        state = self._scale_sets.state(limits.compute)
        if desired > state.capacity:
            self._scale_sets.scale_out(limits.compute, desired)
        elif desired < state.capacity:
            self._scale_in(limits, state.capacity - desired)

    def try_to_scale(self, limits: ComputeLimits) -> None:
        """The same, but a platform that refuses (a quota, an outage) is only noted: jobs wait, the timer goes on."""
        try:
            self.scale(limits)
        except DependencyError as error:
            log.warning("compute %s could not be scaled: %s", limits.compute, error)
            self.problems.note(limits.compute, error.message)
        else:
            self.problems.clear(limits.compute)

    def retire(self, compute: str) -> None:
        """Remove everything of a compute that is deleted."""
        self._scale_sets.delete(compute)
        delete_queue(self._account.queues, ticket_queue(compute))
        self._nodes.table.delete_partition(compute.lower())
        self.problems.clear(compute)

    def _scale_in(self, limits: ComputeLimits, surplus: int) -> None:
        """A node is deleted only after its row says LEAVING: one that takes a ticket at that moment is spared."""
        now = self._clock()
        rows = {row.document.node_id: row for row in self._nodes.live_rows(limits.compute)}
        idle = removable((row.document for row in rows.values()), surplus, timedelta(seconds=limits.idle_seconds), now)
        for node in idle:
            leaving = node.model_copy(update={"state": NodeState.LEAVING, "since": now})
            try:
                self._nodes.table.replace(rows[node.node_id], leaving)
            except PreconditionFailedError:
                continue
            self._scale_sets.delete_instance(limits.compute, node.node_id)
