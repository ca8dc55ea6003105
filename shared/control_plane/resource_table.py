"""The table `resources`: one partition for each kind, the row key made of the names, in lower case."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic

from azure.data.tables import TableServiceClient

from shared.contracts.names import NameRule
from shared.control_plane.conditions import ANY_STATE, WriteConditions
from shared.control_plane.resource import Properties, Resource
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, Problems
from shared.storage.rows import Row, RowTable, readable

SEPARATOR = ":"
"""Between the names of a row key; no name may hold it."""


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its partition, and what messages call it."""

    partition: str
    label: str
    """What one of them is called, such as `compute`."""
    names: tuple[NameRule, ...]
    """The rules of the names that lead to one: its parents' first, its own last."""


class ResourceTable(Generic[Properties]):
    """The resources of one kind, found by their names without regard to case."""

    def __init__(self, service: TableServiceClient, table: str, kind: Kind, properties: type[Properties]) -> None:
        """`table` holds the resources of all kinds."""
        self.kind = kind
        document: type[Resource[Properties]] = Resource[properties]  # type: ignore[valid-type]  # made at run time
        self._rows = RowTable(service, table, document)

    def find(self, *names: str) -> Row[Resource[Properties]] | None:
        """The resource with its ETag, or None; raises ValidationError for a name that none can have."""
        return self._rows.find(self.kind.partition, self._key(names))

    def get(self, *names: str) -> Row[Resource[Properties]]:
        """The resource with its ETag; raises NotFoundError that names it."""
        row = self.find(*names)
        if row is None:
            raise self.not_found(*names)
        return row

    def not_found(self, *names: str) -> NotFoundError:
        """The error for a resource that is not there."""
        return NotFoundError(f"{self.kind.label} {'/'.join(names)!r} not found", target="/".join(names))

    def list(self, *parents: str) -> Iterator[Row[Resource[Properties]]]:
        """All resources below `parents`, in order of their names."""
        prefix = self._key(parents) + SEPARATOR if parents else ""
        return self._rows.partition(self.kind.partition, prefix)

    def documents(self, *parents: str, problems: Problems | None = None) -> Iterator[Resource[Properties]]:
        """The same without those that cannot be read; `problems` gets why."""
        return (row.document for row in readable(self.list(*parents), problems))

    def save(
        self,
        current: Row[Resource[Properties]] | None,
        resource: Resource[Properties],
        conditions: WriteConditions = ANY_STATE,
    ) -> Row[Resource[Properties]]:
        """Create (`current` None) or replace a resource that was read as `current`.

        Raises PreconditionFailedError when `conditions` do not hold, or when somebody else changed the resource
        since it was read.
        """
        label = f"{self.kind.label} {resource.name!r}"
        conditions.check(current.etag if current else None, label)
        if current is not None:
            return self._rows.replace(current, resource)
        try:
            return self._rows.insert(self.kind.partition, self._key(resource.names), resource)
        except ConflictError as error:
            raise PreconditionFailedError(f"{label} was created by another request at the same time") from error

    def delete(self, row: Row[Resource[Properties]], conditions: WriteConditions = ANY_STATE) -> None:
        """Delete a resource that was read as `row`; raises PreconditionFailedError."""
        conditions.check(row.etag, f"{self.kind.label} {row.key!r}")
        if conditions.if_match:
            self._rows.remove(row)
        else:
            self._rows.delete(row.partition, row.key)

    def _key(self, names: tuple[str, ...]) -> str:
        checked = (rule.check(name) for rule, name in zip(self.kind.names, names, strict=False))
        return SEPARATOR.join(name.lower() for name in checked)
