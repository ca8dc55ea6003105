"""Lists, objects and maps in a column: their elements get the signature's types, and MLflow takes them."""

from __future__ import annotations

import datetime
import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from mlflow.types import ColSpec, DataType, Schema  # noqa: E402 (below the mark that its warnings need)
from mlflow.types.schema import AnyType, Array, Map, Object, Property  # noqa: E402 (as above)

from scorer_container.driver.tables.model_input import ModelInput  # noqa: E402 (as above)
from scorer_container.driver.values.failures import CastError  # noqa: E402 (as above)
from tests.unit.scorer.values.in_process import predicted  # noqa: E402 (as above)

FLOATS, DOUBLES, INTEGERS = Array(DataType.float), Array(DataType.double), Array(DataType.integer)
TEXTS, TRUTHS, MOMENTS = Array(DataType.string), Array(DataType.boolean), Array(DataType.datetime)
POINT = Object([Property("x", DataType.float), Property("at", DataType.datetime, required=False)])
NEW_YEAR = datetime.datetime(2021, 1, 1)  # noqa: DTZ001 (moments of a signature name no zone)


@pytest.fixture
def cell(tmp_path):
    """The first cell of the column `v` of a type, as the driver hands it to MLflow, which must take it."""

    def cell(kind: Any, content: str | pa.Array) -> Any:
        path = tmp_path / "local"
        path.write_bytes(f'{{"v": {content}}}\n'.encode() if isinstance(content, str) else parquet_of(content))
        schema = Schema([ColSpec(kind, "v")])
        name = "a.jsonl" if isinstance(content, str) else "a.parquet"
        assert predicted(schema, ModelInput(schema).read(str(path), name))
        return ModelInput(schema).read(str(path), name)["v"][0]

    return cell


def parquet_of(array: pa.Array) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"v": array}), content)
    return content.getvalue()


def shown(value: Any) -> str:
    """With the types of numbers; a list and an array of the same elements look the same."""
    if isinstance(value, dict):
        return str({key: shown(member) for key, member in value.items()})
    if isinstance(value, (list, np.ndarray)):
        return f"[{', '.join(map(shown, value))}]"
    return f"{type(value).__name__} {value}"


@pytest.mark.parametrize(
    ("kind", "written", "array", "expected"),
    [
        (FLOATS, "[1, 0.5, null]", pa.array([[1.0, 0.5, None]]), "[float32 1.0, float32 0.5, float32 nan]"),
        (DOUBLES, "[1, 2]", pa.array([[1, 2]]), "[float64 1.0, float64 2.0]"),
        (INTEGERS, "[1, 2.0]", pa.array([[1.0, 2.0]]), "[int32 1, int32 2]"),
        (TRUTHS, "[true, 0]", pa.array([[True, False]]), "[bool True, bool False]"),
        (TEXTS, '["a", "NA"]', pa.array([["a", "NA"]]), "[str_ a, str_ NA]"),
        (
            MOMENTS,
            '["2021-01-01T01:00:00+01:00", null]',
            pa.array([[NEW_YEAR, None]]),
            "[datetime64 2021-01-01T00:00:00.000000000, datetime64 NaT]",
        ),
        (Array(FLOATS), "[[1], [0.5]]", pa.array([[[1.0], [0.5]]]), "[[float32 1.0], [float32 0.5]]"),
        (
            POINT,
            '{"x": 1, "at": "2021-01-01"}',
            pa.array([{"x": 1.0, "at": NEW_YEAR}]),
            "{'x': 'float32 1.0', 'at': 'datetime64 2021-01-01T00:00:00.000000000'}",
        ),
        (
            Map(INTEGERS),
            '{"k": [1]}',
            pa.array([[("k", [1])]], pa.map_(pa.string(), pa.list_(pa.int64()))),
            "{'k': '[int32 1]'}",
        ),
    ],
)
def test_elements_get_the_types_of_the_signature_from_json_and_parquet(cell, kind, written, array, expected):
    assert shown(cell(kind, written)) == shown(cell(kind, array)) == expected


def test_numbers_of_json_are_texts_as_they_are_written_where_the_signature_says_text(cell):
    assert cell(TEXTS, "[1.50, 1e400]") == ["1.50", "1e400"]
    assert cell(Object([Property("t", DataType.string)]), '{"t": 1.50}') == {"t": "1.50"}
    assert cell(Array(DataType.long), f"[{2**53 + 1}]") == [2**53 + 1]


def test_a_column_of_any_type_gets_what_the_file_holds(cell):
    assert cell(AnyType(), "1.50") == 1.5
    assert cell(AnyType(), '[1.50, "NA", {"a": null}]') == [1.5, "NA", {"a": None}]


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        (FLOATS, "[1, 16777217]", "16777217 cannot be float32"),
        (FLOATS, "[1e39]", "1e39 cannot be float32"),
        (INTEGERS, "[1.5]", "1.5 cannot be int32"),
        (INTEGERS, "[1, null]", "a missing value cannot be int32"),
        (TRUTHS, "[true, null]", "a missing value cannot be bool"),
        (TRUTHS, "[[true], [2]]", "cannot be bool"),
        (TEXTS, '["a", null]', "a missing value cannot be a text"),
        (TEXTS, "[true]", "True cannot be a text"),
        (MOMENTS, "[2021]", "ISO 8601"),
        (MOMENTS, pa.array([[1]]), "a number is no date"),
        (DOUBLES, pa.array([[1]], pa.list_(pa.timestamp("ns"))), "cannot be float64"),
        (POINT, '{"x": "many"}', "'many' cannot be float32"),
        (Map(DataType.long), '{"k": 1.5}', "1.5 cannot be int64"),
        (
            Map(DataType.long),
            pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int64())),
            "a map holds the key 'k' twice",
        ),
    ],
)
def test_an_element_that_would_change_is_refused_by_column_and_row(cell, kind, content, message):
    with pytest.raises(CastError, match=r"column 'v', row 0 \(counted from 0\): .*" + message):
        cell(kind, content)


def test_a_column_of_single_values_names_the_row_with_a_list(tmp_path):
    path = tmp_path / "local"
    path.write_text('{"v": [1, 2]}\n{"v": [3, 4]}\n', encoding="utf-8")
    for kind in ("long", "boolean", "datetime"):
        with pytest.raises(CastError, match=r"row 0 .* holds \[1, 2\]"):
            ModelInput(Schema([ColSpec(kind, "v")])).read(str(path), "a.jsonl")


def test_missing_cells_stay_missing(tmp_path):
    path = tmp_path / "local"
    path.write_text('{"v": null}\n{"v": [1]}\n', encoding="utf-8")
    frame = ModelInput(Schema([ColSpec(FLOATS, "v", required=False)])).read(str(path), "a.jsonl")
    assert pd.isna(frame["v"][0])
    assert shown(frame["v"][1]) == "[float32 1.0]"
