"""The container of an asset's versions: computed, never stored, so that it cannot disagree with them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Generic

from shared.contracts.requests import ListView
from shared.control_plane.resource import Resource
from shared.control_plane.resource_table import ResourceTable
from shared.control_plane.saving import Change, upsert
from shared.control_plane.versions import Asset, age_key, next_version
from shared.errors import NotFoundError, Problems


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
        """The newest version that is not archived, else the newest."""
        active = [version for version in self.versions if not version.properties.is_archived]
        return (active or self.versions)[-1]

    @property
    def next_version(self) -> str:
        """The version that an automatic numbering gives."""
        return next_version(self.versions)

    @property
    def is_archived(self) -> bool:
        """Whether all versions are."""
        return all(version.properties.is_archived for version in self.versions)

    @property
    def is_anonymous(self) -> bool:
        """Whether all versions are."""
        return all(version.properties.is_anonymous for version in self.versions)


def get_container(table: ResourceTable[Asset], name: str) -> AssetContainer[Asset]:
    """The container; raises NotFoundError."""
    versions = list(table.documents(name))
    if not versions:
        raise table.not_found(name)
    return AssetContainer(tuple(sorted(versions, key=age_key)))


def list_containers(table: ResourceTable[Asset], view: ListView, problems: Problems) -> Iterator[AssetContainer[Asset]]:
    """The containers that `view` shows; those that clients made for one deployment only (anonymous) are left out.

    `problems` gets why further versions cannot be read.
    """
    documents = sorted(table.documents(problems=problems), key=lambda document: document.key)
    for _, versions in groupby(documents, key=lambda document: document.names[0].lower()):
        container = AssetContainer(tuple(sorted(versions, key=age_key)))
        if view.shows(container.is_archived) and not container.is_anonymous:
            yield container


def set_archived(table: ResourceTable[Asset], name: str, archived: bool, change: Change) -> AssetContainer[Asset]:
    """Archive or restore all versions; raises NotFoundError."""
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
