"""Columns of a table brought to the types of a model's signature.

MLflow itself refuses what loses precision (a float64 column for a `float` input), which is what every CSV and most
Parquet files hold; so the driver casts first, and all kinds of table get the same casts.
"""

from typing import Any, Dict, Optional

from .failures import CastError
from .tensors import tensor_input


class TableCasts:
    """The casts that one signature asks for."""

    def __init__(self, schema: Any) -> None:
        """`schema` is the input schema of the signature, or None."""
        self._tensors = list(schema.inputs) if schema is not None and schema.is_tensor_spec() else []
        self._types: Dict[Any, str] = {}
        if schema is not None and not schema.is_tensor_spec():
            self._types = _column_types(schema)

    def text_columns(self) -> Optional[Dict[Any, Any]]:
        """Columns that must be read as text, so that "007" keeps its zeros."""
        return {name: str for name, kind in self._types.items() if kind == "string" and isinstance(name, str)} or None

    def apply(self, frame: Any) -> Any:
        """The table with its columns cast, or the array that a tensor signature asks for; raises CastError."""
        if self._tensors:
            return tensor_input(frame, self._tensors)
        changed = {}
        for key, kind in self._types.items():
            name = key if isinstance(key, str) else _name_at(frame, key)
            if name is not None and name in frame.columns:
                changed[name] = _cast(frame[name], kind)
        return frame.assign(**changed) if all(isinstance(name, str) for name in changed) else _assign(frame, changed)


def _column_types(schema: Any) -> Dict[Any, str]:
    """Signature type by column name, or by position where the signature has no names."""
    named = schema.has_input_names()
    types = {}
    for position, column in enumerate(schema.inputs):
        kind = getattr(column.type, "name", "")
        if kind:  # arrays, objects and maps are left to MLflow
            types[column.name if named else position] = kind
    return types


def _name_at(frame: Any, position: int) -> Any:
    return frame.columns[position] if position < frame.shape[1] else None


def _assign(frame: Any, columns: Dict[Any, Any]) -> Any:
    copy = frame.copy(deep=False)
    for name, values in columns.items():
        copy[name] = values
    return copy


_NUMPY_TYPES = {"integer": "int32", "long": "int64", "float": "float32", "double": "float64"}


def _cast(column: Any, kind: str) -> Any:
    try:
        if kind in ("float", "double"):
            return column.astype(_NUMPY_TYPES[kind])
        if kind in ("integer", "long"):
            return _whole_numbers(column, _NUMPY_TYPES[kind])
        if kind == "boolean":
            return _booleans(column)
        if kind == "datetime":
            return _datetimes(column)
        if kind == "string":
            return _text(column)
    except (ValueError, TypeError, OverflowError) as error:
        raise CastError(
            "column {!r} does not hold values of type {}, as the model's signature says: {}".format(
                column.name, kind, " ".join(str(error).split())
            )
        ) from error
    return column


def _whole_numbers(column: Any, dtype: str) -> Any:
    if str(column.dtype) == dtype:
        return column
    if column.isna().any():
        raise ValueError("row {} is empty".format(int(column.isna().to_numpy().argmax())))
    whole = column.astype("int64") if column.dtype.kind in "iub" else _exactly_whole(column)
    cast = whole.astype(dtype)
    if (cast != whole).any():
        raise OverflowError("{} does not fit".format(whole[cast != whole].iloc[0]))
    return cast


def _exactly_whole(column: Any) -> Any:
    if column.dtype.kind != "f":
        return column.astype("int64")
    whole = column.astype("int64")
    if (whole != column).any():
        raise ValueError("{} is no whole number".format(column[whole != column].iloc[0]))
    return whole


def _booleans(column: Any) -> Any:
    if str(column.dtype) == "bool":
        return column
    known = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
    values = column.map(lambda value: known.get(str(value).strip().lower()))
    if values.isna().any():
        raise ValueError("{!r} is neither true nor false".format(column[values.isna()].iloc[0]))
    return values.astype(bool)


def _datetimes(column: Any) -> Any:
    import pandas

    return column if column.dtype.kind == "M" else pandas.to_datetime(column)


def _text(column: Any) -> Any:
    """Numbers of a JSON or Parquet file become text; what is text or missing stays as it is."""
    return column.astype(str) if column.dtype.kind in "iufb" and not column.isna().any() else column
