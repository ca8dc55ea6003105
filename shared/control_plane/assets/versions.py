"""Versions of an asset. Their content never changes; they are created, listed, archived and deleted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Generic

from shared.contracts.bodies import ListView
from shared.contracts.names import ASSET_NAME, ASSET_VERSION
from shared.control_plane.references import LATEST, Asset, age_key, check_unused
from shared.control_plane.resource_table import (
    ANY_STATE,
    Change,
    Resource,
    ResourceTable,
    Upserted,
    WriteConditions,
    upsert,
)
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, NotFoundError, Problems, ValidationError


def put_version(
    table: ResourceTable[Asset],
    name: str,
    version: str,
    properties: Asset,
    change: Change,
    *,
    content: Callable[[Asset], object],
) -> Upserted[Asset]:
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
    """Return the versions of an asset that `view` shows. `problems` gets the errors of unreadable versions.

    Raises NotFoundError when it has none at all.
    """
    versions = list(table.documents(name, problems=problems))
    if not versions and not problems:
        raise table.not_found(name)
    return [version for version in versions if view.shows(version.properties.is_archived)]


def shown_name(table: ResourceTable[Asset], name: str) -> str:
    """Return the asset's name as its first version spelled it."""
    first = next(table.documents(name), None)
    return first.names[0] if first else name


def next_version(versions: Iterable[Resource[Asset]]) -> str:
    """Return the number after the highest numbered version, or `1`."""
    numbers = [int(version.name) for version in versions if version.name.isdecimal()]
    return str(max(numbers, default=0) + 1)


@dataclass(frozen=True)
class AssetContainer(Generic[Asset]):
    """All versions of an asset."""

    versions: tuple[Resource[Asset], ...]
    """Oldest first."""

    @property
    def name(self) -> str:
        """The asset's name as its first version spelled it."""
        return self.versions[0].names[0]

    @property
    def latest(self) -> Resource[Asset]:
        """The newest version that is not archived, or the newest if all are."""
        active = [version for version in self.versions if not version.properties.is_archived]
        return (active or self.versions)[-1]

    @property
    def next_version(self) -> str:
        """The next version of an automatic numbering."""
        return next_version(self.versions)

    @property
    def is_archived(self) -> bool:
        """Whether this holds for all versions."""
        return all(version.properties.is_archived for version in self.versions)

    @property
    def is_anonymous(self) -> bool:
        """Whether this holds for all versions."""
        return all(version.properties.is_anonymous for version in self.versions)


def get_container(table: ResourceTable[Asset], name: str) -> AssetContainer[Asset]:
    """Return the container. Raises NotFoundError."""
    versions = list(table.documents(name))
    if not versions:
        raise table.not_found(name)
    return AssetContainer(tuple(sorted(versions, key=age_key)))


def list_containers(table: ResourceTable[Asset], view: ListView, problems: Problems) -> Iterator[AssetContainer[Asset]]:
    """Yield the containers that `view` shows, without anonymous ones (made by a client for one deployment).

    `problems` gets why further versions cannot be read.
    """
    documents = sorted(table.documents(problems=problems), key=lambda document: document.key)
    for _, versions in groupby(documents, key=lambda document: document.names[0].lower()):
        container = AssetContainer(tuple(sorted(versions, key=age_key)))
        if view.shows(container.is_archived) and not container.is_anonymous:
            yield container


def set_archived(table: ResourceTable[Asset], name: str, archived: bool, change: Change) -> AssetContainer[Asset]:
    """Archive or restore all versions. Raises NotFoundError."""
    for version in get_container(table, name).versions:
        with suppress(NotFoundError):  # somebody deletes it meanwhile
            upsert(table, version.names, _archived(table, version.names, archived), change)
    return get_container(table, name)


def _archived(
    table: ResourceTable[Asset], names: tuple[str, ...], archived: bool
) -> Callable[[Resource[Asset] | None], Asset]:
    def changed(current: Resource[Asset] | None) -> Asset:
        if current is None:
            raise table.not_found(*names)
        return current.properties.model_copy(update={"is_archived": archived})

    return changed


def delete_version(
    workspace: Workspace,
    table: ResourceTable[Asset],
    name: str,
    version: str,
    conditions: WriteConditions = ANY_STATE,
) -> bool:
    """Delete a version. Return False if it was not there. Raises ConflictError that names the deployments using it."""
    row = table.find(name, version)
    if row is None:
        return False
    check_unused(workspace, table.kind.partition, (name, version))
    table.delete(row, conditions)
    return True


def delete_asset(workspace: Workspace, table: ResourceTable[Asset], name: str) -> bool:
    """Delete all versions. Return False if there were none. Raises ConflictError that names deployments using one."""
    rows = list(table.list(name))
    check_unused(workspace, table.kind.partition, (name,))
    for row in rows:
        table.delete(row)
    return bool(rows)
