"""Makes the size of each scale set follow its outstanding tickets (docs/decisions/0003)."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from azure.data.tables import TableServiceClient
from pydantic import BaseModel

from shared.compute.nodes import Nodes
from shared.compute.scale_sets import ScaleSets
from shared.contracts.names import ticket_queue
from shared.contracts.progress import NodeRow, NodeState
from shared.contracts.resources import ComputeLimits
from shared.errors import DependencyError, PreconditionFailedError
from shared.storage.account import StorageAccount
from shared.storage.queues import delete_queue, message_count
from shared.storage.rows import RowTable

log = logging.getLogger(__name__)


class Scaling:
    """Scales the computes of the workspace."""

    def __init__(
        self,
        account: StorageAccount,
        scale_sets: ScaleSets,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Use `clock` to measure idle times."""
        self.problems = ScalingProblems(account.tables, clock)
        self._account = account
        self._scale_sets = scale_sets
        self._nodes = Nodes(account, clock)
        self._clock = clock

    def scale(self, limits: ComputeLimits) -> None:
        """Bring one compute to its desired size. Scale out at once. Scale in by nodes that have idled long enough."""
        tickets = message_count(self._account.queues, ticket_queue(limits.compute)) or 0
        desired = desired_capacity(tickets, limits.min_instances, limits.max_instances)
        state = self._scale_sets.state(limits.compute)
        if desired > state.capacity:
            self._scale_sets.scale_out(limits.compute, desired)
        elif desired < state.capacity:
            self._scale_in(limits, state.capacity - desired)

    def try_to_scale(self, limits: ComputeLimits) -> None:
        """Do the same. If the platform refuses (a quota, an outage), store the problem and let the jobs wait."""
        try:
            self.scale(limits)
        except DependencyError as error:
            log.warning("compute %s could not be scaled: %s", limits.compute, error)
            self.problems.note(limits.compute, error.message)
        else:
            self.problems.clear(limits.compute)

    def retire(self, compute: str) -> None:
        """Remove everything that belongs to a deleted compute."""
        self._scale_sets.delete(compute)
        delete_queue(self._account.queues, ticket_queue(compute))
        self._nodes.table.delete_partition(compute.lower())
        self.problems.clear(compute)

    def _scale_in(self, limits: ComputeLimits, surplus: int) -> None:
        """Delete idle nodes, each only after its row says LEAVING. A node that takes a ticket at that moment stays."""
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


_PARTITION = "compute"


class ScalingProblem(BaseModel):
    """Why the platform refused at the last try: a quota, a missing scale set, an outage.

    Table `scalingproblems`, partition `compute`, row = the compute's name.
    """

    message: str
    since: datetime


class ScalingProblems:
    """The problems of all computes."""

    def __init__(self, tables: TableServiceClient, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Use `clock` for the time at which a problem began."""
        self._rows = RowTable(tables, "scalingproblems", ScalingProblem)
        self._clock = clock

    def of(self, compute: str) -> ScalingProblem | None:
        """Return the current problem of a compute, or None."""
        row = self._rows.find(_PARTITION, compute.lower())
        return row.document if row else None

    def reason(self, compute: str) -> str:
        """Return why a job that waits for its first node does not get it, or an empty text if nothing is wrong."""
        problem = self.of(compute)
        return f"no node has come since {problem.since:%Y-%m-%d %H:%M:%S} UTC: {problem.message}" if problem else ""

    def note(self, compute: str, message: str) -> None:
        """Store that a compute could not be scaled. The message may change while the problem lasts."""
        known = self.of(compute)
        if known is None or known.message != message:
            problem = ScalingProblem(message=message, since=known.since if known else self._clock())
            self._rows.put(_PARTITION, compute.lower(), problem)

    def clear(self, compute: str) -> None:
        """Delete the problem, because the compute could be scaled or was deleted."""
        if self.of(compute) is not None:
            self._rows.delete(_PARTITION, compute.lower())


def desired_capacity(tickets: int, minimum: int, maximum: int) -> int:
    """Instances that a compute should have: one for each outstanding ticket, within its limits."""
    return max(minimum, min(tickets, maximum))


def removable(nodes: Iterable[NodeRow], surplus: int, idle_time: timedelta, now: datetime) -> list[NodeRow]:
    """Return up to `surplus` nodes to remove: idle for at least `idle_time`, the longest idle first."""
    idle = [node for node in nodes if node.state is NodeState.IDLE and now - node.since >= idle_time]
    return sorted(idle, key=lambda node: node.since)[: max(0, surplus)]
