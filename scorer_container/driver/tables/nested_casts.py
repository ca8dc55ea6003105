"""Lists, objects and maps whose elements get the types of the signature. A cast may change a type, never a value.

MLflow's own check of a list takes a missing text for `None`, a list for a boolean and a moment for a number, and it
refuses what every JSON file holds: numbers for `float` and `integer`, whole ones for `double`.
"""

from typing import Any

from ..values.exact_cast import cast_exactly
from ..values.failures import CastError
from ..values.moments import moments
from ..values.plain import first_repeated, is_missing
from .column_casts import NUMPY_TYPES, exact_numbers, objects
from .written import as_numbers


def nested_column(column: Any, kind: Any) -> Any:
    """The column with its elements in the types of `kind`, a type of MLflow's; raises CastError by column and row."""
    import pandas

    cells = []
    for row, value in enumerate(column):
        try:
            cells.append(_cast(value, kind))
        except CastError as error:
            message = "column {!r}, row {} (counted from 0): {}".format(column.name, row, error)
            raise CastError(message) from None
    return pandas.Series(objects(cells), dtype=object, index=column.index, name=column.name)


def _cast(value: Any, kind: Any) -> Any:
    """What is missing, and what has another form than `kind` says, is left for MLflow to take or refuse."""
    if is_missing(value):
        return value
    family = type(kind).__name__
    if family == "DataType":
        return _scalar(value, kind.name)
    if family == "Array" and (isinstance(value, list) or hasattr(value, "ndim")):
        return _list(value, kind.dtype)
    if family == "Object" and isinstance(value, dict):
        kinds = {member.name: member.dtype for member in kind.properties}
        return {key: _cast(member, kinds[key]) if key in kinds else member for key, member in value.items()}
    if family == "Map":
        value = _as_dictionary(value)
        if isinstance(value, dict):
            return {key: _cast(member, kind.value_type) for key, member in value.items()}
    return as_numbers(value)


def _scalar(value: Any, kind: str) -> Any:
    element = _elements(objects([value]), kind)[0]
    return element.item() if kind == "string" else element


def _list(values: Any, kind: Any) -> Any:
    """A list stays a list, an array an array. Moments become one in any case: MLflow makes numbers of a list's."""
    is_list = isinstance(values, list)
    if type(kind).__name__ != "DataType":
        elements = [_cast(value, kind) for value in values]
        return elements if is_list else objects(elements)
    if not len(values):
        return values
    cast = _elements(objects(values) if is_list else values, kind.name)
    return list(cast) if is_list and kind.name != "datetime" else cast


def _elements(values: Any, kind: str) -> Any:
    """The values of an array in the type; texts in that of texts only, and numbers of JSON as they are written."""
    import numpy

    if kind in NUMPY_TYPES:
        return exact_numbers(values, kind)
    if kind == "boolean":
        return cast_exactly(values, numpy.dtype(bool))
    if kind == "datetime":
        return moments(values)
    if kind == "string":
        return cast_exactly(values, numpy.dtype(str))
    return objects([as_numbers(value) for value in values])


def _as_dictionary(value: Any) -> Any:
    """A map of Parquet, which pandas gets as a list of pairs."""
    if not isinstance(value, list) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
        return value
    members = dict(value)
    if len(members) < len(value):
        raise CastError("a map holds the key {!r} twice".format(first_repeated(key for key, _ in value)))
    return members
