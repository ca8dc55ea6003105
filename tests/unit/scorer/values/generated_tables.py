"""Tables that Hypothesis makes: columns of a signature's types, with what is nasty in each of them."""

import datetime
import math
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

NASTY_TEXTS = [
    "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "<NA>", "#N/A", "-", "007", "1.50", "1e3", "0x10",
    "inf", "-0", "+5", "1_000", "true", "False", "2021-01-31", "12:30", "Yes", ",", '"', '""', "a,b", 'say "hi"',
    "two\nlines", "two\r\nlines", "\r", "\n", "tab\t", " leading", "trailing ", " ", "'", "#no comment", "\\", "\\n",
    "\ufeff", "é", "e\u0301", "日本", "🙂", "\u2028", "\x00", "\x1a", "\x85", "[1, 2]", '{"a": 1}', "=1+1",
]  # fmt: skip
NASTY_NAMES = [
    "a", "b", "A", "row", "file", "index", "level_0", "__index_level_0__", "0", "1", "1.5", "Unnamed: 0", "a.1", "a b",
    " a", "a ", "a,b", 'a"b', "a\nb", "é", "日本", "NA", "null", "None", "true", "columns", "data", "inputs",
    "dataframe_split",
]  # fmt: skip
_FIRST = datetime.datetime(1677, 9, 22)  # noqa: DTZ001 (moments of a signature name no zone)
_LAST = datetime.datetime(2262, 4, 10)  # noqa: DTZ001 (as above)


@dataclass(frozen=True)
class Column:
    """Values of one type; None is a missing one."""

    name: str
    kind: str
    values: list[Any]


@dataclass(frozen=True)
class Table:
    """Columns of one length, and whether the signature names them."""

    columns: list[Column]
    is_named: bool = True

    @property
    def rows(self) -> int:
        return len(self.columns[0].values)

    @property
    def has_zeros(self) -> bool:
        """Whether a text holds NUL, which no CSV file of ours may."""
        return any(isinstance(value, str) and "\0" in value for column in self.columns for value in column.values)


def _whole(bits: int) -> st.SearchStrategy[int]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return st.sampled_from([low, low + 1, -1, 0, 1, 2**24 + 1, min(2**53 + 1, high), high]) | st.integers(low, high)


def floats(width: int) -> st.SearchStrategy[float]:
    """Finite ones; Hypothesis likes 0.0, -0.0, the least and the greatest."""
    return st.floats(width=width, allow_nan=False, allow_infinity=False)  # type: ignore[arg-type]


MOMENTS = (
    st.sampled_from([_FIRST, datetime.datetime(1970, 1, 1), _LAST])  # noqa: DTZ001 (as above)
    | st.datetimes(_FIRST, _LAST).map(lambda moment: moment.replace(fold=0))
)
DAYS = MOMENTS.map(lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0))
TEXTS = st.sampled_from(NASTY_TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "integer": _whole(32),
    "long": _whole(64),
    "float": floats(32),
    "double": floats(64),
    "boolean": st.booleans(),
    "datetime": MOMENTS | DAYS,
}
_MAY_BE_MISSING = {"string", "float", "double", "boolean", "datetime"}
NAMES = st.sampled_from(NASTY_NAMES) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4)


@st.composite
def tables(draw: st.DrawFn, max_columns: int = 4) -> Table:
    """Tables of 0 to 5 rows whose values fit their columns' types, missing ones where MLflow takes them."""
    names = draw(st.lists(NAMES, min_size=1, max_size=max_columns, unique=True))
    rows = draw(st.integers(0, 5))
    columns = []
    for name in names:
        kind = draw(st.sampled_from(sorted(VALUES)))
        value = VALUES[kind]
        if kind in _MAY_BE_MISSING and draw(st.booleans()):
            value = st.none() | value
        columns.append(Column(name, kind, draw(st.lists(value, min_size=rows, max_size=rows))))
    return Table(columns, draw(st.booleans()))


ANYTHING = (
    st.none()
    | TEXTS
    | _whole(64)
    | st.sampled_from([2**63, 2**64, -(2**63) - 1, 10**400, 1.5, -0.0, 1e300, 1e39, 2.0**63, math.inf])
    | floats(64)
    | st.booleans()
)


@st.composite
def misfits(draw: st.DrawFn) -> Table:
    """Tables of one column whose values may be anything at all."""
    rows = draw(st.integers(1, 4))
    values = draw(st.lists(ANYTHING, min_size=rows, max_size=rows))
    return Table([Column("a", draw(st.sampled_from(sorted(VALUES))), values)])
