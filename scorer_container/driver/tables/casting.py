"""Casts the columns of a table to the types of a model's signature.

MLflow itself refuses casts that could lose precision, such as a float64 column for a `float` input; every CSV file and
most Parquet files hold such columns. The driver therefore casts first, with the same casts for all kinds of file. A
cast may change the type, never the value: a value that does not fit is refused.
"""

from typing import Any

from ..values.exact_cast import InexactError
from ..values.failures import CastError
from .column_casts import CASTS, is_missing_in
from .column_kinds import DECIMALS, NESTED, ColumnKinds
from .nested_casts import nested_column
from .tensors import tensor_input

_WRITTEN = {
    "integer": "whole numbers from -2147483648 to 2147483647 are written as 42",
    "long": "whole numbers from -9223372036854775808 to 9223372036854775807 are written as 42",
    "float": "numbers up to 3.4e38 are written as 42, 0.5 or 1e-3",
    "double": "numbers up to 1.7e308 are written as 42, 0.5 or 1e-3",
    "boolean": "booleans are written as true or false, or as 1 or 0",
    "datetime": "dates are written as 2021-01-31, 2021-01-31T10:30:00 or 2021-01-31T10:30:00Z, from 1677-09-22 to "
    "2262-04-11",
}
"""How a value of each type is written."""


def cast_table(frame: Any, kinds: ColumnKinds) -> Any:
    """Return the table with its columns cast, or the arrays for a tensor signature; raise CastError."""
    if kinds.tensors:
        return tensor_input(frame, kinds.tensors)
    if kinds.guessing:
        return frame
    frame = frame.copy(deep=False)
    frame.columns = [kinds.label(name) for name in frame.columns]
    twice = kinds.ambiguous(list(frame.columns))
    if twice is not None:
        raise CastError("the table has two columns {!r}; give each a name of its own".format(twice))
    for position, name in enumerate(frame.columns):
        kind = kinds.of(position, name)
        if kind in CASTS:
            frame[name] = _cast(frame[name], kind)
        elif kind == NESTED:
            frame[name] = nested_column(frame[name], kinds.type_of(position, name))
    return frame


def _cast(column: Any, kind: str) -> Any:
    if kind == "string" and str(column.dtype) == "str":  # pandas' own texts, from version 3 on
        return column
    try:
        return CASTS[kind](_of_numpy(column), kind)
    except InexactError as error:
        raise _refusal(column, kind, error.position) from error


def _of_numpy(column: Any) -> Any:
    """The column with one of numpy's types: categories, and pandas' own texts and numbers, become objects."""
    if getattr(column.dtype, "tz", None) is not None:
        return column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column if hasattr(column.dtype, "num") else column.astype(object)


def _refusal(column: Any, kind: str, row: int) -> CastError:
    value = column.iloc[row]
    shown = repr(value) if isinstance(value, str) else str(value)
    advice = _WRITTEN[kind]
    if kind in DECIMALS and shown.strip("'+-").isdigit():
        advice = "the type cannot hold that whole number exactly; with a decimal point it becomes the nearest number"
    return CastError(
        "column {!r} does not hold values of type {}, as the model's signature says: row {} (counted from 0) {}; "
        "{}".format(column.name, kind, row, "is empty" if is_missing_in(value) else "holds " + _short(shown), advice)
    )


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
