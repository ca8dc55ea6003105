import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scorer_container.driver.results.agreement import Agreement
from scorer_container.driver.results.encoding import encode
from scorer_container.driver.results.input_rows import InputRows
from scorer_container.driver.results.predictions import prediction_rows
from scorer_container.driver.values.failures import ResultError

pytestmark = pytest.mark.unit


def predicted(model, data=None):
    """The rows of a model that is this function, given three rows."""
    given = pd.DataFrame({"kind": ["a", "b", "c"], "x": [0.1, None, 0.3]}) if data is None else data
    inputs = InputRows(given)
    return prediction_rows(model(given), "sub/a.csv", inputs)


def lines(model, data=None) -> list[str]:
    rows = predicted(model, data)
    return encode(rows, "csv", "job", Agreement(lambda proposal: proposal)).decode().splitlines()


def numbers(model, data=None) -> list[int]:
    return [int(line.partition(",")[0]) for line in lines(model, data)]


TWO = pd.DataFrame({"x": [1, 2]})


@pytest.mark.parametrize(
    ("predictions", "columns", "first"),
    [
        (np.array([3, 4]), ["prediction"], "3"),
        (np.array([[3], [4]]), ["prediction"], "3"),
        (np.array([[1, 2], [3, 4]]), ["prediction_0", "prediction_1"], "1,2"),
        (np.zeros((2, 1, 2)), ["prediction"], '"[[0.0, 0.0]]"'),
        (sparse.csr_matrix([[0, 2], [3, 0]]), ["prediction_0", "prediction_1"], "0,2"),
        (sparse.csc_array([[0], [3]]), ["prediction"], "0"),
        (pd.DataFrame({"p": [1, 2], "row": [5, 6], 0: [7, 8]}, index=[9, 8]), ["p", "prediction_row", "0"], "1,5,7"),
        (pd.Series([1, 2], name="z"), ["prediction"], "1"),
        (pd.Series([2**53 + 1, None], dtype="Int64"), ["prediction"], str(2**53 + 1)),
        ({"a": np.array([1, 2]), "b": [[1], [2]], 3: np.array([[4], [5]])}, ["a", "b", "3"], "1,[1],4"),
        (["x", "y"], ["prediction"], "x"),
        ([2**53 + 1, None], ["prediction"], str(2**53 + 1)),
        ([2**53 + 1, 0.5], ["prediction"], str(2**53 + 1)),
        ([{"a": 1}, {"b": 2}], ["prediction"], '"{""a"": 1}"'),
    ],
)
def test_predictions_of_every_kind_become_rows_with_number_and_file(predictions, columns, first):
    rows = predicted(lambda _: predictions, TWO)
    assert (rows.names, rows.count, rows.succeeded) == (["row", *columns, "file"], 2, 1)
    first_line, second = lines(lambda _: predictions, TWO)
    assert first_line == f"0,{first},sub/a.csv"
    assert second.startswith("1,")


def test_one_input_may_have_a_prediction_that_is_no_collection():
    for prediction in (0.5, np.float64(0.5), "0.5", np.array(0.5)[()]):
        assert lines(lambda _, value=prediction: value, TWO.iloc[:1].copy()) == ["0,0.5,sub/a.csv"]


def drop_in_place(data):
    data.dropna(inplace=True)
    return data


def sort_in_place(data):
    data.sort_values("kind", ascending=False, inplace=True)
    return data["x"]


@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (lambda data: data.dropna(), [0, 2]),
        (lambda data: data.head(2), [0, 1]),
        (lambda data: data[data.kind != "c"]["x"], [0, 1]),
        (lambda data: data.iloc[::-1], [2, 1, 0]),
        (lambda data: data.sort_values("x", ascending=False), [2, 0, 1]),
        (lambda data: data.sort_values("x", ascending=False).reset_index(drop=True), [0, 1, 2]),
        (lambda data: pd.DataFrame({"p": [3, 2, 1]}).sort_values("p"), [2, 1, 0]),
        (lambda data: {"p": data["x"].dropna(), "k": data["kind"][[0, 2]]}, [0, 2]),
        (lambda data: data.set_index("kind"), [0, 1, 2]),
        (lambda data: data.set_index(["kind", "x"]).assign(p=1), [0, 1, 2]),
        (lambda data: pd.Series([1, 2, 3], index=[1, 2, 3]), [0, 1, 2]),
        (lambda data: pd.Series([1, 2, 3], index=[True, False, True]), [0, 1, 2]),
        (lambda data: pd.Series([1, 2, 3], index=["2", "1", "0"]), [0, 1, 2]),
        (lambda data: data.assign(i=[2, 1, 0]).set_index("i"), [0, 1, 2]),
        (drop_in_place, [0, 2]),
        (sort_in_place, [2, 1, 0]),
    ],
)
def test_rows_with_an_index_of_the_input_keep_their_own_number(model, expected):
    assert numbers(model) == expected


@pytest.mark.parametrize("index", [["p", "q", "r"], [5, 7, 9], [2, 0, 1], pd.RangeIndex(5, 8)])
def test_the_number_is_the_place_in_the_file_whatever_index_the_file_brings(index):
    data = pd.DataFrame({"x": [0.1, None, 0.3]}, index=index)
    assert numbers(lambda given: given.dropna(), data.copy()) == [0, 2]
    assert numbers(lambda given: given.iloc[::-1], data.copy()) == [2, 1, 0]
    assert numbers(lambda given: [1, 2, 3], data.copy()) == [0, 1, 2]


def test_an_index_that_repeats_counts_by_position_as_long_as_it_stays():
    data = pd.DataFrame({"x": [1, 2, 3]}, index=["p", "p", "q"])
    assert numbers(lambda given: given, data.copy()) == [0, 1, 2]
    with pytest.raises(ResultError, match="repeats rows"):
        predicted(lambda given: given.iloc[::-1], data.copy())


@pytest.mark.parametrize("data", [np.zeros((3, 2)), {"a": np.zeros((3, 2)), "b": np.zeros((3, 9))}])
def test_rows_of_tensors_are_those_of_their_first_dimension(data):
    assert numbers(lambda _: np.array([1, 2, 3]), data) == [0, 1, 2]
    with pytest.raises(ResultError, match="4 predictions for the 3 rows of the input"):
        predicted(lambda _: np.zeros(4), data)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda data: data.iloc[:0], "no predictions for the 3 rows of the input; return one for each row"),
        (lambda data: [], "no predictions for the 3 rows"),
        (lambda data: pd.DataFrame(), "no predictions for the 3 rows"),
        (lambda data: [1], "1 prediction for the 3 rows"),
        (lambda data: np.zeros((4, 3)), "4 predictions for the 3 rows"),
        (lambda data: pd.DataFrame({"p": [1, 2]}), "2 predictions for the 3 rows"),
        (lambda data: pd.DataFrame({"p": [1, 2]}, index=[True, False]), "2 predictions for the 3 rows"),
        (lambda data: data.dropna().reset_index(drop=True), "2 predictions for the 3 rows"),
        (lambda data: data.groupby("kind").sum().head(2), "2 predictions for the 3 rows"),
        (lambda data: data.iloc[[0, 0, 1]], "3 predictions for the 3 rows of the input with an index that repeats"),
        (lambda data: pd.concat([data, data]), "6 predictions for the 3 rows of the input with an index that repeats"),
        (lambda data: {"a": [1, 2, 3], "b": [1, 2]}, r"arrays of other lengths \(a: 3, b: 2\)"),
        (lambda data: {"a": data["x"], "b": data["x"].iloc[::-1]}, "dictionary of Series with other indexes"),
        (lambda data: {}, "no keys"),
        (lambda data: {"a": 1}, "a dictionary whose 'a' is a value of type 'int'"),
        (lambda data: {"a": "abc"}, "a dictionary whose 'a' is a value of type 'str'"),
        (lambda data: None, "None; return a DataFrame, a Series"),
        (lambda data: (n for n in range(3)), "a value of type 'generator'; return a DataFrame"),
        (lambda data: {1, 2, 3}, "a value of type 'set'"),
        (lambda data: ([1], [2], [3]), "a value of type 'tuple'"),
        (lambda data: "abc", "a value of type 'str'"),
        (lambda data: b"abc", "a value of type 'bytes'"),
        (lambda data: 1.5, "a value of type 'float'"),
        (lambda data: pd.DataFrame(index=data.index), "3 rows without columns"),
        (lambda data: np.zeros((3, 0)), "3 rows without columns"),
        (lambda data: pd.DataFrame([[1, 2]] * 3, columns=["a", "a"]), "columns of the same name: row, a, a, file"),
        (lambda data: data.assign(row=1, prediction_row=2), "columns of the same name: .*prediction_row"),
    ],
)
def test_what_does_not_lead_back_to_its_rows_is_refused_as_the_models_own(model, message):
    with pytest.raises(ResultError, match=r"^the model's predict\(\) returned .*" + message):
        predicted(model)


def test_a_type_that_does_not_fit_is_the_models_too():
    agreement = Agreement(lambda proposal: {**proposal, "types": ["int64", "int64", "text"]})
    with pytest.raises(ResultError, match=r"column 'prediction' holds 0.5.* let the model's predict\(\) give"):
        encode(predicted(lambda _: [0.5], TWO.iloc[:1].copy()), "parquet", "job", agreement)


def test_rows_are_counted_by_tensor_and_by_image():
    tensors = {"a": np.zeros((3, 2)), "b": np.zeros(3)}
    assert numbers(lambda _: np.arange(3), tensors) == [0, 1, 2]
    image = InputRows(np.zeros((28, 28, 1)), 1)
    assert prediction_rows(np.array([7]), "a.png", image).count == 1
    with pytest.raises(ResultError, match="28 predictions for the input's only row"):
        prediction_rows(np.arange(28), "a.png", image)
