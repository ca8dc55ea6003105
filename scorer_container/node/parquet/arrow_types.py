"""Arrow's types for the types of columns (driver/results/column_types.py), and the values that they hold."""

import base64
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "text": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp_utc": pa.timestamp("us", "UTC"),
}
_FROM_JSON: dict[str, Callable[[Any], Any]] = {"binary": base64.b64decode, "date": date.fromisoformat}


def arrow_schema(columns: Sequence[str], types: Sequence[str]) -> pa.Schema:
    """The schema of the output file."""
    return pa.schema([pa.field(name, _arrow_type(kind)) for name, kind in zip(columns, types, strict=True)])


def arrow_arrays(values: Sequence[Sequence[Any]], types: Sequence[str]) -> list[pa.Array]:
    """The columns of one result, as JSON brought them."""
    return [pa.array(_revived(column, kind), _arrow_type(kind)) for column, kind in zip(values, types, strict=True)]


def _arrow_type(kind: str) -> pa.DataType:
    return pa.list_(_arrow_type(_inner(kind))) if kind.startswith("list<") else _TYPES[kind]


def _inner(kind: str) -> str:
    return kind.removeprefix("list<").removesuffix(">")


def _revived(values: Sequence[Any], kind: str) -> Sequence[Any]:
    if kind.startswith("list<"):
        return [None if value is None else _revived(value, _inner(kind)) for value in values]
    revive = _FROM_JSON.get(kind)
    return values if revive is None else [None if value is None else revive(value) for value in values]
