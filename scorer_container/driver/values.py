"""Single values as CSV fields and as JSON."""

import json
import math
from typing import Any, Callable, List

_PLAIN = frozenset((str, int, bool, float))


def column_values(column: Any, convert: Callable[[Any], Any] = lambda value: value) -> List[Any]:
    """The values of a pandas Series or a numpy column as Python objects; a missing value is None.

    `convert` is for values that are neither missing nor plain texts and numbers; it may see those, too.
    Floats of less than 64 bits keep their own shortest form: 0.1, not 0.10000000149011612.
    """
    kind = getattr(column.dtype, "kind", "O")
    if kind == "f" and column.dtype.itemsize < 8 and not hasattr(column.dtype, "na_value"):
        return [None if value == "nan" else float(value) for value in _array(column).astype(str).tolist()]
    values: List[Any] = column.tolist()
    if _are_plain(values):
        return values
    return [None if is_missing(value) else convert(value) for value in values]


def _are_plain(values: List[Any]) -> bool:
    """Whether no value is missing or nested: a quick answer for most columns."""
    types = set(map(type, values))
    return types <= _PLAIN and not (float in types and any(map(math.isnan, values)))


def is_missing(value: Any) -> bool:
    """Whether a value stands for "nothing there": None, NaN, NaT, pandas' NA."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def as_json(value: Any) -> str:
    """The value as JSON text of one line: NaN and infinities become null, what JSON does not know its `str()`."""
    try:
        return _STRICT.encode(value)
    except (ValueError, TypeError):  # a NaN or a key that is no string, somewhere inside
        return json.dumps(_finite(value), ensure_ascii=False, default=str)


def as_field(value: Any) -> Any:
    """A DataFrame's value as a CSV field: nested lists and dictionaries as JSON, what is missing as nothing."""
    if isinstance(value, (list, dict, tuple)) or hasattr(value, "tolist"):
        return as_json(value)
    return value


def _plain(value: Any) -> Any:
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        if getattr(value, "ndim", 0) == 0 and value.dtype.kind == "f" and value.dtype.itemsize < 8:
            return float(str(value))
        return value.tolist()
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if value is None or isinstance(value, (str, int)):
        return value
    plain = _plain(value)
    return plain if isinstance(plain, str) else _finite(plain)


def _array(column: Any) -> Any:
    return column.to_numpy() if hasattr(column, "to_numpy") else column


_STRICT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)
"""Kept, as `json.dumps` with options makes a new one for each value."""
