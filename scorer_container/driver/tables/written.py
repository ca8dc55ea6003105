"""Numbers of JSON files as they are written."""

import math
from typing import Any

from ..values.failures import TableError


class Written(str):
    """A number as the file spells it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Without quotes: messages show a number."""
        return str.__str__(self)


def as_numbers(value: Any) -> Any:
    """The value with numbers for what is Written, all the way down; raises TableError for one that is too large."""
    if isinstance(value, Written):
        return _number(value)
    if isinstance(value, list):
        return [as_numbers(element) for element in value]
    if isinstance(value, dict):
        return {name: as_numbers(element) for name, element in value.items()}
    return value


def _number(text: str) -> Any:
    if text.lstrip("-").isdigit():
        return int(text)
    number = float(text)
    if math.isinf(number):
        raise TableError("{} is too large for a number of 64 bits".format(text))
    return number
