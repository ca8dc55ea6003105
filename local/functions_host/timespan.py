"""Durations as host.json writes them: .NET's constant TimeSpan format."""

from __future__ import annotations

import re
from datetime import timedelta

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
