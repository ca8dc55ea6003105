"""NCRONTAB schedules of timer triggers: `{second} {minute} {hour} {day} {month} {day-of-week}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from croniter import CroniterError, croniter

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()

    def holds(self, text: str) -> bool:
        return text.lower() in self.words or (text.isdecimal() and self.low <= int(text) <= self.high)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?:(?P<all>\*)|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>\d+))?", re.ASCII)


class NCrontab:
    """A schedule: day and day of week must both fit, days of the week count from 0 (Sunday) to 6.

    Raises:
        ValueError: the expression is no NCRONTAB expression.
    """

    def __init__(self, expression: str, zone: tzinfo) -> None:
        self.expression = expression
        self._zone = zone
        fields = expression.split()
        if len(fields) == 5:
            fields = ["0", *fields]
        if len(fields) != 6:
            raise ValueError(
                f"schedule {expression!r} has {len(fields)} fields; write "
                "`{second} {minute} {hour} {day} {month} {day-of-week}`"
            )
        for text, field in zip(fields, _FIELDS, strict=True):
            _check_field(expression, text, field)
        self._fields = " ".join(fields).lower()

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than `moment` (timezone-aware), in the schedule's time zone.

        Raises:
            ValueError: the schedule never occurs (such as 30 February).
        """
        local = moment.astimezone(self._zone)
        try:
            # croniter takes several letters and forms that NCRONTAB lacks; _check_field let none through.
            dates = croniter(self._fields, local, second_at_beginning=True, day_or=False)
            found: datetime = dates.get_next(datetime)
        except CroniterError as error:
            raise ValueError(f"schedule {self.expression!r} never occurs: {error}") from error
        return found

    def is_sub_minute(self, moment: datetime) -> bool:
        """Whether two runs follow each other in less than a minute, seen from `moment`."""
        first = self.next_after(moment)
        return (self.next_after(first) - first).total_seconds() < 60


def _check_field(expression: str, text: str, field: _Field) -> None:
    for part in text.split(","):
        match = _PART.fullmatch(part)
        values = [match[key] for key in ("low", "high") if match[key]] if match else []
        if match is None or not all(map(field.holds, values)):
            raise ValueError(
                f"schedule {expression!r}: {part!r} is not valid for {field.name}; "
                f"use {field.low} to {field.high}, `*`, `a-b`, `a,b` or `*/n`"
            )
        if match["step"] and int(match["step"]) < 1:
            raise ValueError(f"schedule {expression!r}: the step in {part!r} must be at least 1")
