"""ASP.NET's inline route constraints, as far as they concern the text of one path segment."""

from __future__ import annotations

import re
from collections.abc import Callable

Constraint = Callable[[str], bool]

_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_DECIMAL = re.compile(r"\s*[+-]?(\d[\d,]*)?\.?\d*\s*")
_DOUBLE = re.compile(r"\s*[+-]?((\d[\d,]*\.?\d*|\.\d+)(e[+-]?\d+)?|infinity|nan)\s*", re.IGNORECASE)
_HEX = "[0-9a-f]"
_GUID_D = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_GUID = re.compile(rf"{_HEX}{{32}}|{_GUID_D}|\{{{_GUID_D}\}}|\({_GUID_D}\)", re.IGNORECASE)


def constraint(name: str, arguments: str | None) -> Constraint:
    """The test that `{parameter:name(arguments)}` stands for.

    Raises:
        ValueError: the constraint is unknown, or its arguments have the wrong form.
    """
    if arguments is None and name in _PLAIN:
        return _PLAIN[name]
    if arguments is not None and name == "regex":
        pattern = re.compile(arguments, re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    if arguments is not None and name in _WITH_NUMBERS:
        try:
            return _WITH_NUMBERS[name](*(int(number) for number in arguments.split(",")))
        except (TypeError, ValueError):
            raise ValueError(f"constraint `{name}({arguments})` has the wrong arguments") from None
    written = name if arguments is None else f"{name}({arguments})"
    known = ", ".join(sorted([*_PLAIN, *(f"{key}()" for key in _WITH_NUMBERS), "regex()"]))
    raise ValueError(f"route constraint `{written}` is not supported; use one of {known}")


def _whole_number(limits: tuple[int, int]) -> Constraint:
    def check(value: str) -> bool:
        return re.fullmatch(r"\s*[+-]?\d+\s*", value, re.ASCII) is not None and limits[0] <= int(value) <= limits[1]

    return check


def _length(low: int, high: int | None = None) -> Constraint:
    highest = low if high is None else high
    return lambda value: low <= len(value) <= highest


def _range(low: int, high: int) -> Constraint:
    is_long = _whole_number(_INT64)
    return lambda value: is_long(value) and low <= int(value) <= high


_PLAIN: dict[str, Constraint] = {
    "int": _whole_number(_INT32),
    "long": _whole_number(_INT64),
    "bool": lambda value: value.strip().lower() in {"true", "false"},
    "decimal": lambda value: _DECIMAL.fullmatch(value) is not None and any(map(str.isdigit, value)),
    "double": lambda value: _DOUBLE.fullmatch(value) is not None,
    "float": lambda value: _DOUBLE.fullmatch(value) is not None,
    "guid": lambda value: _GUID.fullmatch(value) is not None,
    "alpha": lambda value: re.fullmatch("[a-zA-Z]*", value) is not None,
    "required": lambda value: value != "",
}
_WITH_NUMBERS: dict[str, Callable[..., Constraint]] = {
    "minlength": lambda low: lambda value: len(value) >= low,
    "maxlength": lambda high: lambda value: len(value) <= high,
    "length": _length,
    "min": lambda low: _range(low, _INT64[1]),
    "max": lambda high: _range(_INT64[0], high),
    "range": _range,
}
