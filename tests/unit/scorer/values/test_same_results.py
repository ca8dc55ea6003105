"""What a script or a model returns reads back from every output as the values that it returned.

Python's `csv` and `json` and pyarrow read; the expected values are the generated ones (docs/scoring-scripts.md,
"What becomes of a value").
"""

import csv
import datetime
import io
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorer_container.driver.results.agreement import Agreement, Proposal
from scorer_container.driver.results.encoding import encode
from scorer_container.driver.results.rows import of_result
from scorer_container.node.parquet.arrow_types import arrow_arrays, arrow_schema
from tests.unit.scorer.values.generated_tables import MOMENTS, NAMES, TEXTS
from tests.unit.scorer.values.tried_values import tried

pytestmark = pytest.mark.unit

_MISSING = st.none()
_COLUMNS: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    "int64": (st.integers(-(2**63), 2**63 - 1), "int64"),
    "uint64": (st.integers(0, 2**64 - 1), "uint64"),
    "int8": (st.integers(-128, 127), "int8"),
    "Int64": (_MISSING | st.integers(-(2**63), 2**63 - 1), "Int64"),
    "float64": (_MISSING | st.floats(allow_nan=False), "float64"),
    "float32": (_MISSING | st.floats(width=32, allow_nan=False), "float32"),
    "bool": (st.booleans(), "bool"),
    "boolean": (_MISSING | st.booleans(), "boolean"),
    "str": (_MISSING | TEXTS, None),
    "object": (_MISSING | TEXTS, object),
    "category": (_MISSING | TEXTS.filter(bool), "category"),
    "moments": (_MISSING | MOMENTS, "datetime64[us]"),
    "lists": (st.lists(st.integers(-9, 9) | _MISSING, max_size=3), object),
}


@st.composite
def frames(draw: st.DrawFn) -> dict[str, tuple[str, list[Any]]]:
    """By name of a column: its type and values; 1 to 4 rows."""
    names, rows = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)), draw(st.integers(1, 4))
    kinds = [draw(st.sampled_from(sorted(_COLUMNS))) for _ in names]
    return {
        name: (kind, draw(st.lists(_COLUMNS[kind][0], min_size=rows, max_size=rows)))
        for name, kind in zip(names, kinds, strict=True)
    }


def frame_of(columns: dict[str, tuple[str, list[Any]]]) -> pd.DataFrame:
    series = {name: pd.Series(values, dtype=_COLUMNS[kind][1]) for name, (kind, values) in columns.items()}
    return pd.DataFrame(series)


def written(result: Any, output_format: str) -> tuple[bytes, Proposal]:
    """The rows, and what columns and types they have."""
    proposals: list[Proposal] = [{}]

    def agree(proposal: Proposal) -> Proposal:
        proposals.append(proposal)
        return proposal

    return encode(of_result(result), output_format, "job", Agreement(agree)), proposals[-1]


def by_rows(columns: dict[str, tuple[str, list[Any]]], value: Any) -> list[list[Any]]:
    return [
        list(row) for row in zip(*([value(v, kind) for v in values] for kind, values in columns.values()), strict=True)
    ]


def read_field(text: str, kind: str) -> Any:
    """A CSV field as the type that its column is known to have."""
    if kind in ("str", "object", "category"):
        return text
    if kind == "lists":
        return json.loads(text)
    if text == "":
        return None
    if kind in ("bool", "boolean"):
        return {"True": True, "False": False}[text]
    if kind == "moments":
        return datetime.datetime.fromisoformat(text)
    return float(text) if kind.startswith("float") else int(text)


def in_csv(value: Any, kind: str) -> Any:
    return ("" if value is None else value) if kind in ("str", "object", "category") else value


def in_json(value: Any, kind: str) -> Any:
    if kind.startswith("float") and value is not None and math.isinf(value):
        return str(value)
    return str(value) if isinstance(value, datetime.datetime) else value


def exact(rows: list[list[Any]], kinds: list[str]) -> list[list[str]]:
    """Rows in a form in which only equal values are equal: 1 is not True, and -0.0 is not 0.0."""
    return [[repr(_narrow(value, kind)) for value, kind in zip(row, kinds, strict=True)] for row in rows]


def _narrow(value: Any, kind: str) -> Any:
    return float(np.float32(value)) if kind == "float32" and isinstance(value, float) else value


@tried
@given(columns=frames())
def test_values_of_a_frame_read_back_from_every_output(columns):
    frame, kinds = frame_of(columns), [kind for kind, _ in columns.values()]
    content, _ = written(frame, "csv")
    records = list(csv.reader(io.StringIO(content.decode(), newline="")))
    rows = [[read_field(text, kind) for text, kind in zip(record, kinds, strict=True)] for record in records]
    assert exact(rows, kinds) == exact(by_rows(columns, in_csv), kinds), content

    content, _ = written(frame, "jsonl")
    objects = [json.loads(line) for line in content.decode().split("\n")[:-1]]
    assert [list(record) for record in objects] == [list(columns)] * len(frame)
    assert exact([list(record.values()) for record in objects], kinds) == exact(by_rows(columns, in_json), kinds), (
        content
    )

    content, agreed = written(frame, "parquet")
    arrays = arrow_arrays(json.loads(content), agreed["types"])
    table = pa.Table.from_arrays(arrays, schema=arrow_schema(agreed["columns"], agreed["types"]))
    assert table.column_names == list(columns)
    rows = [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    assert exact(rows, kinds) == exact(by_rows(columns, lambda value, _: value), kinds), content


_SCALARS = _MISSING | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
_ELEMENTS = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5
)


def json_form(value: Any) -> Any:
    """The value as JSON has it: an infinity is a text there."""
    if isinstance(value, list):
        return [json_form(item) for item in value]
    if isinstance(value, dict):
        return {key: json_form(item) for key, item in value.items()}
    return str(value) if isinstance(value, float) and math.isinf(value) else value


@tried
@given(elements=st.lists(_ELEMENTS, min_size=1, max_size=4))
def test_elements_of_a_list_read_back_from_every_output(elements):
    content, _ = written(elements, "jsonl")
    lines = content.decode().split("\n")[:-1]
    assert [repr(json.loads(line)) for line in lines] == [repr(json_form(element)) for element in elements]

    content, _ = written(elements, "csv")
    records = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert len(records) == len(elements)
    for record, element in zip(records, elements, strict=True):
        if isinstance(element, str):  # or a text that spells a whole record: tests/unit/scorer/driver/test_csv_lines.py
            assert record == [element] or record == next(csv.reader([element]))
        elif isinstance(element, float) and math.isinf(element):
            assert record == [str(element)]
        else:
            assert repr(json.loads(record[0])) == repr(json_form(element))
