"""How a table row holds a document: its JSON, cut into properties.

Each property has at most 16,000 characters, each of which may be two of UTF-16 (Azure: 64 KiB of UTF-16 for each
property, 1 MiB for each row).
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic import ValidationError as PydanticValidationError

from shared.errors import UnreadableError, ValidationError

_CHUNK = 16_000

MAX_UNITS = 500_000
"""UTF-16 code units in a document. Azure allows 1 MiB for a row; the rest is for keys and names of properties."""

Document = TypeVar("Document", bound=BaseModel)
"""The type of a table's documents."""


def entity_of(partition: str, key: str, document: BaseModel) -> dict[str, str | int]:
    """Return the properties of a row; raise ValidationError if the document is too large for one."""
    text = document.model_dump_json(by_alias=True)
    if (units := len(text.encode("utf-16-le")) // 2) > MAX_UNITS:
        raise ValidationError(
            f"{key!r} would have {units:,} characters of JSON; at most {MAX_UNITS:,} are allowed; shorten its texts"
        )
    chunks = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)]
    properties = {f"document{number}": chunk for number, chunk in enumerate(chunks)}
    return {"PartitionKey": partition, "RowKey": key, "chunks": len(chunks), **properties}


def content_of(entity: Mapping[str, Any], table: str, document: type[Document]) -> Document | UnreadableError:
    """Return the document of a row of `table`, or why it cannot be read."""
    try:
        text = "".join(entity[f"document{number}"] for number in range(entity["chunks"]))
        return document.model_validate_json(text)
    except Exception as error:  # the content of one row must not keep the others from being read
        where = f"row {entity['PartitionKey']} / {entity['RowKey']} of table {table}"
        return UnreadableError(
            f"{where} cannot be read ({_reason(error)}); delete what it describes and create it again",
            target=entity["RowKey"],
        )


def _reason(error: Exception) -> str:
    """Return the error on one line; of pydantic's errors the first, without the value, which may be long."""
    if isinstance(error, PydanticValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return " ".join(f"{'.'.join(map(str, first['loc']))} {first['msg']}".split())
    return " ".join(f"{type(error).__name__}: {error}".split())
