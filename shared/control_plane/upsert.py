"""Create or update: one rule for all kinds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic

from shared.control_plane.resource_table import ANY_STATE, Author, Properties, Resource, ResourceTable, WriteConditions
from shared.errors import PreconditionFailedError
from shared.storage.rows import Row

_TRIES = 5


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

    `properties` makes the new properties from the resource as it is now, and raises what forbids them. When
    somebody else writes at the same time this begins again, unless the change has conditions of its own.
    """
    for attempt in range(1, _TRIES + 1):
        row = table.find(*names)
        current = row.document if row else None
        resource = _next_state(current, names, properties(current), change.author, tags=tags)
        try:
            return Upserted(table.save(row, resource, change.conditions), created=row is None)
        except PreconditionFailedError:
            if change.conditions != ANY_STATE or attempt == _TRIES:
                raise
    raise AssertionError("the last attempt returns or raises")


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
