"""The types that columns of a Parquet file may have, found from their values.

There are few types, and wide ones, as the job's first result decides for all: whole numbers have 64 bits, and values
without a type of their own are text. `list<T>` holds lists of one type.
"""

import datetime
from typing import Any, Callable, Iterable, Optional, Sequence, Set, Tuple

from ..values.plain import column_values, is_missing, plain

TEXT = "text"
WHOLE = range(-(2**63), 2**63)
UNSIGNED = range(2**64)
"""Ask them for values of the very class `int` only: of a subclass, Python would count through the range."""

_NUMBERS = {"int64", "float32", "float64"}
_UNKNOWN = "unknown"
"""The element type of an empty list."""


class TypesDifferError(ValueError):
    """Two parts of one column have different types; the error has the position and type of each."""

    def __init__(self, earlier: int, earlier_type: str, later: int, later_type: str) -> None:
        super(TypesDifferError, self).__init__("{} and {}".format(earlier_type, later_type))
        self.earlier, self.earlier_type = earlier, earlier_type
        self.later, self.later_type = later, later_type


def type_of_column(parts: Sequence[Any]) -> str:
    """Return the type of a column, which is a pandas Series, a numpy column or a list in each of its tables.

    A part without values fits any other part. Raise TypesDifferError if two parts have different types.
    """
    if len(parts) == 1:
        return _known(_of_part(parts[0]))
    found, owner = _UNKNOWN, 0
    for position, part in enumerate(parts):
        kind = _UNKNOWN if part.isna().all() else _of_part(part)
        if not _agree(found, kind):
            raise TypesDifferError(owner, _known(found), position, _known(kind))
        if _UNKNOWN in found:
            found, owner = _one({found, kind}), position
    return _known(found) if found != _UNKNOWN else _known(_of_part(parts[0]))


def type_of_values(values: Iterable[Any]) -> str:
    """Return the one type that fits all values; text if there is no such type, or no value."""
    return _known(_common(values))


def type_in_list(kind: str) -> Optional[str]:
    """Return the type of a list's elements; None if `kind` is not a list."""
    return kind[5:-1] if kind.startswith("list<") else None


def _known(kind: str) -> str:
    return kind.replace(_UNKNOWN, TEXT)


def _agree(one: str, other: str) -> bool:
    if one == other or _UNKNOWN in (one, other):
        return True
    elements = type_in_list(one), type_in_list(other)
    return elements[0] is not None and elements[1] is not None and _agree(elements[0], elements[1])


def _of_part(part: Any) -> str:
    dtype = getattr(part, "dtype", None)
    if getattr(dtype, "kind", "O") == "M" and hasattr(part, "iloc") and not hasattr(dtype, "pyarrow_dtype"):
        return "timestamp" if getattr(dtype, "tz", None) is None else "timestamp_utc"
    return _of_dtype(dtype) or _common(column_values(part))


def _common(values: Iterable[Any]) -> str:
    return _one({_of_value(value) for value in values if not is_missing(value)})


def _one(kinds: Set[str]) -> str:
    """Return the type that fits values of all these types; for lists, the common type of their elements."""
    known = kinds - {_UNKNOWN}
    if len(known) < 2:
        return next(iter(known), _UNKNOWN)
    if known <= _NUMBERS:
        return "float64"
    elements = [type_in_list(kind) for kind in known]
    if None in elements:
        return TEXT
    return "list<{}>".format(_one({kind for kind in elements if kind is not None}))


def _of_value(value: Any) -> str:
    for base, kind in _KINDS:
        if isinstance(value, base):
            return kind(value)
    return _of_array(value)


def _of_array(value: Any) -> str:
    """An array is a list, a scalar of numpy has its own type, anything else is text."""
    if not hasattr(value, "dtype") or not hasattr(value, "tolist"):
        return TEXT
    kind = _of_dtype(value.dtype)
    if not kind:
        values = plain(value)
        return _of_value(values) if not hasattr(values, "dtype") else TEXT
    for _ in range(value.ndim):
        kind = "list<{}>".format(kind)
    return kind


def _of_dtype(dtype: Any) -> str:
    """Return the type for a dtype; an empty text if the values decide."""
    kind, size = getattr(dtype, "kind", "O"), getattr(dtype, "itemsize", 8)
    if kind == "b":
        return "bool"
    if kind in "iu":
        return "uint64" if kind == "u" and size == 8 else "int64"
    if kind == "f":
        return "float32" if size < 8 else "float64"
    if str(dtype) in ("str", "string"):
        return TEXT
    return ""


_KINDS: Tuple[Tuple[Any, Callable[[Any], str]], ...] = (
    (bool, lambda _: "bool"),
    (int, lambda value: "int64" if int(value) in WHOLE else TEXT),
    (float, lambda _: "float64"),
    (bytes, lambda _: "binary"),
    (datetime.datetime, lambda value: "timestamp" if value.tzinfo is None else "timestamp_utc"),
    (datetime.date, lambda _: "date"),
    ((list, tuple), lambda value: "list<{}>".format(_common(value))),
)
"""The order matters: `bool` is a kind of `int`, and a moment a kind of date."""
