"""Exact forms of the values of results: as Python's own types, as JSON and as CSV fields."""

import json
import re
from decimal import Decimal
from math import isfinite, isnan
from typing import Any, Callable, Dict, Iterable, List, Tuple

from .failures import ResultError

_EXACT = frozenset((str, int, bool))
_SIMPLE = _EXACT | {float, type(None)}
_OWN: Tuple[Tuple[Any, Callable[[Any], Any]], ...] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, bytes),
)
"""Turns a value of a subclass, such as an enumeration's or numpy's, into one of Python's own class."""
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")


def first_repeated(names: Iterable[Any]) -> Any:
    """Return the first name that came before; None if all differ. Takes one step for each name."""
    seen = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def column_values(column: Any, convert: Callable[[Any], Any] = lambda value: value) -> List[Any]:
    """The values of a list, a pandas Series or a numpy column as Python objects; a missing value is None.

    `convert` gets every value that is not missing, unless all are texts, finite numbers and the like.
    Floats of less than 64 bits keep their own shortest form: 0.1, not 0.10000000149011612.
    """
    values = _listed(column)
    types = set(map(type, values))
    if types <= _EXACT or (types == {float} and all(map(isfinite, values))):
        return values
    return [None if is_missing(value) else convert(value) for value in values]


def _listed(column: Any) -> List[Any]:
    if isinstance(column, list):
        return column
    if str(column.dtype).startswith("Sparse"):
        column = column.sparse.to_dense() if hasattr(column, "iloc") else column.to_dense()
    dtype = column.dtype
    kind = getattr(dtype, "kind", "O")
    if kind == "f" and getattr(dtype, "itemsize", 8) < 8:
        return [None if text in (None, "nan") else float(text) for text in _floats(column).astype(str).tolist()]
    if not hasattr(column, "iloc") and kind in "mMc":  # tolist() would count nanoseconds, or lengthen complex numbers
        return list(column)
    if str(dtype) == "time64[ns][pyarrow]":  # datetime.time has no nanoseconds
        import pyarrow

        return list(pyarrow.array(column.array).cast("string").to_pylist())
    return list(column.tolist())


def _floats(column: Any) -> Any:
    """Numbers of 16 or 32 bits as a numpy array, in which NaN stands for what is missing."""
    if not hasattr(column, "to_numpy"):
        return column
    if not hasattr(column.dtype, "na_value"):
        return column.to_numpy()
    return column.to_numpy(dtype="float{}".format(8 * column.dtype.itemsize), na_value=float("nan"))


def is_missing(value: Any) -> bool:
    """Return True for a missing value: None, NaN of any type, NaT, pandas' NA, or a value that numpy masks."""
    if value is None:
        return True
    if isinstance(value, float):
        return isnan(value)
    if isinstance(value, Decimal):
        return value.is_nan()
    if type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    if _is_numpy(value) and not getattr(value, "ndim", 1) and value.dtype.kind in "fmM":
        return bool(value != value)  # noqa: PLR0124 (true of NaN and NaT alone)
    return False


def plain(value: Any) -> Any:
    """The same value without numpy and without subclasses; arrays become lists, what is missing becomes None."""
    if type(value) in _EXACT:
        return value
    if is_missing(value):
        return None
    for base, own in _OWN:
        if isinstance(value, base):
            return own(value)
    if hasattr(value, "tolist"):
        return _scalar(value) if _is_numpy(value) and not value.ndim else _array(value)
    if hasattr(value, "__array__") and hasattr(value, "ndim") and not hasattr(value, "columns"):
        return plain(value.__array__())
    return value


def _array(value: Any) -> Any:
    if getattr(value, "ndim", 1) == 1 and (_is_numpy(value) or type(value).__module__.startswith("pandas.")):
        return column_values(value, plain)
    return [plain(row) for row in value] if _is_numpy(value) else value.tolist()


def _scalar(value: Any) -> Any:
    value = value[()]
    if not _is_numpy(value):  # what an array of objects held
        return plain(value)
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind == "f":
        number = float(str(value)) if size < 8 else float(value)
        return number if size < 8 or number == value else str(value)
    if kind == "c":
        return str(value)
    if kind in "mM":
        return _time(value, kind)
    item = value.item()
    return list(item) if isinstance(item, tuple) else item


def _time(value: Any, kind: str) -> Any:
    """A moment or a span of numpy as Python's own where that loses nothing, else as text."""
    for exact in (value, value.astype(kind + "8[us]") if value.dtype.str[4:5] not in "YM" else value):
        item = exact.item()
        if not isinstance(item, int) and exact == value:
            return item
    return str(value).replace("T", " ")


def json_value(value: Any) -> Any:
    """The value as strict JSON can say it: what is missing is null, an infinity the text `inf` or `-inf`.

    What JSON does not know is a text, as `str()` shows it. Raises ResultError for what has no such text.
    """
    value = plain(value)
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, (list, tuple)):
        types = set(map(type, value))
        if types <= _EXACT or (types == {float} and all(map(isfinite, value))):
            return value
        return [json_value(item) for item in value]
    return as_text(value)


def _object(value: Dict[Any, Any]) -> Dict[str, Any]:
    names = [key if isinstance(key, str) else str(plain(key)) for key in value]
    twice = first_repeated(names)
    if twice is not None:
        raise ResultError("a dictionary has two keys that both read {!r}; JSON can hold only one".format(twice))
    return {name: json_value(item) for name, item in zip(names, value.values())}


def as_text(value: Any) -> str:
    """What `str()` shows of a value of another type; raises ResultError where that is not the value."""
    text = str(value)
    if hasattr(value, "shape") or _ADDRESS.search(text):
        raise ResultError(
            "a value of type {!r} has no form in the output; make it a text, a number, a list or a dictionary".format(
                type(value).__name__
            )
        )
    return text


def encode_json(value: Any) -> str:
    """Return the text of a `json_value` on one line."""
    return _STRICT.encode(value)


def as_json(value: Any) -> str:
    """Return any value as JSON text on one line, in the form of `json_value`."""
    if type(value) is dict and set(map(type, value)) == {str} and _SIMPLE.issuperset(map(type, value.values())):
        try:
            return encode_json(value)
        except ValueError:  # not every number is finite
            pass
    return encode_json(json_value(value))


def as_field(value: Any) -> Any:
    """A table's value as a CSV field: nested lists and dictionaries as JSON, other types as `str()` shows them."""
    value = plain(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    return as_json(value) if isinstance(value, (list, dict, tuple)) else as_text(value)


def utf8(text: str) -> bytes:
    """Return the text's bytes; raise ResultError for half a surrogate pair, as in a file name that is not UTF-8."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        around = ascii(text[max(0, error.start - 20) : error.end + 20])
        message = "a text holds half a surrogate pair, which no UTF-8 file can hold: {}".format(around)
        raise ResultError(message) from error


def _is_numpy(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "dtype")


_STRICT = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
"""One encoder for all values: `json.dumps` with options would make a new one for each."""
