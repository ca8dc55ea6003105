"""Dates and times: values of date types, and texts in ISO 8601."""

import datetime
import re
from typing import Any, List

from .exact_cast import InexactError
from .plain import is_missing

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}(:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9}0*)?)?)? ?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?\Z"
)
_FIRST = datetime.date(1677, 9, 22)
_LAST = datetime.date(2262, 4, 11)


def moments(values: Any) -> Any:
    """Return an array of moments in UTC without a time zone, in nanoseconds; missing moments are NaT.

    A text must spell one in ISO 8601: a date, or a date and a time; one without an offset counts as UTC. Raises
    InexactError for anything else, numbers among them: nobody knows what they count.
    """
    import numpy

    if values.dtype.kind == "M":
        return _in_nanoseconds(values)
    if values.dtype.kind != "O":
        present = numpy.flatnonzero([not is_missing(value) for value in values.tolist()])
        if len(present):
            raise InexactError("a number is no date", int(present[0]))
        return numpy.full(len(values), "NaT", dtype="datetime64[ns]")
    return _of_objects(values)


def _in_nanoseconds(values: Any) -> Any:
    import numpy

    days = values.astype("datetime64[D]")
    outside = (days < numpy.datetime64(_FIRST)) | (days > numpy.datetime64(_LAST))
    if outside.any():
        raise InexactError("out of the range of nanoseconds", int(outside.argmax()))
    return values.astype("datetime64[ns]")


def _of_objects(values: Any) -> Any:
    texts: List[Any] = []
    for row, value in enumerate(values.tolist()):
        text = _spelled(value)
        if text is not None and not (_ISO.match(text) and str(_FIRST) <= text[:10] <= str(_LAST)):
            raise InexactError("no moment in ISO 8601", row)
        texts.append(text)
    try:
        return _parsed(texts)
    except ValueError:
        for row, text in enumerate(texts):
            try:
                _parsed([text])
            except ValueError:
                raise InexactError("no moment in ISO 8601", row) from None
        raise


def _spelled(value: Any) -> Any:
    if is_missing(value):
        return None
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    text = value.strip() if isinstance(value, str) else ""
    return None if text == "NaT" else text


def _parsed(texts: List[Any]) -> Any:
    import pandas

    series = pandas.Series(texts, dtype=object)
    mixed = {"format": "ISO8601"} if int(pandas.__version__.split(".")[0]) >= 2 else {}
    return pandas.to_datetime(series, utc=True, **mixed).dt.tz_localize(None).to_numpy().astype("datetime64[ns]")
