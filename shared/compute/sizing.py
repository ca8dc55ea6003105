"""The rule that sizes a scale set: plain functions of tickets, limits and what nodes say."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.contracts.progress import NodeRow, NodeState


def desired_capacity(tickets: int, minimum: int, maximum: int) -> int:
    """Instances that a compute should have: one for each outstanding ticket, within its limits (DESIGN D3)."""
    return max(minimum, min(tickets, maximum))


def removable(nodes: Iterable[NodeRow], surplus: int, idle_time: timedelta, now: datetime) -> list[NodeRow]:
    """Up to `surplus` nodes that may go: idle for at least `idle_time`, the longest idle first."""
    idle = [node for node in nodes if node.state is NodeState.IDLE and now - node.since >= idle_time]
    return sorted(idle, key=lambda node: node.since)[: max(0, surplus)]
