"""Rows for a Parquet file: columns with names and types as one line of JSON, which the node turns into Parquet."""

import json
from typing import Any, Dict, List, NamedTuple, Sequence

from ..values.failures import ResultError
from ..values.plain import column_values
from .agreement import Agreement, same_columns
from .column_types import type_of_column, type_of_values
from .rows import RUN, Rows, checked_names
from .typed_values import MisfitError, cast_to

PREDICTION = "prediction"
"""The name of a column without a name."""


class Column(NamedTuple):
    """A column of a result."""

    name: str
    type: str
    values: List[Any]
    is_native: bool = False
    """True when the values already are Python's own numbers."""


def encode_typed(rows: Rows, job: str, agreement: Agreement) -> bytes:
    """Encode the rows in the job's order of columns and with its types; raise ResultError if they do not fit."""
    if not rows.count:
        return b""
    columns = {column.name: column for column in typed_columns(rows)}
    agreed = agreement.of(job, {"columns": list(columns), "types": [column.type for column in columns.values()]})
    same_columns(list(columns), agreed["columns"])
    values = [_values(columns[name], kind, rows) for name, kind in zip(agreed["columns"], agreed["types"])]
    return json.dumps(values).encode("ascii") + b"\n"


def typed_columns(rows: Rows) -> List[Column]:
    """Return the columns of a result. Dictionaries are rows of named columns; an unnamed column is `prediction`."""
    if rows.tables:
        width = len(rows.tables[0])
        numbered = ["{}_{}".format(PREDICTION, number) for number in range(width)] if width > 1 else [PREDICTION]
        return [_column(name, parts) for name, *parts in zip(rows.names or numbered, *rows.tables)]
    if all(isinstance(element, dict) for element in rows.elements):
        return _records(rows.elements)
    values = list(rows.elements)
    return [Column(PREDICTION, type_of_values(values), values)]


def _column(name: str, parts: Sequence[Any]) -> Column:
    values = [value for part in parts for value in column_values(part)]
    return Column(name, type_of_column(parts), values, all(map(_is_native, parts)))


def _is_native(part: Any) -> bool:
    """Return True if the values are Python's own numbers; pandas 1 keeps numpy's in its nullable types."""
    dtype: Any = getattr(part, "dtype", None)
    return getattr(dtype, "kind", "O") in "biuf" and not hasattr(dtype, "na_value") and dtype.itemsize <= 8


def _records(records: Sequence[Dict[Any, Any]]) -> List[Column]:
    texts = [{str(key): value for key, value in record.items()} for record in records]
    for text, record in zip(texts, records):
        if len(text) < len(record):
            checked_names(list(record), RUN)
    names = checked_names(list(dict.fromkeys(name for text in texts for name in text)), RUN)
    if not names:
        raise ResultError("run() returned dictionaries without keys")
    columns = []
    for name in names:
        values = [text.get(name) for text in texts]
        columns.append(Column(name, type_of_values(values), values))
    return columns


def _values(column: Column, kind: str, rows: Rows) -> List[Any]:
    if column.is_native and column.type == kind:
        return column.values
    cast = cast_to(kind)
    try:
        return [cast(value) for value in column.values]
    except MisfitError as error:
        raise ResultError(
            "column {!r} holds {}, which is no {}: the job's first result decides the types of the columns; let {} "
            "give this one the same type each time".format(column.name, error, kind, rows.source)
        ) from error
