from __future__ import annotations

import csv
import io
import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from scorer_container.driver.agreement import Agreement
from scorer_container.driver.encoding import encode
from scorer_container.driver.failures import ResultError
from scorer_container.driver.results import of_result

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


def test_text_of_a_list_is_a_line_as_it_is_and_only_line_breaks_are_quoted():
    assert as_csv(["a.png,7", 'say "hi"', "two\nlines"]) == 'a.png,7\nsay "hi"\n"two\nlines"\n'


def test_a_list_of_frames_is_one_frame_and_counts_its_elements():
    rows = of_result(pd.DataFrame({"a": [n, n]}) for n in range(2))
    assert (rows.count, rows.succeeded, rows.columns) == (4, 2, ["a"])


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
