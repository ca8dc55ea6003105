"""Lines of CSV (RFC 4180, ended by `\\n`) that Python's `csv` and pandas read back as what was written."""

import csv
import io
import re
from typing import Any, List, Sequence

_FIELD = r'(?:"[^"]*(?:""[^"]*)*"|[^",\r\n]*)'
_RECORD = re.compile("{0}(?:,{0})*".format(_FIELD))
_SPECIAL = re.compile('[",\r\n]|^\ufeff')
_BLANK_LINE = re.compile(r"^[ \t]+$", re.MULTILINE)


def record_lines(columns: Sequence[List[Any]]) -> str:
    """A line for each row of a table whose columns hold texts, numbers, booleans and None."""
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
    """A line of one field, quoted where a reader would take it for something else."""
    return (text if not _SPECIAL.search(text) and text.strip(" \t") else _quoted(text)) + "\n"


def text_line(text: str) -> str:
    """The text as it is when it spells one well-formed record, such as `name,prediction`; else one quoted field."""
    is_simple = '"' not in text and "\n" not in text and "\r" not in text  # quicker than the expression
    if (is_simple or _RECORD.fullmatch(text)) and text.strip(" \t") and text[0] != "\ufeff":
        return text + "\n"
    return _quoted(text) + "\n"


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))
