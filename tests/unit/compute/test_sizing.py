from datetime import UTC, datetime, timedelta

import pytest

from shared.compute.scaling import desired_capacity, removable
from shared.contracts.progress import NodeRow, NodeState

pytestmark = pytest.mark.unit
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tickets", "minimum", "maximum", "capacity"),
    [(0, 0, 5, 0), (3, 0, 5, 3), (9, 0, 5, 5), (0, 2, 5, 2), (1, 2, 5, 2)],
)
def test_a_scale_set_has_an_instance_for_each_ticket_within_its_limits(tickets, minimum, maximum, capacity):
    assert desired_capacity(tickets, minimum, maximum) == capacity


def node(name, state, idle_seconds):
    since = NOON - timedelta(seconds=idle_seconds)
    return NodeRow(compute="c", node_id=name, state=state, since=since, heartbeat=NOON)


def test_only_nodes_that_idled_long_enough_go_and_the_longest_idle_first():
    nodes = [
        node("busy", NodeState.RUNNING, 900),
        node("fresh", NodeState.IDLE, 10),
        node("old", NodeState.IDLE, 200),
        node("oldest", NodeState.IDLE, 300),
    ]
    idle_time = timedelta(seconds=120)
    assert [n.node_id for n in removable(nodes, 3, idle_time, NOON)] == ["oldest", "old"]
    assert [n.node_id for n in removable(nodes, 1, idle_time, NOON)] == ["oldest"]
    assert removable(nodes, 0, idle_time, NOON) == []
