"""An OpenAPI document as a page for people. It loads nothing from other sites."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

_OTHER = "other"


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    group: str
    method: str
    path: str
    summary: str
    parameters: list[str]
    body: list[str]
    """Fields of the request's body; a star marks a required field."""


@dataclass(frozen=True)
class ApiPage:
    """The values of the template."""

    title: str
    description: str
    document_url: str
    groups: list[tuple[str, list[Operation]]]


def api_page(document: dict[str, Any], document_url: str) -> ApiPage:
    """Return the page of the document at `document_url`."""
    schemas = document.get("components", {}).get("schemas", {})
    operations = [
        _operation(path, method, content, schemas)
        for path, methods in document["paths"].items()
        for method, content in methods.items()
    ]
    groups = groupby(operations, key=lambda operation: operation.group)
    info = document["info"]
    found = [(name, list(members)) for name, members in groups]
    return ApiPage(info["title"], info.get("description", ""), document_url, found)


def _operation(path: str, method: str, content: dict[str, Any], schemas: dict[str, Any]) -> Operation:
    return Operation(
        group=next(iter(content.get("tags", ())), _OTHER),
        method=method.upper(),
        path=path,
        summary=content.get("description") or content.get("summary", ""),
        parameters=[_starred(one["name"], one.get("required")) for one in content.get("parameters", ())],
        body=_fields(content.get("requestBody", {}), schemas),
    )


def _fields(body: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    reference = next((one["$ref"] for one in (schema, *schema.get("anyOf", ())) if "$ref" in one), "")
    named = schemas.get(reference.rsplit("/", 1)[-1], {})
    required = set(named.get("required", ()))
    return [_starred(name, name in required) for name in named.get("properties", ())]


def _starred(name: str, required: bool | None) -> str:
    return f"{name}*" if required else name
