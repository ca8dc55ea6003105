"""When a timer trigger fires: its expression in the time zone of the app."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

from local.functions_host.app.errors import AppSettingError
from local.functions_host.app.functions import Binding
from local.functions_host.app.settings import AppSettings

_ZONE_SETTINGS = ("WEBSITE_TIME_ZONE", "TZ")


def timer_schedule(binding: Binding, settings: AppSettings) -> "NCrontab":
    """The schedule of a timer trigger, settings in it resolved.

    Raises:
        AppSettingError: a setting is missing, or the time zone is unknown.
        ValueError: the schedule is no NCRONTAB expression or never occurs.
    """
    expression = settings.resolve(binding.text("schedule")).strip()
    if ":" in expression:
        raise ValueError(f"schedule {expression!r} is a time span, which Flex Consumption refuses; use NCRONTAB")
    schedule = NCrontab(expression, _zone(settings))
    schedule.next_after(datetime.now(UTC))
    return schedule


def _zone(settings: AppSettings) -> tzinfo:
    for setting in _ZONE_SETTINGS:
        if name := settings.get(setting):
            try:
                return ZoneInfo(name.removeprefix(":"))
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise AppSettingError(setting, f"is {name!r}; use a name such as Europe/Berlin") from error
    return UTC


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


MAX_QUEUE_NAME = 63
POISON_SUFFIX = "-poison"
_QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class QueueAddress:
    """A queue and the account that holds it."""

    connection_string: str
    name: str

    def __repr__(self) -> str:
        return f"QueueAddress({self.name!r})"

    @property
    def poison(self) -> "QueueAddress | None":
        """Where messages go that fail too often; None for a poison queue itself and for names too long."""
        name = self.name + POISON_SUFFIX
        if self.name.endswith(POISON_SUFFIX) or len(name) > MAX_QUEUE_NAME:
            return None
        return QueueAddress(self.connection_string, name)


def queue_of(binding: Binding, settings: AppSettings) -> QueueAddress:
    """The queue of a queue trigger or queue output.

    Raises:
        AppSettingError: the connection or a setting named in the queue's name is missing.
        ValueError: the name is no valid queue name, or depends on the message.
    """
    name = settings.resolve(binding.text("queueName")).lower()
    if "{" in name:
        raise ValueError(f"queueName {name!r}: names that depend on the trigger's data are not supported")
    if not _QUEUE_NAME.fullmatch(name):
        raise ValueError(f"queueName {name!r}: use 3 to 63 lower-case letters, digits and single hyphens")
    return QueueAddress(settings.connection_string(settings.resolve(binding.text("connection"))), name)
