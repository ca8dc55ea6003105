"""A model's predictions for one file as rows `row, prediction…, file`."""

from numbers import Number
from typing import Any, List, NamedTuple, Sequence

from ..values.failures import ResultError
from .input_rows import PREDICT, InputRows
from .rows import Rows, as_array, checked_names, columns_of, is_a, shown_type
from .typed_rows import PREDICTION

ROW = "row"
FILE = "file"
_ACCEPTED = "a DataFrame, a Series, a numpy or scipy array, a list, or a dictionary of arrays"


class _Predictions(NamedTuple):
    """The columns of a result."""

    names: Sequence[Any]
    columns: List[Any]
    length: int
    index: Any = None
    """The index of pandas, None without one."""


def prediction_rows(predictions: Any, name: str, inputs: InputRows) -> Rows:
    """Return one row for each prediction, with the 0-based number of its input row and the file's `name`.

    Raise ResultError if the predictions do not lead back to the rows of the input.
    """
    found = _found(predictions, inputs)
    numbers = inputs.in_order(found.length) if found.index is None else inputs.of_index(found.index)
    if not found.columns:
        raise ResultError("{} returned {} rows without columns".format(PREDICT, found.length))
    rows = Rows(found.length, 1, PREDICT)
    rows.names = checked_names([ROW, *map(_column, found.names), FILE], PREDICT)
    rows.tables = [[list(numbers), *found.columns, [name] * found.length]]
    return rows


def _column(name: Any) -> str:
    """Return a prediction's column name; `row` and `file` are reserved."""
    text = str(name)
    return "{}_{}".format(PREDICTION, text) if text in (ROW, FILE) else text


def _found(predictions: Any, inputs: InputRows) -> _Predictions:
    if is_a(predictions, "pandas", "DataFrame"):
        columns = [predictions.iloc[:, position] for position in range(predictions.shape[1])]
        return _Predictions(predictions.columns, columns, len(predictions), predictions.index)
    if is_a(predictions, "pandas", "Series"):  # its name would differ from model to model
        return _Predictions([PREDICTION], [predictions], len(predictions), predictions.index)
    if isinstance(predictions, dict):
        return _of_dictionary(predictions)
    if isinstance(predictions, list):
        return _Predictions([PREDICTION], [predictions], len(predictions))
    array = predictions.toarray() if hasattr(predictions, "toarray") else predictions  # of scipy's sparse matrices
    if getattr(array, "ndim", 0) and hasattr(array, "__array__"):
        return _of_array(as_array(array))
    if inputs.count == 1 and isinstance(predictions, (str, bytes, bool, Number)):
        return _Predictions([PREDICTION], [[predictions]], 1)
    raise ResultError("{} returned {}; return {}".format(PREDICT, shown_type(predictions), _ACCEPTED))


def _of_array(array: Any) -> _Predictions:
    if array.ndim == 2 and array.shape[1] != 1:
        names = ["{}_{}".format(PREDICTION, number) for number in range(array.shape[1])]
        return _Predictions(names, columns_of(array), len(array))
    return _Predictions([PREDICTION], [_one_column(array)], len(array))


def _of_dictionary(predictions: Any) -> _Predictions:
    lengths = {}
    for key, value in predictions.items():
        if not isinstance(value, (list, tuple)) and not getattr(value, "ndim", 0):
            message = "{} returned a dictionary whose {!r} is {}; return an array or a list for each key"
            raise ResultError(message.format(PREDICT, str(key), shown_type(value)))
        lengths[str(key)] = len(value)
    if len(set(lengths.values())) != 1:
        shown = ", ".join("{}: {}".format(key, length) for key, length in lengths.items()) or "no keys"
        raise ResultError("{} returned a dictionary of arrays of other lengths ({})".format(PREDICT, shown))
    columns = list(map(_one_column, predictions.values()))
    return _Predictions(list(predictions), columns, min(lengths.values()), _common_index(predictions))


def _common_index(predictions: Any) -> Any:
    """Return the index of the Series in a dictionary; None if there is no Series."""
    indexes = [value.index for value in predictions.values() if is_a(value, "pandas", "Series")]
    if any(not index.equals(indexes[0]) for index in indexes[1:]):
        raise ResultError("{} returned a dictionary of Series with other indexes".format(PREDICT))
    return indexes[0] if indexes else None


def _one_column(values: Any) -> Any:
    """Return the values as one column: flatten a column vector, make lists of further dimensions."""
    if is_a(values, "pandas", "Series") or not hasattr(values, "__array__"):
        return values if hasattr(values, "iloc") else list(values)
    array = as_array(values)
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    return array if array.ndim == 1 else list(array)
