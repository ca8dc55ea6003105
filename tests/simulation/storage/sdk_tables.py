"""What the app uses of the SDK's table clients."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableTransactionError

from tests.simulation.clock import EPOCH
from tests.simulation.storage.sdk_calls import SdkCalls
from tests.simulation.storage.tables import Entity

_CONDITION = re.compile(r"(PartitionKey|RowKey) (eq|ge|lt) @(\w+)")
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda value, limit: value == limit,
    "ge": lambda value, limit: value >= limit,
    "lt": lambda value, limit: value < limit,
}


class ReadEntity(dict[str, Any]):
    """An entity as the SDK returns it."""

    def __init__(self, entity: Entity) -> None:
        super().__init__({"PartitionKey": entity.partition, "RowKey": entity.key, **entity.properties})
        self.metadata = {"etag": entity.etag, "timestamp": datetime.fromtimestamp(EPOCH + entity.stamp, UTC)}


class TableService:
    """Stands for TableServiceClient."""

    def __init__(self, calls: SdkCalls) -> None:
        self._calls = calls

    def get_table_client(self, name: str) -> "Table":
        return Table(self._calls, name)

    def create_table(self, name: str) -> None:
        self._calls.call("create table", lambda: self._calls.server.tables.create(name), name)


class Table:
    """Stands for TableClient."""

    def __init__(self, calls: SdkCalls, name: str) -> None:
        self._calls, self._tables, self._name = calls, calls.server.tables, name

    def create_entity(self, entity: Mapping[str, Any]) -> dict[str, str]:
        write = lambda: self._tables.insert(self._name, *_parts(entity))  # noqa: E731
        return {"etag": self._calls.call("insert", write, _what(self._name, entity))}

    def upsert_entity(self, entity: Mapping[str, Any], mode: Any) -> dict[str, str]:
        write = lambda: self._tables.put(self._name, *_parts(entity))  # noqa: E731
        return {"etag": self._calls.call("upsert", write, _what(self._name, entity))}

    def update_entity(
        self, entity: Mapping[str, Any], mode: Any, etag: str, match_condition: MatchConditions
    ) -> dict[str, str]:
        assert match_condition is MatchConditions.IfNotModified
        write = lambda: self._tables.replace(self._name, *_parts(entity), etag)  # noqa: E731
        return {"etag": self._calls.call("replace", write, _what(self._name, entity))}

    def get_entity(self, partition: str, key: str) -> ReadEntity:
        find = lambda: ReadEntity(self._tables.find(self._name, partition, key))  # noqa: E731
        return self._calls.call("find", find, f"{self._name} {partition}/{key}")

    def delete_entity(self, partition: str, key: str, etag: str = "*", match_condition: Any = None) -> None:
        try:
            delete = lambda: self._tables.delete(self._name, partition, key, etag)  # noqa: E731
            self._calls.call("remove", delete, f"{self._name} {partition}/{key}")
        except ResourceNotFoundError:
            if etag != "*":
                raise

    def query_entities(
        self, question: str, parameters: Mapping[str, str], results_per_page: int = 0
    ) -> Iterator[ReadEntity]:
        conditions = [_condition(part, parameters) for part in question.split(" and ")]
        return self._queried(lambda entity: all(holds(entity) for holds in conditions))

    def list_entities(self) -> Iterator[ReadEntity]:
        return self._queried(lambda _: True)

    def submit_transaction(self, operations: list[tuple[str, Mapping[str, str]]]) -> None:
        assert all(kind == "delete" for kind, _ in operations), "only deletions are simulated"
        keys = [(entity["PartitionKey"], entity["RowKey"]) for _, entity in operations]
        try:
            self._calls.call("remove all", lambda: self._tables.delete_all(self._name, keys), self._name)
        except ResourceNotFoundError as error:
            raise TableTransactionError(message=f"0:{error.message}") from error

    def _queried(self, matches: Callable[[Entity], bool]) -> Iterator[ReadEntity]:
        query = lambda: [ReadEntity(entity) for entity in self._tables.query(self._name, matches)]  # noqa: E731
        yield from self._calls.call("query", query, self._name)


def _condition(text: str, parameters: Mapping[str, str]) -> Callable[[Entity], bool]:
    match = _CONDITION.fullmatch(text)
    assert match is not None, f"the condition {text!r} is not simulated"
    is_partition, test, limit = match[1] == "PartitionKey", _TESTS[match[2]], parameters[match[3]]
    return lambda entity: test(entity.partition if is_partition else entity.key, limit)


def _parts(entity: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    properties = dict(entity)
    return properties.pop("PartitionKey"), properties.pop("RowKey"), properties


def _what(table: str, entity: Mapping[str, Any]) -> str:
    return f"{table} {entity['PartitionKey']}/{entity['RowKey']}"
