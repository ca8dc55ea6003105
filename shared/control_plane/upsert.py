"""Create or update: one rule for all kinds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic

from shared.control_plane.resource_table import ANY_STATE, Author, Properties, Resource, ResourceTable, WriteConditions
from shared.storage.rows import Row


@dataclass(frozen=True)
class Change:
    """Who changes something, and on which conditions."""

    author: Author = field(default_factory=Author)
    conditions: WriteConditions = ANY_STATE


@dataclass(frozen=True)
class Upserted(Generic[Properties]):
    """A resource as it was written."""

    row: Row[Resource[Properties]]
    created: bool
    """False: it was there before."""

    @property
    def resource(self) -> Resource[Properties]:
        """The resource."""
        return self.row.document


def upsert(
    table: ResourceTable[Properties],
    names: tuple[str, ...],
    properties: Callable[[Resource[Properties] | None], Properties],
    change: Change,
    tags: dict[str, str] | None = None,
) -> Upserted[Properties]:
    """Create the resource, or replace its properties (and its tags, unless None).

    `properties` makes the new properties from the current resource, and raises what forbids them. It is called again
    if another writer comes first.
    """
    created = False

    def next_state(current: Resource[Properties] | None) -> Resource[Properties]:
        nonlocal created
        created = current is None
        return _next_state(current, names, properties(current), change.author, tags=tags)

    row = table.update(names, next_state, change.conditions)
    return Upserted(row, created)


def _next_state(
    current: Resource[Properties] | None,
    names: tuple[str, ...],
    properties: Properties,
    author: Author,
    *,
    tags: dict[str, str] | None,
) -> Resource[Properties]:
    now = datetime.now(UTC)
    if current is not None:
        return current.changed(properties, tags, author, now)
    return Resource(
        names=names,
        properties=properties,
        tags=tags or {},
        created=now,
        created_by=author,
        modified=now,
        modified_by=author,
    )
