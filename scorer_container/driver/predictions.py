"""What a model predicted for one file, as rows `row, prediction…, file`."""

from typing import Any, Tuple

from .results import Rows, is_frame, of_frame

ROW = "row"
PREDICTION = "prediction"
FILE = "file"


def prediction_rows(predictions: Any, name: str) -> Rows:
    """One row for each prediction, with its 0-based number in the file and the file's `name`."""
    import pandas

    frame = _frame(predictions, pandas)
    frame.columns = [_column(column) for column in frame.columns]
    frame.insert(0, ROW, range(len(frame)))
    frame[FILE] = name
    return of_frame(frame, 1)


def _column(name: Any) -> str:
    """A prediction's column name; `row` and `file` are taken."""
    text = str(name)
    return "{}_{}".format(PREDICTION, text) if text in (ROW, FILE) else text


def _frame(predictions: Any, pandas: Any) -> Any:
    if is_frame(predictions):
        return predictions.reset_index(drop=True).copy()
    if hasattr(predictions, "to_frame"):  # a Series: its name would differ from model to model
        return pandas.DataFrame({PREDICTION: predictions.to_numpy()})
    if isinstance(predictions, dict):
        return pandas.DataFrame({str(key): _one_dimension(value) for key, value in predictions.items()})
    if isinstance(predictions, (list, tuple)):
        return pandas.DataFrame({PREDICTION: list(predictions)})
    return _array_frame(predictions, pandas)


def _array_frame(predictions: Any, pandas: Any) -> Any:
    dimensions = getattr(predictions, "ndim", 0)
    if dimensions == 0:
        return pandas.DataFrame({PREDICTION: [predictions]})
    if dimensions == 2 and predictions.shape[1] > 1:
        return pandas.DataFrame(
            predictions, columns=["{}_{}".format(PREDICTION, number) for number in range(predictions.shape[1])]
        )
    return pandas.DataFrame({PREDICTION: _one_dimension(predictions)})


def _one_dimension(values: Any) -> Any:
    """The values as one column: a column vector is flattened, more dimensions become lists."""
    shape: Tuple[int, ...] = getattr(values, "shape", ())
    if len(shape) == 2 and shape[1] == 1:
        return values[:, 0]
    return list(values) if len(shape) > 1 else values
