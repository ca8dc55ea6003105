"""A client made of an OpenAPI document: a method for each operation, its arguments by their names in the document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    path: str
    content: dict[str, Any]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return list(self.content.get("parameters", ()))


class GeneratedClient:
    """Calls operations by id."""

    def __init__(self, http: TestClient, document: dict[str, Any]) -> None:
        self._http = http
        self.operations = {operation.id: operation for operation in operations(document)}

    def call(self, operation: str, body: Any = None, **values: Any) -> Any:
        """The answer; `values` are parameters of the path and of the query (with `_` for what is no letter)."""
        found = self.operations[operation]
        path, query = found.path, {}
        for parameter in found.parameters:
            value = values.get(parameter["name"].replace("-", "_").lstrip("$"))
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", str(value))
            elif parameter["in"] == "query" and value is not None:
                query[parameter["name"]] = value
        return self._http.request(found.method, path, params=query, json=body)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, content in methods.items():
            yield Operation(content["operationId"], method.upper(), path, content)


def references(part: Any) -> Iterator[str]:
    """Every `$ref` below `part`."""
    if isinstance(part, dict):
        yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)
