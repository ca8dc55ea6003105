import datetime
import enum
import json
from decimal import Decimal

import numpy
import pandas
import pytest

from scorer_container.driver.results.agreement import Agreement
from scorer_container.driver.results.rows import of_result
from scorer_container.driver.results.typed_rows import encode_typed, typed_columns
from scorer_container.driver.values.failures import ResultError

pytestmark = pytest.mark.unit

UTC = datetime.UTC
NAIVE = datetime.datetime(2024, 1, 1)  # noqa: DTZ001 (a user's value)


def types(result):
    return {column.name: column.type for column in typed_columns(of_result(result))}


def typed(first, second):
    """The values of the second result, brought to what the first one has decided."""
    agreed = []
    agreement = Agreement(lambda proposal: agreed.append(proposal) or agreed[0])
    encode_typed(of_result(first), "job", agreement)
    return json.loads(encode_typed(of_result(second), "job", agreement))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (numpy.array([1], dtype="uint8"), "int64"),
        (numpy.array([1], dtype="uint64"), "uint64"),
        (numpy.array([0.5], dtype="float16"), "float32"),
        ([1, 2.5, None], "float64"),
        ([True, None], "bool"),
        ([2**64], "text"),
        ([enum.IntEnum("Grade", "good bad").bad], "int64"),
        ([enum.IntFlag("Huge", {"bit": 2**64}).bit], "text"),
        ([b"\x00"], "binary"),
        ([datetime.date(2024, 1, 2)], "date"),
        (pandas.to_datetime(["2024-01-02T03:04:05.678901"]), "timestamp"),
        ([datetime.datetime(2024, 1, 2, tzinfo=UTC)], "timestamp_utc"),
        ([numpy.zeros((2, 2), dtype="float32")], "list<list<float32>>"),
        ([[1, 2], [0.5], []], "list<float64>"),
        ([[1], "one"], "text"),
        ([{"a": 1}], "text"),
        ([None], "text"),
        ([[]], "list<text>"),
        (pandas.Categorical(["a"]), "text"),
        (pandas.array([1, None], dtype="Int64"), "int64"),
        (pandas.array([None], dtype="datetime64[us, UTC]"), "timestamp_utc"),
        (
            pandas.array([datetime.datetime(2024, 1, 2, tzinfo=UTC)], dtype="timestamp[us, tz=UTC][pyarrow]"),
            "timestamp_utc",
        ),
        (pandas.array([datetime.date(2024, 1, 2)], dtype="date32[pyarrow]"), "date"),
        ([numpy.array(["2024-01-02"], dtype="M8[D]")], "list<date>"),
        ([numpy.array([[1, None]], dtype="object")], "list<list<int64>>"),
        ([-1, numpy.uint64(2**63)], "text"),
        ([1, True], "text"),
    ],
)
def test_the_type_of_a_column_follows_from_its_values(values, expected):
    assert types(pandas.DataFrame({"c": values})) == {"c": expected}


def test_every_result_has_named_columns():
    assert types([1, 2]) == {"prediction": "int64"}
    assert types([[0.5], [1.5]]) == {"prediction": "list<float64>"}
    assert types(numpy.zeros((2, 2))) == {"prediction_0": "float64", "prediction_1": "float64"}
    assert types([{"label": "cat", "p": 0.5}, {"label": "dog", "why": "tail"}]) == {
        "label": "text",
        "p": "float64",
        "why": "text",
    }


@pytest.mark.parametrize(
    ("first", "later", "values"),
    [
        ([1], [2.0, None, float("nan")], [2, None, None]),
        ([0.5], [numpy.int32(3), numpy.float32("nan")], [3.0, None]),
        (numpy.array([1], dtype="float32"), [0.1], [0.1]),
        (["a"], [1, {"k": [1]}, Decimal("1.50")], ["1", '{"k": [1]}', "1.50"]),
        ([b"x"], [b"\x00\xff"], ["AP8="]),
        ([NAIVE], [pandas.Timestamp(1, unit="us"), numpy.datetime64(1, "us"), numpy.datetime64("NaT")], [1, 1, None]),
        ([[0.5]], [numpy.array([1, 2]), None], [[1.0, 2.0], None]),
    ],
)
def test_later_results_get_the_type_of_the_first(first, later, values):
    assert typed(first, later) == [values]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ([1], [1.5]),
        ([1], [True]),
        ([1], ["1"]),
        ([1], [2**63]),
        ([0.5], [2**53 + 1]),
        (numpy.array([1], dtype="float32"), [0.12345678901]),
        ([True], [1]),
        ([[1]], [1]),
        ([datetime.date(2024, 1, 1)], [NAIVE]),
        ([NAIVE], [datetime.datetime(2024, 1, 1, tzinfo=UTC)]),
        ([NAIVE], [pandas.Timestamp(1, unit="ns")]),
        ([NAIVE], [numpy.datetime64(1, "ns")]),
        ([0.5], [numpy.longdouble("0.1")]),
    ],
)
def test_what_would_lose_something_fails_with_column_value_and_type(first, later):
    with pytest.raises(
        ResultError,
        match=r"column 'prediction' holds .+, which is no \S+: .* same type each time",
    ):
        typed(first, later)


def test_columns_come_in_the_order_of_the_first_result():
    frame = pandas.DataFrame({"a": [1], "b": ["x"]})
    assert typed(frame, frame[["b", "a"]]) == [[1], ["x"]]
    with pytest.raises(ResultError, match="the result has the columns a, the job's other results have the columns a,"):
        typed(frame, frame[["a"]])
