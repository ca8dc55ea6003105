"""Computes: clusters that scale between a minimum and a maximum of nodes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.contracts.bodies import ResourceBody, parse_model, seconds_of
from shared.contracts.names import COMPUTE_NAME
from shared.contracts.progress import NodeRow
from shared.contracts.resources import MAX_NODES, ComputeProperties
from shared.control_plane.references import check_unused
from shared.control_plane.resource_table import ANY_STATE, Change, Upserted, WriteConditions, upsert
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, ValidationError


@dataclass(frozen=True)
class Machines:
    """Functions of the rest of the application about a compute. Each takes the compute's name."""

    live_nodes: Callable[[str], Sequence[NodeRow]]
    tickets: Callable[[str], int]
    """Returns how many nodes its jobs ask for."""
    problem: Callable[[str], str]
    """Returns why it cannot be scaled now, or an empty text."""
    unfinished_jobs: Callable[[str], Sequence[str]]
    """Names of jobs."""
    retire: Callable[[str], None]
    """Removes its instances and queues."""


def put_compute(workspace: Workspace, name: str, body: ResourceBody, change: Change) -> Upserted[ComputeProperties]:
    """Create or update a compute. Raises ValidationError."""
    COMPUTE_NAME.check(name)
    properties = parse_model(ComputeProperties, body.properties)
    _check_scale(properties)
    return upsert(workspace.computes, (name,), lambda _: properties, change, body.tags)


def delete_compute(
    workspace: Workspace, name: str, machines: Machines, conditions: WriteConditions = ANY_STATE
) -> bool:
    """Delete a compute. Return False if it was not there.

    Raises ConflictError that names the deployments or unfinished jobs that need it.
    """
    row = workspace.computes.find(name)
    if row is None:
        return False
    conditions.check(row.etag, f"compute {name!r}")
    check_unused(workspace, "computes", (name,))
    if jobs := machines.unfinished_jobs(row.document.name):
        raise ConflictError(f"compute {name!r} has unfinished jobs: {', '.join(jobs)}; cancel them first", target=name)
    machines.retire(row.document.name)
    workspace.computes.delete(row, conditions)
    return True


def _check_scale(properties: ComputeProperties) -> None:
    scale = properties.properties.scale_settings
    field = "properties.properties.scaleSettings"
    if scale.max_node_count > MAX_NODES:
        raise ValidationError(
            f"{field}.maxNodeCount {scale.max_node_count} is not valid: a compute has at most {MAX_NODES:,} nodes",
            target=f"{field}.maxNodeCount",
        )
    if scale.min_node_count > scale.max_node_count:
        raise ValidationError(
            f"{field}.minNodeCount {scale.min_node_count} is greater than maxNodeCount {scale.max_node_count}",
            target=f"{field}.minNodeCount",
        )
    idle = f"{field}.nodeIdleTimeBeforeScaleDown"
    if seconds_of(scale.node_idle_time_before_scale_down, idle) < 0:
        raise ValidationError(f"{idle} must not be negative", target=idle)
