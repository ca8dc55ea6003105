"""Versions of an asset: which is the newest, and which comes next."""

from collections.abc import Iterable

from shared.control_plane.arm_ids import LATEST
from shared.control_plane.resource import Properties, Resource
from shared.control_plane.resource_table import ResourceTable
from shared.storage.rows import Row


def get_version(table: ResourceTable[Properties], name: str, version: str | None) -> Row[Resource[Properties]]:
    """A version of an asset; None and `latest` mean the newest that is not archived. Raises NotFoundError."""
    if version is not None and version.lower() != LATEST:
        return table.get(name, version)
    active = [row for row in table.list(name) if not is_archived(row.document)]
    if not active:
        raise table.not_found(name, LATEST)
    return max(active, key=lambda row: age_key(row.document))


def is_archived(resource: Resource[Properties]) -> bool:
    """Whether lists leave it out unless asked for."""
    return bool(getattr(resource.properties, "is_archived", False))


def age_key(resource: Resource[Properties]) -> tuple[str, str]:
    """Sorts by time of creation."""
    return resource.created.isoformat(timespec="microseconds"), resource.name


def next_version(resources: Iterable[Resource[Properties]]) -> str:
    """The number after the highest numbered version, else `1`."""
    numbers = [int(resource.name) for resource in resources if resource.name.isdecimal()]
    return str(max(numbers, default=0) + 1)
