"""Tables with the semantics of Azure Table storage."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.storage.errors import StorageFault

Key = tuple[str, str]
"""Partition and row."""

FORGETFUL = ("progress", "nodes")
"""Tables whose last seconds a crash of storage may lose. Rows of jobs are on disk before their write is answered."""


@dataclass(frozen=True)
class Entity:
    """An entity as it is stored."""

    partition: str
    key: str
    properties: Mapping[str, Any]
    etag: str
    stamp: float
    """When it was written, by the server's clock."""


@dataclass
class Tables:
    """All tables of the account."""

    now: Callable[[], float]
    content: dict[str, dict[Key, Entity]] = field(default_factory=dict)
    _last: int = 0

    def create(self, table: str) -> None:
        """Create a table."""
        if table in self.content:
            raise StorageFault(409, "TableAlreadyExists")
        self.content[table] = {}

    def insert(self, table: str, partition: str, key: str, properties: Mapping[str, Any]) -> str:
        """Write a new entity and return its ETag."""
        if (partition, key) in self._table(table):
            raise StorageFault(409, "EntityAlreadyExists")
        return self._write(table, partition, key, properties)

    def replace(self, table: str, partition: str, key: str, properties: Mapping[str, Any], if_match: str) -> str:
        """Write over an entity that has the ETag `if_match` (`*`: any)."""
        self._matching(table, partition, key, if_match)
        return self._write(table, partition, key, properties)

    def put(self, table: str, partition: str, key: str, properties: Mapping[str, Any]) -> str:
        """Insert or replace, whatever is there."""
        self._table(table)
        return self._write(table, partition, key, properties)

    def find(self, table: str, partition: str, key: str) -> Entity:
        """Return an entity."""
        entity = self._table(table).get((partition, key))
        if entity is None:
            raise StorageFault(404, "ResourceNotFound")
        return entity

    def query(self, table: str, matches: Callable[[Entity], bool]) -> list[Entity]:
        """Return the entities that match, ordered by partition and row."""
        return [entity for _, entity in sorted(self._table(table).items()) if matches(entity)]

    def delete(self, table: str, partition: str, key: str, if_match: str = "*") -> None:
        """Delete an entity."""
        self._matching(table, partition, key, if_match)
        del self.content[table][partition, key]

    def delete_all(self, table: str, keys: Iterable[Key]) -> None:
        """Delete all these entities, or none of them."""
        for partition, key in keys:
            self.find(table, partition, key)
        for found in keys:
            del self.content[table][found]

    def memory(self) -> dict[str, dict[Key, Entity]]:
        """Return a copy of the tables that may be forgotten."""
        return {name: dict(self.content[name]) for name in FORGETFUL if name in self.content}

    def _table(self, table: str) -> dict[Key, Entity]:
        if table not in self.content:
            raise StorageFault(404, "TableNotFound")
        return self.content[table]

    def _matching(self, table: str, partition: str, key: str, if_match: str) -> None:
        if if_match not in ("*", self.find(table, partition, key).etag):
            raise StorageFault(412, "UpdateConditionNotSatisfied")

    def _write(self, table: str, partition: str, key: str, properties: Mapping[str, Any]) -> str:
        self._last += 1
        etag = f"W/\"datetime'{self._last}'\""
        self.content[table][partition, key] = Entity(partition, key, dict(properties), etag, self.now())
        return etag
