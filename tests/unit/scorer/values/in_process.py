"""The model in process: MLflow's own checks of a signature, and a model that shows what it was given."""

from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema

from scorer_container.driver.values.plain import is_missing
from tests.unit.scorer.values.generated_tables import Column, Table

_DTYPES = {"integer": "int32", "long": "int64", "float": "float32", "double": "float64", "datetime": "datetime64[ns]"}


class RefusedError(Exception):
    """The model, or what reads for it, did not take the values."""


class _Echo:
    """Predicts, for each row, what it was given: names, types and values."""

    def predict(self, data: Any) -> list[Any]:
        if isinstance(data, dict):
            rows = [self.predict(array) for array in data.values()]
            return [dict(zip(data, row, strict=True)) for row in zip(*rows, strict=True)]
        if isinstance(data, np.ndarray):
            kind = data.dtype.kind if data.dtype.kind in "US" else str(data.dtype)
            return [(kind, data.shape[1:], [shown(v) for v in row.reshape(-1).tolist()]) for row in _rows(data)]
        columns = [data.iloc[:, position] for position in range(data.shape[1])]
        return [tuple(_cell(column, row) for column in columns) for row in range(len(data))]


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, 1) if array.ndim == 1 else array


def _cell(column: pd.Series, row: int) -> Any:
    dtype = str(column.dtype) if column.dtype.kind in "iuf" else column.dtype.kind.replace("b", "O")
    return (str(column.name), dtype, shown(column.iloc[row]))


def shown(value: Any) -> str:
    """A value so that only equal ones look the same; -0.0 is not 0.0."""
    value = value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value
    if is_missing(value):
        return "missing"
    if isinstance(value, pd.Timestamp):
        return f"moment {value.as_unit('ns').value} {value.tzinfo}"
    return f"{type(value).__name__} {value!r}"


def predicted(schema: Schema, data: Any) -> list[Any]:
    """What the model with this signature says to the data; raises RefusedError where MLflow does not take it."""
    from mlflow.pyfunc import PyFuncModel  # warns while it is imported, which only a test may let pass

    model = PyFuncModel(Model(signature=ModelSignature(inputs=schema)), _Echo())
    try:
        return model.predict(data)
    except MlflowException as error:
        raise RefusedError(str(error)) from error


def schema_of(table: Table) -> Schema:
    """The signature of the table's columns."""
    return Schema([ColSpec(column.kind, column.name if table.is_named else None) for column in table.columns])


def frame_of(table: Table) -> pd.DataFrame:
    """The generated values themselves as a DataFrame, in exactly the types of the signature."""
    columns = [_series(column) for column in table.columns]
    frame = pd.concat(columns, axis=1)
    frame.columns = [column.name for column in table.columns]
    return frame


def _series(column: Column) -> pd.Series:
    dtype: Any = _DTYPES.get(column.kind, object)
    if column.kind == "boolean" and None not in column.values:
        dtype = bool
    return pd.Series(column.values, dtype=dtype)
