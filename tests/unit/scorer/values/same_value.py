"""Which values of a signature's type are the same as a value of any type."""

import datetime
import math
import re
from decimal import Decimal
from typing import Any

import numpy as np

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_INFINITE = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
_MISSING_WORDS = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A"}
_BITS = {"integer": 32, "long": 64}
_FLOATS = {"float": np.float32, "double": np.float64}
_TRUTHS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def forms_of(value: Any, kind: str) -> set[str]:
    """What the model may show of a file's value in a column of this type; empty: the file must be refused."""
    if kind == "string" and isinstance(value, bool):
        return {f"str {str(value)!r}", f"str {str(value).lower()!r}"}
    if kind == "string":
        return {"missing"} if value is None else {f"str {str(value)!r}"} | ({"missing"} if value == "" else set())
    if value is None or (isinstance(value, str) and value.strip() in _MISSING_WORDS):
        return {"missing"} if kind not in _BITS else set()
    if kind == "datetime":
        return _moment(value)
    if kind == "boolean":
        number = _number(value)
        truth = _TRUTHS.get(str(value).strip().lower(), bool(number) if number in (0, 1) else None)
        return set() if truth is None else {f"bool {truth}"}
    number = _number(value)
    if number is None:
        return set()
    return _whole(number, _BITS[kind]) if kind in _BITS else _float(number, _FLOATS[kind])


def _number(value: Any) -> Decimal | int | float | None:
    if not isinstance(value, str):
        return int(value) if isinstance(value, bool) else value
    text = value.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    if text.lower() in ("true", "false"):
        return int(text.lower() == "true")
    if text.lower() in _INFINITE:
        return _INFINITE[text.lower()]
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _whole(number: Decimal | int | float, bits: int) -> set[str]:
    if math.isinf(number) or number != int(number) or not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        return set()
    return {f"int {int(number)}"}


def _float(number: Decimal | int | float, dtype: Any) -> set[str]:
    try:
        with np.errstate(over="ignore"):
            nearest = float(dtype(float(number)))
    except OverflowError:
        return set()
    if (isinstance(number, int) and nearest != number) or math.isinf(nearest) != math.isinf(number):
        return set()
    return {f"float {nearest!r}"}


def _moment(value: Any) -> set[str]:
    try:
        day = (
            datetime.date.fromisoformat(value.strip()) if isinstance(value, str) and len(value.strip()) == 10 else None
        )
    except ValueError:
        day = None
    if day is None:
        return set()
    days = (day - datetime.date(1970, 1, 1)).days
    return {f"moment {days * 86_400 * 10**9} None"}
