"""Deleting assets: never while a deployment uses them; their blobs stay, as they belong to the datastore."""

from shared.control_plane.conditions import ANY_STATE, WriteConditions
from shared.control_plane.references import check_unused
from shared.control_plane.resource_table import ResourceTable
from shared.control_plane.versions import Asset
from shared.control_plane.workspace import Workspace


def delete_version(
    workspace: Workspace,
    table: ResourceTable[Asset],
    name: str,
    version: str,
    conditions: WriteConditions = ANY_STATE,
) -> bool:
    """Delete a version; False when it was not there. Raises ConflictError that names the deployments using it."""
    row = table.find(name, version)
    if row is None:
        return False
    check_unused(workspace, table.kind.partition, (name, version))
    table.delete(row, conditions)
    return True


def delete_asset(workspace: Workspace, table: ResourceTable[Asset], name: str) -> bool:
    """Delete all versions; False when there was none. Raises ConflictError that names the deployments using one."""
    rows = list(table.list(name))
    check_unused(workspace, table.kind.partition, (name,))
    for row in rows:
        table.delete(row)
    return bool(rows)
