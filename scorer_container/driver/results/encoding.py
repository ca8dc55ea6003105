"""Rows as the bytes of an output file: CSV, JSON lines or typed rows, in UTF-8.

Python's `csv` and pandas read lines of CSV (RFC 4180, ended by `\\n`) back as what was written.
"""

import csv
import io
import re
from typing import Any, List, Sequence

from ..values.plain import as_field, as_json, column_values, encode_json, json_value, utf8
from .agreement import Agreement, same_columns
from .rows import Rows
from .typed_rows import encode_typed

_CSV = "csv"
_PARQUET = "parquet"

_FIELD = r'(?:"[^"]*(?:""[^"]*)*"|[^",\r\n]*)'
_RECORD = re.compile("{0}(?:,{0})*".format(_FIELD))
_SPECIAL = re.compile('[",\r\n]|^\ufeff')
_BLANK_LINE = re.compile(r"^[ \t]+$", re.MULTILINE)


def encode(rows: Rows, output_format: str, job: str, agreement: Agreement) -> bytes:
    """Encode rows for a job's file of this format; raise ResultError if they do not fit the job's columns."""
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
    """Return the line of an element: a text is a line that the script made, anything else is one field."""
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


def record_lines(columns: Sequence[List[Any]]) -> str:
    """Return a line for each row of a table whose columns hold texts, numbers, booleans and None."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(zip(*columns))
    lines = text.getvalue()
    # Readers end lines at a lone `\r`, drop a byte order mark and skip blank lines; not every Python quotes these.
    if "\r" in lines or "\ufeff" in lines or (len(columns) == 1 and _BLANK_LINE.search(lines)):
        return "".join(map(_record, zip(*columns)))
    return lines


def _record(values: Sequence[Any]) -> str:
    fields = ["" if value is None else str(value) for value in values]
    if len(fields) == 1:
        return field_line(fields[0])
    return ",".join(_quoted(field) if _SPECIAL.search(field) else field for field in fields) + "\n"


def field_line(text: str) -> str:
    """Return a line of one field, quoted if a reader would otherwise misread it."""
    return (text if not _SPECIAL.search(text) and text.strip(" \t") else _quoted(text)) + "\n"


def text_line(text: str) -> str:
    """Return the text as it is if it is one well-formed record, such as `name,prediction`; else one quoted field."""
    is_simple = '"' not in text and "\n" not in text and "\r" not in text  # quicker than the expression
    if (is_simple or _RECORD.fullmatch(text)) and text.strip(" \t") and text[0] != "\ufeff":
        return text + "\n"
    return _quoted(text) + "\n"


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))
