"""Rows as what the output file is made of: CSV, JSON lines or typed rows; UTF-8."""

from typing import Any, List

from ..values.plain import as_field, as_json, column_values, encode_json, json_value, utf8
from .agreement import Agreement, same_columns
from .csv_lines import field_line, record_lines, text_line
from .rows import Rows
from .typed_rows import encode_typed

_CSV = "csv"
_PARQUET = "parquet"


def encode(rows: Rows, output_format: str, job: str, agreement: Agreement) -> bytes:
    """The rows for a job's file of this format; raises ResultError when they do not fit what the job has agreed on."""
    if output_format == _PARQUET:
        return encode_typed(rows, job, agreement)
    if output_format == _CSV:
        _conform(rows, job, agreement)
        return utf8(_csv(rows))
    return utf8("".join(line + "\n" for line in _json_lines(rows)))


def _conform(rows: Rows, job: str, agreement: Agreement) -> None:
    """Bring the rows into the job's order of columns."""
    names = rows.names
    if not rows.count:
        return
    agreed = agreement.of(job, {"columns": names})["columns"]
    same_columns(names, agreed)
    if names is not None and names != agreed:
        order = [names.index(name) for name in agreed]
        rows.names, rows.tables = agreed, [[table[position] for position in order] for table in rows.tables]


def _csv(rows: Rows) -> str:
    tables = [record_lines([column_values(column, as_field) for column in table]) for table in rows.tables]
    missing = "" if rows.is_column else as_json(None)
    return "".join(tables) + "".join(_element_line(element, missing) for element in rows.elements)


def _element_line(element: Any, missing: str) -> str:
    """A text is a line as the script made it, often "name,prediction"; anything else is one field."""
    if isinstance(element, str):
        return text_line(str.__str__(element))
    if isinstance(element, (dict, list)):
        return field_line(as_json(element))
    value = json_value(element)
    return field_line(missing if value is None else value if isinstance(value, str) else encode_json(value))


def _json_lines(rows: Rows) -> List[str]:
    values = [row for table in rows.tables for row in zip(*(column_values(column, json_value) for column in table))]
    if rows.names is not None:
        return [encode_json(dict(zip(rows.names, row))) for row in values]
    return [encode_json(row) for row in values] + list(map(as_json, rows.elements))
