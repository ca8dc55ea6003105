"""Casts of one column to one of MLflow's types. Each raises InexactError with the row of a value that would change."""

import decimal
from typing import Any, Callable, Dict, List, Optional

from ..values.exact_cast import InexactError, cast_exactly
from ..values.moments import moments
from ..values.plain import is_missing
from .column_kinds import EXACT_BELOW, MISSING_WORDS
from .written import Written

NUMPY_TYPES = {"integer": "int32", "long": "int64", "float": "float32", "double": "float64"}
_TRUTHS = {"true": True, "false": False}


def is_missing_in(value: Any) -> bool:
    """Return True if a value in a column of numbers, booleans or dates means "missing"."""
    return is_missing(value) or (isinstance(value, str) and value.strip() in MISSING_WORDS)


def surely_exact(values: Any, kind: str) -> bool:
    """Whether floats made of texts are what the texts say, in a column of this kind.

    In doubt is a number too large for the type, and a whole one that the type may not hold exactly.
    """
    import numpy

    large = values[numpy.abs(values) >= EXACT_BELOW[kind]]
    return not (numpy.floor(large) == large).any()


def _numbers(column: Any, kind: str) -> Any:
    if column.dtype == NUMPY_TYPES[kind]:
        return column
    return _series(exact_numbers(column.to_numpy(), kind), column)


def exact_numbers(values: Any, kind: str) -> Any:
    """A numpy array of numbers, or of objects and texts that are some, in the type `kind`; raises InexactError."""
    import numpy

    if values.dtype.kind == "O":
        values = _quickly(values, kind) if kind in EXACT_BELOW else values
    if values.dtype.kind == "O":
        values = objects([_number(value) for value in values])
    return cast_exactly(values, numpy.dtype(NUMPY_TYPES[kind]))


def _quickly(values: Any, kind: str) -> Any:
    """The numbers of a JSON file as floats at once; `values` where that might change one."""
    if set(map(type, values)) <= {Written, type(None)}:
        floats = values.astype("float64")
        if surely_exact(floats, kind):
            return floats
    return values


def _number(value: Any) -> Any:
    """The value for `cast_exactly`: a text may say that the value is missing, or spell a boolean."""
    if isinstance(value, decimal.Decimal):
        return str(value)
    if is_missing_in(value):
        return None
    return _TRUTHS.get(value.strip().lower(), value) if isinstance(value, str) else value


def _booleans(column: Any, kind: str) -> Any:
    """Booleans; with missing values a column of objects, as MLflow takes it."""
    import numpy

    values = column.to_numpy()
    there = numpy.array([not is_missing_in(value) for value in values], dtype=bool)
    try:
        cast = cast_exactly(values[there], numpy.dtype(bool))
    except InexactError as error:
        raise InexactError(str(error), int(numpy.flatnonzero(there)[error.position])) from None
    if there.all():
        return _series(cast, column)
    with_missing = objects([None] * len(values))
    with_missing[there] = cast
    return _series(with_missing, column)


def _datetimes(column: Any, kind: str) -> Any:
    values = column.to_numpy()
    if values.dtype.kind == "O":
        values = objects([None if is_missing_in(value) else value for value in values])
    return _series(moments(values), column)


def _texts(column: Any, kind: str) -> Any:
    """Numbers and booleans as texts; what is neither is MLflow's to take or refuse."""
    if column.dtype.kind == "O":
        return _text_series([_text(value) for value in column], column)
    if column.dtype.kind in "iufb":
        texts = column.astype(str)
        return _text_series([None if is_missing(value) else text for value, text in zip(column, texts)], column)
    return column


def _text(value: Any) -> Optional[Any]:
    if type(value) is str:
        return value
    if is_missing(value):
        return None
    if isinstance(value, Written):
        return str.__str__(value)
    return str(value) if isinstance(value, (bool, int, float, decimal.Decimal)) else value


def _text_series(values: List[Any], column: Any) -> Any:
    """The texts as pandas itself would read them from a CSV file: missing ones are NaN."""
    import pandas

    texts = pandas.Series(values, index=column.index, name=column.name, dtype=object)
    if int(pandas.__version__.split(".")[0]) >= 3 and set(map(type, values)) <= {str, type(None)}:
        try:
            return texts.astype("str")
        except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell
            pass
    return texts.where(texts.notna(), float("nan"))


def objects(values: List[Any]) -> Any:
    """A numpy array of these very objects."""
    import numpy

    array: Any = numpy.empty(len(values), dtype=object)
    for position, value in enumerate(values):  # `array[:] = values` would look into lists
        array[position] = value
    return array


def _series(values: Any, column: Any) -> Any:
    import pandas

    return pandas.Series(values, index=column.index, name=column.name)


CASTS: Dict[str, Callable[[Any, str], Any]] = {
    "integer": _numbers,
    "long": _numbers,
    "float": _numbers,
    "double": _numbers,
    "boolean": _booleans,
    "datetime": _datetimes,
    "string": _texts,
}
