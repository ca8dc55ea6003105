"""Cron expressions of schedules: when they were due last and will be next."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

from shared.errors import ValidationError

_FIELD = re.compile(r"[0-9*/,-]+")
_NAMED_FIELD = re.compile(
    r"(?:[0-9*/,-]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)\b)+"
)
_STEP = re.compile(r"/(\d+)")
_HIGHEST = (59, 59, 23, 31, 12, 7)
"""Of second, minute, hour, day, month and day of week."""

_LONGEST = 200
_FIVE = 5
_ACCEPTED = "minute hour day month day-of-week, or the same with seconds before it, such as '0 6 * * 1-5'"


@dataclass(frozen=True)
class Cron:
    """An NCRONTAB expression (day and day of week must both fit) in a time zone."""

    expression: str
    zone: ZoneInfo

    @classmethod
    def of(cls, expression: str, time_zone: str, field: str) -> "Cron":
        """Check the texts; raises ValidationError that names the member below `field`."""
        cron = cls(" ".join(expression.lower().split()), _zone(time_zone, f"{field}.timeZone"))
        try:
            _check_plain(cron.expression)
            cron.next_after(datetime.now(UTC))
        except (CroniterError, ValueError, OverflowError) as error:
            raise ValidationError(
                f"{field}.expression {expression[:_LONGEST]!r} is not valid: {error}; use {_ACCEPTED}",
                target=f"{field}.expression",
            ) from error
        return cron

    def next_after(self, moment: datetime) -> datetime:
        """The first moment later than this one, in UTC."""
        found: datetime = self._dates(moment).get_next(datetime)
        return found.astimezone(UTC)

    def last_before(self, moment: datetime) -> datetime:
        """The last moment earlier than this one, in UTC."""
        found: datetime = self._dates(moment).get_prev(datetime)
        return found.astimezone(UTC)

    def _dates(self, moment: datetime) -> croniter:
        local = moment.astimezone(self.zone)
        return croniter(self.expression, local, second_at_beginning=True, day_or=False)


def _check_plain(expression: str) -> None:
    """Raise ValueError: croniter takes letters and forms that NCRONTAB lacks, and steps that reach past their field."""
    fields = expression.split()
    plain, named = fields[:-2], fields[-2:]
    if len(expression) > _LONGEST:
        raise ValueError(f"it has more than {_LONGEST} characters")
    if not (
        len(fields) in {_FIVE, _FIVE + 1}
        and all(_FIELD.fullmatch(field) for field in plain)
        and all(_NAMED_FIELD.fullmatch(field) for field in named)
    ):
        raise ValueError("its fields are not as they should be")
    for field, highest in zip(fields, _HIGHEST[-len(fields) :], strict=True):
        for step in _STEP.findall(field):
            if int(step) > highest:
                raise ValueError(f"the step of {field!r} leaves its field, whose highest value is {highest}")


def _zone(name: str, field: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(
            f"{field} {name!r} is not known: use a name such as Europe/Berlin, or UTC", target=field
        ) from error
