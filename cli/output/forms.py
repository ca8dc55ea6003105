"""The output of a command: the result after `--query`, in one of the forms of `-o`."""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from cli.output.errors import UsageError

_UTC_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:00|Z)")

FORMS = ("json", "jsonc", "yaml", "table", "tsv", "none")


@dataclass(frozen=True)
class OutputForm:
    """How to print the result of a command."""

    name: str = "json"
    query: str = ""
    columns: tuple[str, ...] = ()
    """Columns of a table without a query. Empty: all scalar members."""

    def show(self, value: Any, stream: TextIO | None = None) -> None:
        """Print `value` on stdout or `stream`. Print nothing for None and for the form `none`."""
        value = plain(value)
        if self.query:
            value = select(value, self.query)
        elif self.name == "table" and self.columns:
            value = _without_idle_columns(_narrowed(value, self.columns), self.columns)
        text = "" if value is None else _WRITERS[self.name](value)
        if text:
            print(text, file=stream or sys.stdout)


def plain(value: Any) -> Any:
    """Return `value` in JSON's own types, because JMESPath silently ignores tuples."""
    return json.loads(json.dumps(value, default=str))


def select(value: Any, query: str) -> Any:
    """Return the part of `value` that a JMESPath expression selects; raise UsageError for a wrong expression."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, value)
    except JMESPathError as error:
        raise UsageError(
            f"--query {query!r} is not a JMESPath expression: {error}", hint="See https://jmespath.org for the syntax"
        ) from None


def _narrowed(value: Any, columns: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_narrowed(item, columns) for item in value]
    return {column: value.get(column) for column in columns} if isinstance(value, dict) else value


def _without_idle_columns(value: Any, columns: Sequence[str]) -> Any:
    """Drop the columns that are empty, or repeat the first column, in every row."""
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) for row in rows):
        return value
    first, *others = columns
    kept = [first, *(name for name in others if any(row[name] not in (None, "", row[first]) for row in rows))]
    return _narrowed(value, kept)


def as_json(value: Any) -> str:
    """Return indented JSON that does not escape non-ASCII characters."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def as_coloured_json(value: Any) -> str:
    """Return JSON, coloured on a terminal and plain elsewhere."""
    import click

    text = as_json(value)
    if not sys.stdout.isatty():
        return text
    keyed = re.compile(r'^(\s*)("(?:[^"\\]|\\.)*")(:)', re.MULTILINE)
    return keyed.sub(lambda m: f"{m[1]}{click.style(m[2], fg='blue')}{m[3]}", text)


def as_yaml(value: Any) -> str:
    """Return YAML that keeps the order of the members."""
    import yaml

    return yaml.safe_dump(plain(value), sort_keys=False, allow_unicode=True).removesuffix("...\n").rstrip("\n")


def as_tsv(value: Any) -> str:
    """Return one line for each element, with values separated by tabs and without names, as `az -o tsv` does."""
    rows = value if isinstance(value, list) else [value]
    return "\n".join(_tsv_row(row) for row in rows)


def _tsv_row(row: Any) -> str:
    if isinstance(row, Mapping):
        return "\t".join(_tsv_cell(cell) for cell in row.values())
    if isinstance(row, list):
        return "\t".join(_tsv_cell(cell) for cell in row)
    return _tsv_cell(row)


def _tsv_cell(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, Mapping):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_table(value: Any) -> str:
    """Return a table of the scalar members, with one row for each element."""
    from tabulate import tabulate

    rows = value if isinstance(value, list) else [value]
    if not rows:
        return ""
    if not isinstance(rows[0], dict):
        return tabulate([[_table_cell(row)] for row in rows], headers=["Result"])
    names = list(dict.fromkeys(name for row in rows for name, cell in row.items() if _is_scalar(cell)))
    cells = [[_table_cell(row.get(name)) for name in names] for row in rows]
    return tabulate(cells, headers=[_title(name) for name in names], disable_numparse=True)


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, (dict, list))


def _table_cell(value: Any) -> str:
    """Return the text of a cell on one line. Times are cut to the second.

    Control characters are shown as escapes: a job's name that somebody else chose must not steer this terminal.
    """
    text = _CONTROL.sub(lambda found: repr(found[0])[1:-1], "" if value is None else str(value))
    return f"{time[1]}Z" if (time := _UTC_TIME.fullmatch(text)) else text


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _title(name: str) -> str:
    """Return `mini_batch_size` as `MiniBatchSize`, as az does."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


_WRITERS: dict[str, Callable[[Any], str]] = {
    "json": as_json,
    "jsonc": as_coloured_json,
    "yaml": as_yaml,
    "table": as_table,
    "tsv": as_tsv,
    "none": lambda _: "",
}
