"""Rows for a Parquet file: columns with names and types, as one line of JSON that the node turns into Parquet."""

import json
from typing import Any, Dict, List, NamedTuple, Sequence

from .agreement import Agreement, same_columns
from .column_types import type_of_column, type_of_values
from .failures import ResultError
from .predictions import PREDICTION
from .results import Rows
from .typed_values import MisfitError, cast_to
from .values import column_values


class Column(NamedTuple):
    """A column of a result."""

    name: str
    type: str
    values: List[Any]
    is_native: bool = False
    """Whether the values are numbers of Python's own already."""


def encode_typed(rows: Rows, job: str, agreement: Agreement) -> bytes:
    """The rows in the job's order of columns and in their types; raises ResultError when they do not fit."""
    if not rows.count:
        return b""
    columns = {column.name: column for column in typed_columns(rows)}
    agreed = agreement.of(job, {"columns": list(columns), "types": [column.type for column in columns.values()]})
    same_columns(list(columns), agreed["columns"])
    values = [_values(columns[name], kind) for name, kind in zip(agreed["columns"], agreed["types"])]
    return json.dumps(values).encode("ascii") + b"\n"


def typed_columns(rows: Rows) -> List[Column]:
    """The columns of a result. Dictionaries are rows of named columns; what has no name is a `prediction`."""
    if rows.frame is not None:
        series = [rows.frame.iloc[:, position] for position in range(rows.frame.shape[1])]
        return [_column(name, column) for name, column in zip(rows.columns or [], series)]
    if rows.table is not None:
        width = rows.table.shape[1]
        names = ["{}_{}".format(PREDICTION, number) for number in range(width)] if width > 1 else [PREDICTION]
        return [_column(name, rows.table[:, position]) for position, name in enumerate(names)]
    if all(isinstance(element, dict) for element in rows.elements):
        return _records(rows.elements)
    values = list(rows.elements)
    return [Column(PREDICTION, type_of_values(values), values)]


def _column(name: str, column: Any) -> Column:
    values = column_values(column)
    is_native = getattr(column.dtype, "kind", "O") in "biuf"
    return Column(name, type_of_column(column.dtype, values), values, is_native)


def _records(records: Sequence[Dict[Any, Any]]) -> List[Column]:
    names = dict.fromkeys(str(key) for record in records for key in record)
    if not names:
        raise ResultError("run() returned dictionaries without keys")
    texts = [{str(key): value for key, value in record.items()} for record in records]
    columns = []
    for name in names:
        values = [record.get(name) for record in texts]
        columns.append(Column(name, type_of_values(values), values))
    return columns


def _values(column: Column, kind: str) -> List[Any]:
    if column.is_native and column.type == kind:
        return column.values
    cast = cast_to(kind)
    try:
        return [cast(value) for value in column.values]
    except MisfitError as error:
        raise ResultError(
            "column {!r} holds {}, which is no {}: the job's first result decides the types of the columns; let the "
            "script give this one the same type each time".format(column.name, error, kind)
        ) from error
