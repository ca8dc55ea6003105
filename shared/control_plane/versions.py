"""Versions of an asset: created once with their content, listed, archived, deleted."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.contracts.names import ASSET_NAME, ASSET_VERSION
from shared.contracts.requests import ListView
from shared.contracts.resources import AssetProperties
from shared.control_plane.arm_ids import LATEST
from shared.control_plane.resource import Resource
from shared.control_plane.resource_table import ResourceTable
from shared.control_plane.saving import Change, Saved, upsert
from shared.errors import ConflictError, Problems, ValidationError
from shared.storage.rows import Row

Asset = TypeVar("Asset", bound=AssetProperties)
"""The properties of a kind of asset."""


def get_version(table: ResourceTable[Asset], name: str, version: str | None) -> Row[Resource[Asset]]:
    """A version of an asset; None and `latest` mean the newest that is not archived. Raises NotFoundError."""
    if version is not None and version.lower() != LATEST:
        return table.get(name, version)
    active = [row for row in table.list(name) if not row.document.properties.is_archived]
    if not active:
        raise table.not_found(name, LATEST)
    return max(active, key=lambda row: age_key(row.document))


def put_version(
    table: ResourceTable[Asset],
    name: str,
    version: str,
    properties: Asset,
    change: Change,
    *,
    content: Callable[[Asset], object],
) -> Saved[Asset]:
    """Create a version, or change what is not its `content` (description, tags, archived or not).

    Raises ValidationError for a bad name, ConflictError when the version exists with other content.
    """
    ASSET_NAME.check(name)
    if ASSET_VERSION.check(version).lower() == LATEST:
        raise ValidationError(f"version {version!r} is not valid: it is the label of the newest", target="version")

    def unchanged_content(current: Resource[Asset] | None) -> Asset:
        if current is not None and content(current.properties) != content(properties):
            raise ConflictError(
                f"{table.kind.label} {name!r} version {version!r} exists with other content; use another version",
                target=f"{name}/{version}",
            )
        return properties

    return upsert(table, (shown_name(table, name), version), unchanged_content, change)


def list_versions(table: ResourceTable[Asset], name: str, view: ListView, problems: Problems) -> list[Resource[Asset]]:
    """The versions of an asset that `view` shows; `problems` gets why further ones cannot be read.

    Raises NotFoundError when it has none at all.
    """
    versions = list(table.documents(name, problems=problems))
    if not versions and not problems:
        raise table.not_found(name)
    return [version for version in versions if view.shows(version.properties.is_archived)]


def shown_name(table: ResourceTable[Asset], name: str) -> str:
    """The asset's name as its first version spelled it."""
    first = next(table.documents(name), None)
    return first.names[0] if first else name


def age_key(resource: Resource[Asset]) -> str:
    """Sorts by time of creation."""
    return f"{resource.created.isoformat(timespec='microseconds')} {resource.key}"


def next_version(versions: Iterable[Resource[Asset]]) -> str:
    """The number after the highest numbered version, else `1`."""
    numbers = [int(version.name) for version in versions if version.name.isdecimal()]
    return str(max(numbers, default=0) + 1)
