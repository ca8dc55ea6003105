"""Values cast to the type of their column, in a form that JSON can carry."""

import base64
import datetime
import struct
from typing import Any, Callable, Dict

from ..values.plain import as_json, as_text, plain, utf8
from .column_types import TEXT, UNSIGNED, WHOLE, type_in_list

Cast = Callable[[Any], Any]

_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 (of moments that name no time zone)
_EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)


class MisfitError(ValueError):
    """The cast would change the value; the message is the value."""

    def __init__(self, value: Any) -> None:
        super(MisfitError, self).__init__(str(value))


def cast_to(kind: str) -> Cast:
    """Return the function that casts a value, or None, to a type; it raises MisfitError for a loss."""
    element = type_in_list(kind)
    cast = _CASTS[kind] if element is None else _list_cast(cast_to(element))

    def optional(value: Any) -> Any:
        own = plain(value)
        return None if own is None else cast(own)

    return optional


def _list_cast(cast: Cast) -> Cast:
    def elements(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise MisfitError(value)
        return [cast(element) for element in value]

    return elements


def _bool(value: Any) -> Any:
    if not isinstance(value, bool):
        raise MisfitError(value)
    return value


def _whole(limits: range) -> Cast:
    def cast(value: Any) -> Any:
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(whole, bool) or not isinstance(whole, int) or whole not in limits:
            raise MisfitError(value)
        return whole

    return cast


def _float64(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MisfitError(value)
    try:
        number = float(value)
    except OverflowError as error:
        raise MisfitError(value) from error
    if number != value:
        raise MisfitError(value)
    return number


def _float32(value: Any) -> Any:
    """A number of 32 bits, also in its shortest decimal form: 0.1 stands for the one next to it."""
    number = _float64(value)
    try:
        short = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError as error:
        raise MisfitError(value) from error
    if short != number and float("{:.9g}".format(number)) != number:
        raise MisfitError(value)
    return number


def _text(value: Any) -> Any:
    """Text as it is, lists and dictionaries as JSON, anything else as `str()` shows it."""
    text = as_json(value) if isinstance(value, (list, dict, tuple)) else as_text(value)
    utf8(text)
    return text


def _binary(value: Any) -> Any:
    if not isinstance(value, (bytes, bytearray)):
        raise MisfitError(value)
    return base64.b64encode(value).decode("ascii")


def _date(value: Any) -> Any:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise MisfitError(value)
    return value.isoformat()


def _moment(epoch: datetime.datetime) -> Cast:
    def cast(value: Any) -> Any:
        is_utc = getattr(value, "tzinfo", None) is not None
        if not isinstance(value, datetime.datetime) or is_utc != (epoch.tzinfo is not None):
            raise MisfitError(value)
        if getattr(value, "nanosecond", 0):
            raise MisfitError("{} with nanoseconds".format(value))
        if hasattr(value, "to_pydatetime"):
            value = value.to_pydatetime()
        return (value - epoch) // _MICROSECOND

    return cast


_CASTS: Dict[str, Cast] = {
    "bool": _bool,
    "int64": _whole(WHOLE),
    "uint64": _whole(UNSIGNED),
    "float32": _float32,
    "float64": _float64,
    TEXT: _text,
    "binary": _binary,
    "date": _date,
    "timestamp": _moment(_EPOCH),
    "timestamp_utc": _moment(_EPOCH_UTC),
}
