"""Table calls of the REST interface."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scorer_container.node.storage.client import Response
from tests.simulation.clock import EPOCH
from tests.simulation.storage.server import Server
from tests.simulation.storage.tables import Entity

Call = tuple[str, Callable[[], Response]]

_ONE = re.compile(r"/(\w+)\(PartitionKey='(.*)',RowKey='(.*)'\)")
_PARTITION = re.compile(r"PartitionKey eq '(.*)'")


def table_call(
    server: Server, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> Call:
    """Return the name of a call, and the function that carries it out."""
    tables = server.tables
    if method == "POST" and path == "/Tables":
        return "create table", lambda: _done(lambda: tables.create(json.loads(body)["TableName"]))
    if method == "POST":
        partition, key, properties = _parts(body)
        return "insert", lambda: _written(tables.insert(path[1:], partition, key, properties))
    if match := _ONE.fullmatch(path):
        table, partition, key = (part.replace("''", "'") for part in match.groups())
        if method == "GET":
            return "find", lambda: Response(200, {}, json.dumps(_shown(tables.find(table, partition, key))).encode())
        if method == "DELETE":
            return "remove", lambda: _done(lambda: tables.delete(table, partition, key, headers["if-match"]))
        assert method == "PUT", f"{method} {path} is not simulated"
        properties = _parts(body)[2]
        return "replace", lambda: _written(tables.replace(table, partition, key, properties, headers["if-match"]))
    asked = _PARTITION.fullmatch(query["$filter"])
    assert asked is not None, f"the filter {query['$filter']!r} is not simulated"
    wanted = asked[1].replace("''", "'")
    return "query", lambda: _listed(server, path[1:].removesuffix("()"), wanted)


def _parts(body: bytes) -> tuple[str, str, dict[str, Any]]:
    properties: dict[str, Any] = json.loads(body)
    return properties.pop("PartitionKey"), properties.pop("RowKey"), properties


def _done(change: Callable[[], object]) -> Response:
    change()
    return Response(204, {}, b"")


def _written(etag: str) -> Response:
    return Response(204, {"etag": etag}, b"")


def _listed(server: Server, table: str, partition: str) -> Response:
    found = server.tables.query(table, lambda entity: entity.partition == partition)
    return Response(200, {}, json.dumps({"value": [_shown(entity) for entity in found]}).encode())


def _shown(entity: Entity) -> dict[str, Any]:
    stamp = datetime.fromtimestamp(0, UTC) + timedelta(seconds=EPOCH + entity.stamp)
    return {
        "odata.etag": entity.etag,
        "PartitionKey": entity.partition,
        "RowKey": entity.key,
        "Timestamp": f"{stamp:%Y-%m-%dT%H:%M:%S.%f}0Z",
        **entity.properties,
    }
