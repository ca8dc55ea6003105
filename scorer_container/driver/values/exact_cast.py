"""Casts values to the type of an array. A cast may change the type, never the value.

Whole numbers, booleans, texts and moments must be the same in the new type. Decimal numbers become the nearest one,
as `float()` does; a finite number stays finite.
"""

import decimal
import functools
import math
import numbers
import re
from typing import Any, Callable, Dict, List, Tuple

from .failures import CastError
from .plain import is_missing

_WHOLE = re.compile(r"[+-]?[0-9]+\Z")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z|[+-]?inf(inity)?\Z", re.IGNORECASE)
_MOST_DIGITS = 20
"""Those of the largest number of 64 bits: nobody waits for the digits of `1e999999999`."""
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


class InexactError(CastError):
    """The requested type cannot hold a value."""

    def __init__(self, message: str, position: int = 0) -> None:
        """`position` is the value's index in the flattened array."""
        super(InexactError, self).__init__(message)
        self.position = position


def cast_exactly(values: Any, dtype: Any) -> Any:
    """Return the numpy array in this dtype; raise InexactError for the first value that would change.

    Missing values become NaN or NaT where the type has one, and stay as they are in arrays of objects.
    """
    if values.dtype == dtype or dtype.kind == "O":
        return values.astype(dtype)
    if dtype.kind == "c":
        return cast_exactly(values, dtype.type(0).real.dtype).astype(dtype)
    if values.dtype.kind in "biuf" and dtype.kind in "biuf":
        return _numbers(values, dtype)
    if values.dtype.kind == "M" and dtype.kind == "M":
        return _moments(values, dtype)
    return _objects(values, dtype)


def _numbers(values: Any, dtype: Any) -> Any:
    import numpy

    with numpy.errstate(all="ignore"):
        cast = values.astype(dtype)
        if dtype.kind in "biu":
            same = _in_range(values, dtype, numpy) & (cast == values)
        elif values.dtype.kind == "f":
            same = numpy.isfinite(cast) | ~numpy.isfinite(values)
        else:
            same = _whole_as_floats(values, cast, numpy)
    if not same.all():
        position = int(numpy.argmin(same))
        raise _inexact(values.reshape(-1)[position].item(), dtype, position)
    return cast


def _in_range(values: Any, dtype: Any, numpy: Any) -> Any:
    """Where the numbers lie between the limits of a type of whole numbers; numpy's own comparisons may round."""
    low, high = (0, 1) if dtype.kind == "b" else (int(numpy.iinfo(dtype).min), int(numpy.iinfo(dtype).max))
    if values.dtype.kind == "f":
        wide = values.astype("float64")
        return (wide >= float(low)) & (wide < float(high + 1))
    if values.size and low <= int(values.min()) and int(values.max()) <= high:
        return numpy.ones(values.shape, dtype=bool)
    return numpy.array([low <= value <= high for value in values.reshape(-1).tolist()], bool).reshape(values.shape)


def _whole_as_floats(values: Any, cast: Any, numpy: Any) -> Any:
    """Where whole numbers are the same as floats."""
    if values.dtype.itemsize < cast.dtype.itemsize or values.dtype.kind == "b":
        return numpy.ones(values.shape, dtype=bool)
    pairs = zip(values.reshape(-1).tolist(), cast.reshape(-1).tolist())
    return numpy.array([given == got for given, got in pairs], bool).reshape(values.shape)


def _moments(values: Any, dtype: Any) -> Any:
    import numpy

    cast = values.astype(dtype)
    same = (cast.astype(values.dtype) == values) | numpy.isnat(values)
    if not same.all():
        position = int(numpy.argmin(same))
        raise _inexact(values.reshape(-1)[position], dtype, position)
    return cast


def _objects(values: Any, dtype: Any) -> Any:
    """Python's own objects, texts among them, one by one."""
    import numpy

    if dtype.kind not in _ELEMENTS:
        raise InexactError("the type {} of the model's signature cannot be read from files".format(dtype))
    element = _ELEMENTS[dtype.kind]
    cast: List[Any] = []
    for position, value in enumerate(_listed(values)):
        try:
            cast.append(element(value, dtype))
        except (ValueError, TypeError, ArithmeticError, LookupError):
            raise _inexact(value, dtype, position) from None
    return numpy.array(cast, dtype=dtype).reshape(values.shape)


def _listed(values: Any) -> List[Any]:
    """The values as Python's objects, but moments and spans of time as numpy's: `tolist()` counts their nanoseconds."""
    flat = values.reshape(-1)
    return list(flat) if values.dtype.kind in "mM" else list(flat.tolist())


def _whole(value: Any, dtype: Any) -> int:
    number = _number(value, decimal.Decimal)
    if isinstance(number, decimal.Decimal) and number.is_finite() and number.adjusted() > _MOST_DIGITS:
        raise ValueError
    whole = int(number)
    if whole != number or not _limits(dtype)[0] <= whole <= _limits(dtype)[1]:
        raise ValueError
    return whole


@functools.lru_cache(None)
def _limits(dtype: Any) -> Tuple[int, int]:
    import numpy

    return int(numpy.iinfo(dtype).min), int(numpy.iinfo(dtype).max)


def _decimal(value: Any, dtype: Any) -> Any:
    if is_missing(value):
        return math.nan
    number = _number(value, float)
    cast = dtype.type(float(number))
    if math.isinf(cast) and not _is_infinite(number):
        raise ValueError
    if isinstance(number, numbers.Integral) and int(cast) != number:
        raise ValueError
    return cast


def _is_infinite(number: Any) -> bool:
    return number.is_infinite() if isinstance(number, decimal.Decimal) else math.isinf(number)


def _number(value: Any, of_decimal: Callable[[str], Any]) -> Any:
    """The number that a value is or, as a text, spells in ASCII; the texts `1_000` and `0x10` spell none.

    `of_decimal` makes the number of a text with a point or an exponent.
    """
    if not isinstance(value, str):
        is_span = type(value).__name__ == "timedelta64"  # one of numpy's whole numbers
        if is_span or not isinstance(value, (numbers.Number, decimal.Decimal)):
            raise TypeError
        return value
    text = value.strip()
    if _WHOLE.match(text):
        return int(text)
    if not _DECIMAL.match(text):
        raise ValueError
    number = of_decimal(text)
    if _is_infinite(number) and "n" not in text.lower():
        raise ValueError  # a finite number that is too large
    return number


def _truth(value: Any, dtype: Any) -> bool:
    return _TRUTHS[str(value).strip().lower()]


def _text(value: Any, dtype: Any) -> str:
    if not isinstance(value, str) or value.endswith("\0"):  # numpy takes zeros at the end for padding
        raise TypeError
    return value


def _bytes(value: Any, dtype: Any) -> bytes:
    if not isinstance(value, bytes) or value.endswith(b"\0"):
        raise TypeError
    return value


_ELEMENTS: Dict[str, Callable[[Any, Any], Any]] = {
    "b": _truth,
    "i": _whole,
    "u": _whole,
    "f": _decimal,
    "U": _text,
    "S": _bytes,
}


def _inexact(value: Any, dtype: Any, position: int) -> InexactError:
    shown = "a missing value" if is_missing(value) else repr(value)
    kind = "a text" if dtype.kind == "U" else dtype
    return InexactError("{} cannot be {} without changing".format(shown, kind), position)
