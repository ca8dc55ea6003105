"""Rows as what the output file is made of: CSV as RFC 4180 says (with `\\n`), JSON lines, typed rows; UTF-8."""

import csv
import io
import re
from typing import Any, Iterable, List, Sequence

from .agreement import Agreement, same_columns
from .results import Rows
from .typed_rows import encode_typed
from .values import as_field, as_json, column_values

_CSV = "csv"
_PARQUET = "parquet"

_LINE_BREAK = re.compile(r"[\r\n]")


def encode(rows: Rows, output_format: str, job: str, agreement: Agreement) -> bytes:
    """The rows for a job's file of this format; raises ResultError when they do not fit what the job has agreed on."""
    if output_format == _PARQUET:
        return encode_typed(rows, job, agreement)
    if output_format == _CSV:
        _conform(rows, job, agreement)
        text = _csv(rows)
    else:
        text = "".join(line + "\n" for line in _json_lines(rows))
    return text.encode("utf-8", "backslashreplace")


def _conform(rows: Rows, job: str, agreement: Agreement) -> None:
    """Bring the rows into the job's order of columns."""
    names = rows.columns
    if not rows.count:
        return
    agreed = agreement.of(job, {"columns": names})["columns"]
    same_columns(names, agreed)
    if names is not None and names != agreed:
        rows.frame = rows.frame.iloc[:, [names.index(name) for name in agreed]]


def _csv(rows: Rows) -> str:
    if rows.frame is None and rows.table is None:
        return "".join(_element_line(element) for element in rows.elements)
    columns = [column_values(column, as_field) for column in _columns(rows)]
    text = _csv_lines(zip(*columns), "\n")
    if "\r" not in text:
        return text
    # Only with this line end a lone `\r` is quoted in every version of Python.
    return "".join(_csv_lines([row], "\r\n")[:-2] + "\n" for row in zip(*columns))


def _csv_lines(rows: Iterable[Sequence[Any]], line_end: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end).writerows(rows)
    return text.getvalue()


def _element_line(element: Any) -> str:
    """A text is a line as the script made it, often "name,prediction"; quoted only if it would become two lines."""
    if isinstance(element, str) and not _LINE_BREAK.search(element):
        return element + "\n"
    return _csv_lines([[element if isinstance(element, str) else as_json(element)]], "\r\n")[:-2] + "\n"


def _json_lines(rows: Rows) -> List[str]:
    if rows.frame is not None:
        names = rows.columns
        values = zip(*(column_values(column) for column in _columns(rows)))
        return [as_json(dict(zip(names or (), row))) for row in values]
    if rows.table is not None:
        return [as_json(list(row)) for row in zip(*(column_values(column) for column in _columns(rows)))]
    return [as_json(element) for element in rows.elements]


def _columns(rows: Rows) -> List[Any]:
    if rows.frame is not None:
        return [rows.frame.iloc[:, position] for position in range(rows.frame.shape[1])]
    return [rows.table[:, position] for position in range(rows.table.shape[1])]
