from datetime import UTC, datetime

import pytest

from shared.contracts.progress import NodeRow, NodeState
from shared.triggers.http.management.computes import allocation

pytestmark = pytest.mark.unit
NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDLE, RUNNING, LEAVING = NodeState.IDLE, NodeState.RUNNING, NodeState.LEAVING


@pytest.mark.parametrize(
    ("states", "wanted", "state", "target"),
    [
        ([], 0, "Steady", 0),
        ([], 2, "Resizing", 2),
        ([RUNNING], 2, "Resizing", 2),
        ([RUNNING, RUNNING], 2, "Steady", 2),
        ([IDLE, RUNNING], 1, "Steady", 2),
        ([IDLE, LEAVING], 0, "Resizing", 1),
        ([RUNNING, LEAVING], 2, "Resizing", 2),
    ],
)
def test_a_compute_is_resizing_while_nodes_come_or_go(states, wanted, state, target):
    nodes = [NodeRow(compute="cpu", node_id=str(n), state=s, since=NOW, heartbeat=NOW) for n, s in enumerate(states)]
    assert allocation(nodes, wanted) == {
        "allocationState": state,
        "currentNodeCount": len(states),
        "targetNodeCount": target,
    }
