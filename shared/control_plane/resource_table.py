"""The resources of the workspace: one table for all kinds, and one rule for creating and updating them.

Table `resources`: one partition for each kind. The row key is made of the names, in lower case.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

from azure.data.tables import TableServiceClient
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.bodies import ArmModel
from shared.contracts.names import NameRule
from shared.errors import NotFoundError, PreconditionFailedError, Problems
from shared.storage.rows import Row, RowTable, readable

SEPARATOR = ":"
"""Separates the names in a row key. No name may contain it."""


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its partition, and its name in messages."""

    partition: str
    label: str
    """The name of the kind in messages, such as `compute`."""
    names: tuple[NameRule, ...]
    """The rules of the names that identify a resource: its parents' first, its own last."""


def _matches(header: str, etag: str | None) -> bool:
    if etag is None:
        return False
    return header.strip() == "*" or etag in {tag.strip() for tag in header.split(",")}


@dataclass(frozen=True)
class WriteConditions:
    """Conditions of a write in HTTP's spelling. An empty one always holds."""

    if_match: str = ""
    """One or more ETags separated by commas, or `*`: a resource with such an ETag must exist."""
    if_none_match: str = ""
    """`*`: the resource must not exist; or ETags that the current one must differ from."""

    def check(self, etag: str | None, label: str) -> None:
        """Raise PreconditionFailedError unless the conditions hold for this ETag (None: there is no resource)."""
        if self.if_match and not _matches(self.if_match, etag):
            state = "has changed since it was read" if etag else "does not exist"
            raise PreconditionFailedError(f"{label} {state} (If-Match: {self.if_match})")
        if self.if_none_match and _matches(self.if_none_match, etag):
            raise PreconditionFailedError(f"{label} exists (If-None-Match: {self.if_none_match})")


ANY_STATE = WriteConditions()
"""The conditions that always hold."""

Properties = TypeVar("Properties", bound=ArmModel)
"""The ARM properties of a kind of resource."""


class Author(BaseModel):
    """Who made or changed a resource."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    kind: str = "User"
    """`User` or `Application` (ARM's `createdByType`)."""


class Resource(BaseModel, Generic[Properties]):
    """One resource of the workspace, identified by `names`: its parents' first, its own last."""

    model_config = ConfigDict(frozen=True)

    names: tuple[str, ...]
    """The names in their spelling at creation. They are compared without regard to case."""
    properties: Properties
    tags: dict[str, str] = Field(default_factory=dict)
    created: AwareDatetime
    created_by: Author = Author()
    modified: AwareDatetime
    modified_by: Author = Author()

    @property
    def name(self) -> str:
        """The last of the names: the resource's own."""
        return self.names[-1]

    @property
    def key(self) -> str:
        """A key that sorts resources of a kind by their names."""
        return ":".join(self.names).lower()

    def changed(
        self, properties: Properties, tags: dict[str, str] | None, by: Author, now: datetime
    ) -> "Resource[Properties]":
        """Return the same resource with other properties, and other tags unless None."""
        update = {"properties": properties, "modified": now, "modified_by": by}
        return self.model_copy(update=update if tags is None else update | {"tags": tags})


class ResourceTable(Generic[Properties]):
    """The resources of one kind, found by their names without regard to case."""

    def __init__(self, service: TableServiceClient, table: str, kind: Kind, properties: type[Properties]) -> None:
        """`table` holds the resources of all kinds."""
        self.kind = kind
        document: type[Resource[Properties]] = Resource[properties]  # type: ignore[valid-type]  # made at run time
        self._rows = RowTable(service, table, document)

    def find(self, *names: str) -> Row[Resource[Properties]] | None:
        """Return the resource with its ETag, or None. Raises ValidationError for an invalid name."""
        return self._rows.find(self.kind.partition, self._key(names))

    def get(self, *names: str) -> Row[Resource[Properties]]:
        """Return the resource with its ETag. Raises NotFoundError that names it."""
        row = self.find(*names)
        if row is None:
            raise self.not_found(*names)
        return row

    def not_found(self, *names: str) -> NotFoundError:
        """Return the error for a resource that is not there."""
        return NotFoundError(f"{self.kind.label} {'/'.join(names)!r} not found", target="/".join(names))

    def list(self, *parents: str) -> Iterator[Row[Resource[Properties]]]:
        """Return all resources below `parents`, in order of their names."""
        prefix = self._key(parents) + SEPARATOR if parents else ""
        return self._rows.partition(self.kind.partition, prefix)

    def documents(self, *parents: str, problems: Problems | None = None) -> Iterator[Resource[Properties]]:
        """Return the readable resources below `parents`. `problems` gets the errors of the others."""
        return (row.document for row in readable(self.list(*parents), problems))

    def update(
        self,
        names: tuple[str, ...],
        change: Callable[[Resource[Properties] | None], Resource[Properties]],
        conditions: WriteConditions = ANY_STATE,
    ) -> Row[Resource[Properties]]:
        """Write what `change` makes of the current resource (None: there is none). Retry if another writer comes first.

        Raises what `change` raises, and PreconditionFailedError if `conditions` do not hold.
        """

        def changed(row: Row[Resource[Properties]] | None) -> Resource[Properties]:
            resource = change(row.document if row else None)
            conditions.check(row.etag if row else None, f"{self.kind.label} {resource.name!r}")
            return resource

        return self._rows.update(self.kind.partition, self._key(names), changed)

    def delete(self, row: Row[Resource[Properties]], conditions: WriteConditions = ANY_STATE) -> None:
        """Delete a resource that was read as `row`. Raises PreconditionFailedError."""
        conditions.check(row.etag, f"{self.kind.label} {row.key!r}")
        if conditions.if_match:
            self._rows.remove(row)
        else:
            self._rows.delete(row.partition, row.key)

    def _key(self, names: tuple[str, ...]) -> str:
        checked = (rule.check(name) for rule, name in zip(self.kind.names, names, strict=False))
        return SEPARATOR.join(name.lower() for name in checked)


@dataclass(frozen=True)
class Change:
    """Who changes something, and under which conditions."""

    author: Author = field(default_factory=Author)
    conditions: WriteConditions = ANY_STATE


@dataclass(frozen=True)
class Upserted(Generic[Properties]):
    """The result of a write."""

    row: Row[Resource[Properties]]
    created: bool
    """Whether the write created the resource."""

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
