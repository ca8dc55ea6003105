"""Typed reading of one object of host.json."""

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from local.functions_host.app.errors import HostConfigError

T = TypeVar("T")
D = TypeVar("D")


class ConfigSection:
    """One JSON object: hands out typed values and knows which keys nobody asked for.

    Attributes:
        path: dotted path of the object in the file, empty for the root.
    """

    def __init__(self, path: str, content: Mapping[str, Any], ignored: list[str]) -> None:
        self.path = path
        self._content = dict(content)
        self._ignored = ignored
        self._taken: set[str] = set()

    def peek(self, key: str) -> Any:
        """The raw value, without counting it as asked for."""
        return self._content.get(key)

    def take(self, key: str, kind: type[T], default: D) -> T | D:
        """The value of `key`, which must be of type `kind`; `default` when it is absent."""
        self._taken.add(key)
        value = self._content.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise self.error(key, f"is {value!r}; expected {_json_name(kind)}")
        return value

    def section(self, key: str) -> "ConfigSection":
        """The object under `key`; an empty one when it is absent."""
        empty: dict[str, Any] = {}
        return ConfigSection(self._full(key), self.take(key, dict, empty), self._ignored)

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            raise self.error(key, f"is {value}; use {low} to {high}")
        return value

    def time_span(self, key: str, default: timedelta) -> timedelta:
        """A duration that is not negative."""
        text = self.take(key, str, None)
        if text is None:
            return default
        try:
            span = parse_time_span(text)
        except ValueError as error:
            raise self.error(key, str(error)) from error
        if span < timedelta():
            raise self.error(key, f"is {text!r}; it must not be negative")
        return span

    def report_rest(self, reason: str, known: Collection[str] = ()) -> None:
        """Note each key that nobody asked for as ignored, because of `reason`."""
        rest = [key for key in self._content if key not in self._taken and key not in known]
        self._ignored.extend(f"`{self._full(key)}`: {reason}" for key in rest if not key.startswith("$"))

    def error(self, key: str, problem: str) -> HostConfigError:
        """The error to raise about `key`."""
        return HostConfigError("host.json", self._full(key), problem)

    def _full(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _json_name(kind: type) -> str:
    return {str: "text", int: "a whole number", dict: "an object", bool: "true or false"}.get(kind, kind.__name__)


_TIME_SPAN = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?"
)


def parse_time_span(text: str) -> timedelta:
    """Duration written as `[d.]hh:mm[:ss[.fffffff]]`, or as whole days (`1`, and `-1`).

    Raises:
        ValueError: the text has another form, or hours, minutes or seconds out of range.
    """
    if re.fullmatch(r"-?\d{1,8}", text):
        return timedelta(days=int(text))
    match = _TIME_SPAN.fullmatch(text)
    if match is None or not _in_range(match):
        raise ValueError(f"{text!r} is not a time span; write it as hh:mm:ss or d.hh:mm:ss")
    span = timedelta(
        days=int(match["days"] or 0),
        hours=int(match["hours"]),
        minutes=int(match["minutes"]),
        seconds=int(match["seconds"] or 0),
        microseconds=int((match["fraction"] or "0").ljust(7, "0")) // 10,
    )
    return -span if match["sign"] else span


def _in_range(match: re.Match[str]) -> bool:
    return int(match["hours"]) < 24 and int(match["minutes"]) < 60 and int(match["seconds"] or 0) < 60
