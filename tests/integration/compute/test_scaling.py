"""`Scaling` over the real local scale set and real queues and tables."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.compute.nodes import Nodes
from shared.compute.scale_sets import LocalScaleSets
from shared.compute.scaling import Scaling, ScalingProblem
from shared.contracts.messages import NodeTicket
from shared.contracts.names import ticket_queue
from shared.contracts.progress import NodeRow, NodeState
from shared.contracts.resources import ComputeLimits
from shared.errors import PreconditionFailedError
from shared.storage.account import StorageAccount
from shared.storage.queues import queue_client, send

pytestmark = pytest.mark.integration

IDLE_SECONDS = 120


class Compute:
    """A compute of the local scale set whose nodes' rows are written by the test."""

    def __init__(self, name: str, account: StorageAccount, scale_sets) -> None:
        self.name, self.account, self.scale_sets = name, account, scale_sets
        self.now = datetime.now(UTC)
        self.limits = ComputeLimits(compute=name, min_instances=0, max_instances=3, idle_seconds=IDLE_SECONDS)
        self.scaling = Scaling(account, scale_sets, lambda: self.now)
        self.table = Nodes(account).table

    def put_tickets(self, count: int) -> None:
        for number in range(count):
            send(self.account.queues, ticket_queue(self.name), NodeTicket(job_id="job", number=number))

    def take_tickets(self) -> None:
        queue_client(self.account.queues, ticket_queue(self.name)).clear_messages()

    def scale(self, **limits: int) -> None:
        self.scaling.scale(self.limits.model_copy(update=limits))

    def ids(self) -> set[str]:
        return {one.id for one in self.scale_sets.state(self.name).instances}

    def row(self, node: str, state: NodeState = NodeState.IDLE, seconds: float = 0) -> None:
        """The node says that it has been in `state` for so many seconds."""
        since = self.now - timedelta(seconds=seconds)
        row = NodeRow(compute=self.name, node_id=node, state=state, since=since, heartbeat=self.now)
        self.table.put(self.name, node, row)

    def capacity(self) -> int:
        return self.scale_sets.state(self.name).capacity


@pytest.fixture
def compute(local, connection_string, unique_name):
    one = Compute(unique_name("cpu"), StorageAccount(connection_string=connection_string), local)
    yield one
    one.scaling.retire(one.name)


def test_instances_follow_the_tickets_up_to_the_maximum(compute):
    compute.put_tickets(2)
    compute.scale()
    assert compute.capacity() == 2
    compute.put_tickets(4)
    compute.scale()
    assert compute.capacity() == 3


def test_without_tickets_the_minimum_stays(compute):
    compute.scale(min_instances=1)
    assert compute.capacity() == 1


def test_only_nodes_that_idled_long_enough_leave(compute, eventually):
    compute.put_tickets(3)
    compute.scale()
    old, young, busy = sorted(compute.ids())
    compute.take_tickets()
    compute.row(old, seconds=IDLE_SECONDS + 1)
    compute.row(young, seconds=IDLE_SECONDS - 1)
    compute.row(busy, NodeState.RUNNING, seconds=IDLE_SECONDS * 10)
    compute.scale()
    assert compute.table.get(compute.name, old).document.state is NodeState.LEAVING
    eventually(lambda: compute.ids() == {young, busy})
    assert compute.capacity() == 2


def test_an_outstanding_ticket_keeps_an_idle_node(compute):
    compute.put_tickets(1)
    compute.scale()
    (node,) = compute.ids()
    compute.row(node, seconds=IDLE_SECONDS + 1)
    compute.scale()
    assert compute.ids() == {node}
    assert compute.table.get(compute.name, node).document.state is NodeState.IDLE


def test_a_node_that_takes_a_ticket_at_that_moment_is_spared(compute, monkeypatch):
    """It writes its row between our read and our write, so our ETag is no longer the current one."""
    compute.put_tickets(1)
    compute.scale()
    (node,) = compute.ids()
    compute.take_tickets()
    compute.row(node, seconds=IDLE_SECONDS + 1)
    refused = []

    def replace(row, document, original=compute.scaling._nodes.table.replace):
        compute.row(node, NodeState.PREPARING)
        try:
            return original(row, document)
        except PreconditionFailedError:
            refused.append(document.state)
            raise

    monkeypatch.setattr(compute.scaling._nodes.table, "replace", replace)
    compute.scale()
    assert refused == [NodeState.LEAVING]
    assert compute.ids() == {node}
    assert compute.table.get(compute.name, node).document.state is NodeState.PREPARING


def test_a_retired_compute_has_nothing_left(compute, eventually):
    compute.put_tickets(1)
    compute.scale()
    (node,) = compute.ids()
    compute.row(node)
    compute.scaling.retire(compute.name)
    eventually(lambda: not compute.ids())
    assert compute.table.find(compute.name, node) is None


def test_a_refusal_of_the_platform_is_logged_and_not_raised(compute, connection_string, caplog):
    nobody = LocalScaleSets("http://127.0.0.1:9", "key")
    scaling = Scaling(StorageAccount(connection_string=connection_string), nobody)
    compute.put_tickets(1)
    scaling.try_to_scale(compute.limits)
    assert f"compute {compute.name} could not be scaled" in caplog.text


def test_a_problem_keeps_its_first_time_when_its_message_changes(compute):
    problems = compute.scaling.problems
    problems.note(compute.name, "could not be scaled out to 1")
    began = problems.of(compute.name).since
    compute.now += timedelta(hours=1)
    problems.note(compute.name, "could not be scaled out to 2")
    assert problems.of(compute.name) == ScalingProblem(message="could not be scaled out to 2", since=began)


def test_why_a_compute_has_too_few_nodes_is_known_until_it_can_be_scaled(compute, connection_string):
    account = StorageAccount(connection_string=connection_string)
    nobody, noon = LocalScaleSets("http://127.0.0.1:9", "key"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    for minute in (0, 1):
        Scaling(account, nobody, lambda minute=minute: noon.replace(minute=minute)).try_to_scale(compute.limits)
    problem = compute.scaling.problems.of(compute.name)
    assert "the local scale set at http://127.0.0.1:9 does not answer" in problem.message
    assert problem.since == noon
    compute.scaling.try_to_scale(compute.limits)
    assert compute.scaling.problems.of(compute.name) is None
