"""An OpenAPI document as a page for people, with nothing fetched from elsewhere."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

_OTHER = "other"


@dataclass(frozen=True)
class Operation:
    """What one method of one path does."""

    group: str
    method: str
    path: str
    summary: str
    parameters: list[str]
    body: list[str]
    """Fields of the request's body, those that must be given with a star."""


@dataclass(frozen=True)
class ApiPage:
    """What the template is given."""

    title: str
    description: str
    document_url: str
    groups: list[tuple[str, list[Operation]]]


def api_page(document: dict[str, Any], document_url: str) -> ApiPage:
    """The page of the document, which can be fetched at `document_url`."""
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
