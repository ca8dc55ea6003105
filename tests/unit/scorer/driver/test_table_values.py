"""What a value of a table becomes, by signature type and by the kind of file that holds it."""

import datetime
import decimal
import io
import json
import math

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from mlflow.types import ColSpec, Schema  # noqa: E402 (below the mark that its warnings need)

from scorer_container.driver.tables.model_input import ModelInput  # noqa: E402 (as above)
from scorer_container.driver.values.failures import CastError  # noqa: E402 (as above)

NANOSECONDS = [pa.timestamp("ns"), pa.duration("ns"), pa.timestamp("ns", "UTC")]
"""numpy hands their values out as whole numbers."""
BIG = 2**53 + 1
"""The first whole number that a double cannot hold."""


@pytest.fixture
def given(tmp_path):
    """The values, and the type, that a model with one column `x` of the type `kind` gets from a file."""

    def given(kind: str, name: str, content: str | bytes) -> tuple[list, str]:
        path = tmp_path / "local"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        column = ModelInput(Schema([ColSpec(kind, "x")])).read(str(path), name)["x"]
        return [None if pd.isna(value) else value for value in column.tolist()], str(column.dtype)

    return given


def csv_of(*cells: str) -> str:
    return "\n".join(["x,other", *(f"{cell}," for cell in cells)]) + "\n"


def lines_of(*values: str) -> str:
    return "".join(f'{{"x": {value}}}\n' for value in values)


def parquet_of(array: pa.Array) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"x": array}), content)
    return content.getvalue()


def moment(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


@pytest.mark.parametrize(
    ("kind", "cells", "values"),
    [
        ("long", ["007", "+7", " 7 ", "-0"], [7, 7, 7, 0]),
        ("long", ["1.0", "1e3", "1.50e1"], [1, 1000, 15]),
        ("long", [str(BIG), f"{BIG}.0", str(2**63 - 1), str(-(2**63))], [BIG, BIG, 2**63 - 1, -(2**63)]),
        ("integer", ["2147483647", "-2147483648"], [2**31 - 1, -(2**31)]),
        ("double", ["0.1", "1e-400", ".5", "5.", " 0.5 "], [0.1, 0.0, 0.5, 5.0, 0.5]),
        ("double", ["inf", "-Infinity", "1"], [math.inf, -math.inf, 1.0]),
        ("double", [f"{BIG}.0", "123456789012345678901.5"], [2.0**53, 123456789012345678901.5]),
        ("double", ["1", "", "NA", "null", "None", "NaN", "n/a"], [1.0, *[None] * 6]),
        ("float", ["16777217.0", "3.4028235e38"], [2.0**24, 3.4028234663852886e38]),
        ("boolean", ["True", "FALSE", "1", "0.0", " true "], [True, False, True, False, True]),
        ("boolean", ["True", "", "NA", "false"], [True, None, None, False]),
        (
            "string",
            ["007", "NA", "null", "None", "1.50", "True", " a "],
            ["007", "NA", "null", "None", "1.50", "True", " a "],
        ),
        ("string", ['""', "", "a"], [None, None, "a"]),
        ("string", ["12", "7"], ["12", "7"]),
        ("datetime", ["2021-01-01", "", "NaN"], [moment("2021-01-01"), None, None]),
        ("datetime", ["2021-01-01", "2021-06-01 10:11:12"], [moment("2021-01-01"), moment("2021-06-01 10:11:12")]),
        (
            "datetime",
            ["2021-06-01T10:11:12Z", "2021-06-01T10:11Z"],
            [moment("2021-06-01 10:11:12"), moment("2021-06-01 10:11")],
        ),
        ("datetime", ["2021-01-01T00:00:00+02:00"], [moment("2020-12-31 22:00")]),
        (
            "datetime",
            ["2021-01-01", "2021-01-01T00:00:00.000000001"],
            [moment("2021-01-01"), moment("2021-01-01T00:00:00.000000001")],
        ),
    ],
)
def test_csv_cells_become_what_they_spell(given, kind, cells, values):
    assert given(kind, "a.csv", csv_of(*cells))[0] == values


@pytest.mark.parametrize(
    ("kind", "written", "values"),
    [
        ("long", [str(BIG), "3", f"{BIG}.0", '"7"', "1e3"], [BIG, 3, BIG, 7, 1000]),
        ("double", ["1", "null", "0.1", '"0.5"', '"NA"', "NaN"], [1.0, None, 0.1, 0.5, None, None]),
        ("double", ["Infinity", "1"], [math.inf, 1.0]),
        ("boolean", ["true", "null", "false", "1"], [True, None, False, True]),
        (
            "string",
            ['"007"', '"NA"', '""', "null", "1.50", "12", "true"],
            ["007", "NA", "", None, "1.50", "12", "true"],
        ),
        ("string", ["12", "null"], ["12", None]),
        ("string", [str(BIG), "null"], [str(BIG), None]),
        ("string", ['"\\ud800"'], ["\ud800"]),
        (
            "datetime",
            ['"2024-01-01T00:00:00"', '"2024-01-01T00:00:00.500000"'],
            [moment("2024-01-01"), moment("2024-01-01 00:00:00.5")],
        ),
    ],
)
def test_json_values_become_what_they_spell(given, kind, written, values):
    assert given(kind, "a.jsonl", lines_of(*written))[0] == values
    rows = ", ".join(f"[{value}]" for value in written)
    assert given(kind, "a.json", f'{{"columns": ["x"], "data": [{rows}]}}')[0] == values


@pytest.mark.parametrize(
    ("kind", "array", "values"),
    [
        ("long", pa.array([BIG, 3]), [BIG, 3]),
        ("long", pa.array([1.0, 2.0]), [1, 2]),
        ("long", pa.array([1, 2], pa.uint64()), [1, 2]),
        ("long", pa.array([decimal.Decimal("2.00")]), [2]),
        ("long", pa.array([7, 7]).dictionary_encode(), [7, 7]),
        ("double", pa.array([1, None]), [1.0, None]),
        ("double", pa.array([decimal.Decimal("1.50"), None]), [1.5, None]),
        ("double", pa.array([1, None]).dictionary_encode(), [1.0, None]),
        ("float", pa.array([0.1, None]), [0.10000000149011612, None]),
        ("boolean", pa.array([True, None, False]), [True, None, False]),
        ("boolean", pa.array([1, 0, None]), [True, False, None]),
        ("string", pa.array(["b", None, "b"]).dictionary_encode(), ["b", None, "b"]),
        ("string", pa.array([BIG, None]), [str(BIG), None]),
        ("string", pa.array([0.1, None], pa.float32()), ["0.1", None]),
        ("string", pa.array([decimal.Decimal("1.50")]), ["1.50"]),
        ("string", pa.array([None, None], pa.null()), [None, None]),
        ("datetime", pa.array([datetime.date(2021, 1, 1), None]), [moment("2021-01-01"), None]),
        ("datetime", pa.array([1609459200], pa.timestamp("s", "Europe/Paris")), [moment("2021-01-01")]),
        ("datetime", pa.array([1609459200, None], pa.timestamp("s", "UTC")), [moment("2021-01-01"), None]),
    ],
)
def test_parquet_values_stay_what_they_are(given, kind, array, values):
    assert given(kind, "a.parquet", parquet_of(array))[0] == values


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("long", "int64"), ("integer", "int32"), ("float", "float32"), ("double", "float64"), ("boolean", "bool")],
)
def test_every_kind_of_file_gives_the_type_of_the_signature(given, kind, dtype):
    for name, content in (
        ("a.csv", csv_of("1", "0")),
        ("a.jsonl", lines_of("1", "0")),
        ("a.parquet", parquet_of(pa.array([1, 0]))),
    ):
        assert given(kind, name, content) == ([1, 0], dtype), name


REFUSED = [
    ("long", "1.5"),
    ("long", str(2**63)),
    ("long", str(-(2**63) - 1)),
    ("long", str(2**64 - 1)),
    ("long", "1e999999999"),
    ("integer", str(2**31)),
    ("double", str(BIG)),
    ("double", "1e400"),
    ("float", "16777217"),
    ("float", "1e39"),
    ("boolean", "2"),
    ("datetime", "1704067200"),
    ("datetime", "1714979289000"),
    ("datetime", "2021"),
    ("datetime", "20210131"),
]


@pytest.mark.parametrize(("kind", "value"), REFUSED)
@pytest.mark.parametrize("first", ["same", "another"])
def test_a_number_that_would_change_is_refused_with_column_row_and_value(given, kind, value, first):
    above = [] if first == "same" else ["2021-01-01" if kind == "datetime" else "1"]
    quoted = [json.dumps(cell) if kind == "datetime" else cell for cell in above]
    for name, content in (("a.csv", csv_of(*above, value)), ("a.jsonl", lines_of(*quoted, value))):
        with pytest.raises(CastError) as caught:
            given(kind, name, content)
        assert f"column 'x' does not hold values of type {kind}" in str(caught.value)
        assert f"row {len(above)} (counted from 0) holds " in str(caught.value)
        assert value in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("long", "1_000"),
        ("long", "0x10"),
        ("long", "\u0661"),
        ("long", "many"),
        ("long", "inf"),
        ("double", "1_0"),
        ("double", "0,5"),
        ("double", "1.5f"),
        ("boolean", "yes"),
        ("boolean", "01"),
        ("datetime", "01/02/2021"),
        ("datetime", "2021-1-1"),
        ("datetime", "2021-02-30"),
        ("datetime", "9999-12-31"),
        ("datetime", "2262-04-11T23:47:16.854775808"),
        ("datetime", "2021-01-01T10:11:12.1234567891"),
        ("datetime", "2021-01-01T00:00:00+99:00"),
    ],
)
def test_a_text_that_spells_no_value_of_the_type_is_refused(given, kind, text):
    for name, content in (("a.csv", csv_of(f'"{text}"')), ("a.jsonl", lines_of(json.dumps(text)))):
        with pytest.raises(CastError, match=r"row 0 .* holds .*written as"):
            given(kind, name, content)


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        ("long", pa.array([decimal.Decimal("2.00"), decimal.Decimal("1.50")])),
        ("long", pa.array([1, 2**64 - 1], pa.uint64())),
        ("long", pa.array([1.0, 2.5])),
        ("long", pa.array([1.0, 2.0**63])),
        ("long", pa.array([1.0, math.inf])),
        ("integer", pa.array([1, 2**31])),
        ("double", pa.array([1, BIG])),
        ("float", pa.array([0.5, 1e39])),
        ("boolean", pa.array([1, 2])),
        *((kind, pa.array([None, 1], unit)) for kind in ("double", "float", "boolean") for unit in NANOSECONDS),
        ("datetime", pa.array(["2021-01-01", "soon"])),
        ("datetime", pa.array([None, 1])),
        ("datetime", pa.array([None, datetime.time(1, 2)])),
        ("datetime", pa.array([None, 253370764800], pa.timestamp("s"))),
    ],
)
def test_a_parquet_value_that_would_change_is_refused(given, kind, array):
    with pytest.raises(CastError, match=r"column 'x' .* type .* row 1 \(counted from 0\) holds "):
        given(kind, "a.parquet", parquet_of(array))


@pytest.mark.parametrize("unit", NANOSECONDS)
@pytest.mark.parametrize("kind", ["integer", "long"])
def test_moments_are_no_whole_numbers(given, kind, unit):
    with pytest.raises(CastError, match=r"row 0 .* holds "):
        given(kind, "a.parquet", parquet_of(pa.array([1, 2], unit)))


@pytest.mark.parametrize("kind", ["integer", "long"])
def test_whole_numbers_cannot_be_missing(given, kind):
    for name, content in (
        ("a.csv", csv_of("1", "")),
        ("a.jsonl", lines_of("1", "null")),
        ("a.parquet", parquet_of(pa.array([1, None]))),
    ):
        with pytest.raises(CastError, match=r"row 1 .* is empty"):
            given(kind, name, content)


def test_an_index_of_pandas_is_a_column_only_where_the_signature_names_it(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"x": [1, 2]}, index=pd.Index([5, 6], name="id")).to_parquet(path)
    plain = ModelInput(Schema([ColSpec("long", "x")])).read(str(path), "a.parquet")
    assert (list(plain.columns), list(plain.index)) == (["x"], [0, 1])
    named = ModelInput(Schema([ColSpec("long", "id"), ColSpec("long", "x")])).read(str(path), "a.parquet")
    assert named["id"].tolist() == [5, 6]
