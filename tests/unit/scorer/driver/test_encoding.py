import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scorer_container.driver.results.agreement import Agreement
from scorer_container.driver.results.encoding import encode
from scorer_container.driver.results.rows import of_result
from scorer_container.driver.values.failures import ResultError

pytestmark = pytest.mark.unit


def encoded(result: object, output_format: str = "csv") -> bytes:
    return encode(of_result(result), output_format, "job", Agreement(lambda proposal: proposal))


def as_csv(result: object) -> str:
    return encoded(result).decode()


def as_json(result: object) -> list[object]:
    return [json.loads(line) for line in encoded(result, "jsonl").decode().splitlines()]


def test_a_data_frame_reads_back_as_the_same_values():
    frame = pd.DataFrame(
        {
            "text": ["plain", 'quote " comma ,', "line\nbreak", "carriage\rreturn", "ünï", ""],
            "single": np.array([0.1, 1e-7, 3, np.nan, np.inf, 2.5], dtype="float32"),
            "double": [0.1, 1 / 3, 1e300, np.nan, -0.0, 2.0],
            "whole": [1, 2, 3, 4, 5, 2**53 + 1],
            "flag": [True, False, True, False, True, False],
            "nested": [[1, None], {"a": 1.5}, None, "x", np.array([1, 2]), float("nan")],
        }
    )
    rows = list(csv.reader(io.StringIO(as_csv(frame), newline="")))
    columns = dict(zip(frame.columns, zip(*rows, strict=True), strict=True))
    assert list(columns["text"]) == frame["text"].tolist()
    assert columns["single"] == ("0.1", "1e-07", "3.0", "", "inf", "2.5")
    assert columns["double"] == ("0.1", "0.3333333333333333", "1e+300", "", "-0.0", "2.0")
    assert columns["whole"][-1] == str(2**53 + 1)
    assert columns["flag"][:2] == ("True", "False")
    assert columns["nested"] == ("[1, null]", '{"a": 1.5}', "", "x", "[1, 2]", "")


def test_nullable_and_time_columns_have_empty_fields_where_nothing_is():
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None], dtype="Int64"),
            "f": pd.array([0.5, None], dtype="Float32"),
            "t": pd.to_datetime(["2026-01-02 03:04:05", None]),
        }
    )
    assert as_csv(frame) == "1,0.5,2026-01-02 03:04:05\n,,\n"
    assert as_json(frame)[1] == {"n": None, "f": None, "t": None}


def test_json_lines_have_an_object_for_a_frames_row_and_the_element_of_a_list():
    frame = pd.DataFrame({"name": ["a"], "value": np.array([0.1], dtype="float32"), "nested": [[np.int64(1)]]})
    assert as_json(frame) == [{"name": "a", "value": 0.1, "nested": [1]}]
    assert as_json(["x", 1, None, {"k": np.float32(0.1)}, float("nan")]) == ["x", 1, None, {"k": 0.1}, None]
    assert as_json(np.eye(2, dtype="int8")) == [[1, 0], [0, 1]]
    assert as_json([datetime(2026, 1, 2, 3)]) == ["2026-01-02 03:00:00"]  # noqa: DTZ001 (a user's value)


def test_text_of_a_list_is_a_line_as_it_is_where_it_spells_one_record():
    assert as_csv(["a.png,7", 'say "hi"', "two\nlines"]) == 'a.png,7\n"say ""hi"""\n"two\nlines"\n'


def test_a_list_of_frames_is_one_frame_and_counts_its_elements():
    rows = of_result(pd.DataFrame({"a": [n, n]}) for n in range(2))
    assert (rows.count, rows.succeeded, rows.names) == (4, 2, ["a"])


@pytest.mark.parametrize("result", [[], (), pd.DataFrame(), np.array([])])
@pytest.mark.parametrize("output_format", ["csv", "jsonl", "parquet"])
def test_nothing_gives_no_row(result, output_format):
    rows = of_result(iter(result) if isinstance(result, tuple) else result)
    assert (rows.count, rows.succeeded, encoded(result, output_format)) == (0, 0, b"")


@pytest.mark.parametrize("result", [None, 1, "text", b"bytes", {"a": 1}, {1}, np.array(1)])
def test_what_is_no_collection_of_results_is_refused(result):
    with pytest.raises(ResultError, match=r"run\(\) returned .* return a list, a tuple, a pandas DataFrame"):
        of_result(result)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame(index=[0, 1]), "2 rows without columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "columns of the same name: a, a"),
    ],
)
def test_a_frame_that_has_no_place_in_a_table_is_refused(frame, message):
    with pytest.raises(ResultError, match=message):
        of_result(frame)


MISSING = [None, float("nan"), pd.NA, pd.NaT, Decimal("NaN"), np.float32("nan"), np.datetime64("NaT")]


@pytest.mark.parametrize("missing", MISSING, ids=repr)
@pytest.mark.parametrize("values", [["cat"], ["n/a", 1.5], [2**53 + 1], [True], [Decimal("0.10")], [b"x"], [{"a": 1}]])
def test_a_missing_value_is_missing_wherever_it_stands_among_others(missing, values):
    for position in range(len(values) + 1):
        column = [*values[:position], missing, *values[position:]]
        for result in (
            pd.DataFrame({"c": pd.Series(column, dtype="object")}),
            pd.Series(column, dtype="object"),
            column,
        ):
            fields = [row[0] for row in csv.reader(io.StringIO(as_csv(result)))]
            documents = [value["c"] if isinstance(result, pd.DataFrame) else value for value in as_json(result)]
            assert [fields.pop(position), documents.pop(position)] == ["null" if result is column else "", None]
            assert all(fields)
            assert None not in documents


COLUMNS = [
    (pd.Series(["cat", "cat", None]), ["cat", "cat", None]),
    (pd.Series(["cat", None], dtype="string"), ["cat", None]),
    (pd.Series(["cat", None, "dog"], dtype="category"), ["cat", None, "dog"]),
    (pd.Series(pd.Categorical([2**53 + 1, None])), [2**53 + 1, None]),
    (pd.Series([2**53 + 1, None, 3], dtype="Int64"), [2**53 + 1, None, 3]),
    (pd.Series([2**53 + 1, None], dtype="int64[pyarrow]"), [2**53 + 1, None]),
    (pd.Series([0.1, None], dtype="Float32"), [0.1, None]),
    (pd.Series([0.1, None], dtype="float[pyarrow]"), [0.1, None]),
    (pd.Series([True, None], dtype="boolean"), [True, None]),
    (pd.Series(pd.arrays.SparseArray([0, 2**53 + 1])), [0, 2**53 + 1]),
    (pd.Series([0.1, None], dtype="float16"), [0.1, None]),
    (pd.Series([np.longdouble("0.5"), np.longdouble("0.1")], dtype=np.longdouble), [0.5, str(np.longdouble("0.1"))]),
    (pd.Series([Decimal("1.50"), None]), ["1.50", None]),
    (pd.Series([1 + 2j]), ["(1+2j)"]),
    (pd.Series(pd.to_datetime(["2026-01-02 03:04:05.123456789"])), ["2026-01-02 03:04:05.123456789"]),
    (pd.Series(pd.to_timedelta([1, None], unit="ns")), ["0 days 00:00:00.000000001", None]),
    (pd.Series(pd.period_range("2026-01", periods=1, freq="M")), ["2026-01"]),
    (pd.Series([date(2026, 1, 2), None], dtype="date32[pyarrow]"), ["2026-01-02", None]),
    (pd.Series(pd.array(pa.array([1], pa.time64("ns")), pd.ArrowDtype(pa.time64("ns")))), ["00:00:00.000000001"]),
    (pd.Series([np.inf, -np.inf, 0.5]), ["inf", "-inf", 0.5]),
    (
        pd.Series([np.datetime64("2026-01-02T03", "h"), np.float32(0.1), np.bool_(True), np.str_("x")], dtype="object"),
        ["2026-01-02 03:00:00", 0.1, True, "x"],
    ),
]


@pytest.mark.parametrize(("series", "values"), COLUMNS, ids=[str(series.dtype) for series, _ in COLUMNS])
def test_every_type_of_column_keeps_its_values(series, values):
    texts = ["" if value is None else str(value) for value in values]
    assert [row[0] for row in csv.reader(io.StringIO(as_csv(pd.DataFrame({"c": series}))))] == texts
    assert [row["c"] for row in as_json(pd.DataFrame({"c": series}))] == values
    assert as_json(series) == values


ARRAYS = [
    (np.array(["2026-01-02T03:04:05.000000001", "NaT"], "M8[ns]"), ["2026-01-02 03:04:05.000000001", None]),
    (np.array(["2026-01-02"], "M8[D]"), ["2026-01-02"]),
    (np.array(["2026-01-02T03:04"], "M8[m]"), ["2026-01-02 03:04:00"]),
    (np.array([3], "m8[M]"), ["3 months"]),
    (np.array([1_500_000], "m8[us]"), ["0:00:01.500000"]),
    (np.ma.array([1.5, 2.5], mask=[False, True], dtype="float32"), [1.5, None]),
    (np.ma.array([1, 2], mask=[True, False]), [None, 2]),
    (np.array([0.1], "complex64"), ["(0.1+0j)"]),
    (np.array([b"x"]), ["b'x'"]),
]


@pytest.mark.parametrize(("array", "values"), ARRAYS, ids=[str(array.dtype) for array, _ in ARRAYS])
def test_every_type_of_array_keeps_its_values(array, values):
    texts = ["" if value is None else str(value) for value in values]
    assert as_json(array) == values
    assert as_json([array]) == [values]
    assert as_json(np.ma.column_stack([array, array])) == [[value, value] for value in values]
    assert list(csv.reader(io.StringIO(as_csv(array)))) == [[text] for text in texts]


def test_arrays_inside_a_result_have_the_values_that_they_hold():
    sparse = pd.arrays.SparseArray([0, 2**53 + 1])
    assert as_json([sparse, {"a": sparse}]) == [[0, 2**53 + 1], {"a": [0, 2**53 + 1]}]
    assert as_json([np.array(None), np.array("x", dtype=object), np.array(1)]) == [None, "x", 1]
    assert as_json([pd.Categorical([1, None]), pd.array([1, None], dtype="Int64")]) == [[1, None], [1, None]]


def test_a_dictionary_keeps_its_keys_or_is_refused():
    assert as_json([{1: {None: np.float32(0.1)}, True and "b": float("inf")}]) == [{"1": {"None": 0.1}, "b": "inf"}]
    with pytest.raises(ResultError, match="two keys that both read '1'"):
        as_json([[{1: "a", "1": "b"}]])


@pytest.mark.parametrize(
    "value", [object(), (n for n in [1]), pd.DataFrame({"a": [1]}), test_a_dictionary_keeps_its_keys_or_is_refused]
)
@pytest.mark.parametrize("output_format", ["csv", "jsonl", "parquet"])
def test_a_value_without_a_text_of_its_own_is_refused(value, output_format):
    with pytest.raises(ResultError, match=r"a value of type '.+' has no form in the output"):
        encoded([value, 1], output_format)


@pytest.mark.parametrize("output_format", ["csv", "jsonl", "parquet"])
def test_half_a_surrogate_pair_is_refused(output_format):
    for result in (["a\udc80"], pd.DataFrame({"c": pd.Series(["a\udc80"], dtype="object")}), [{"a\udc80": 1}]):
        with pytest.raises(ResultError, match=r"half a surrogate pair.*\\udc80"):
            encoded(result, output_format)


def test_each_frame_of_a_list_keeps_the_values_that_it_has_by_itself():
    frames = [
        pd.DataFrame({"n": pd.Series([2**53 + 1, None], dtype="Int64"), "t": [None, None]}),
        pd.DataFrame(),
        pd.DataFrame({"t": ["x"], "n": pd.Series([1], dtype="int64")}),
    ]
    assert as_csv(frames) == f"{2**53 + 1},\n,\n1,x\n"
    assert encoded(frames, "parquet") == f'[[{2**53 + 1}, null, 1], [null, null, "x"]]\n'.encode()
    assert of_result(frames).succeeded == 3


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"a": [1], "b": [0.5]}, "DataFrame 2 of what run.. returned has the columns a, b; DataFrame 0 has a"),
        ({"c": [1]}, "DataFrame 2 of what run.. returned has the columns c; DataFrame 0 has a"),
        (
            {"a": [1.0, None]},
            "column 'a' of DataFrame 2 of what run.. returned holds float64, that of DataFrame 0 holds int64",
        ),
        ({"a": ["x"]}, "holds text, that of DataFrame 0 holds int64"),
        ({"a": [True]}, "holds bool, that of DataFrame 0 holds int64"),
        ({"a": [[1]]}, "holds list<int64>, that of DataFrame 0 holds int64"),
    ],
)
@pytest.mark.parametrize("output_format", ["csv", "jsonl", "parquet"])
def test_frames_of_a_list_that_do_not_agree_are_told_by_name(other, message, output_format):
    with pytest.raises(ResultError, match=message):
        encoded([pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [None]}), pd.DataFrame(other)], output_format)


def test_results_conform_to_the_columns_of_the_job_and_ask_for_them_once():
    asked = []

    def propose(proposal):
        asked.append(proposal["columns"])
        return {"columns": ["a", "b"]}

    agreement = Agreement(propose)

    def given(result, job="job 1"):
        return encode(of_result(result), "csv", job, agreement)

    for _ in range(2):
        assert given(pd.DataFrame({"b": [2], "a": [1]})) == b"1,2\n"
    given([])
    assert asked == [["b", "a"]]
    with pytest.raises(ResultError, match="has no named columns, the job's other results have the columns a, b"):
        given(["x"])
    given(pd.DataFrame({"a": [1], "b": [1]}), "job 2")
    assert len(asked) == 2
