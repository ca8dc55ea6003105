"""The schedule of a timer trigger, and the queue of a queue trigger."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from croniter import CroniterError, croniter

from local.functions_host.app.functions import Binding
from local.functions_host.app.settings import AppSettings


class _Field(NamedTuple):
    name: str
    low: int
    high: int


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12),
    _Field("day of week", 0, 6),
)
_VALUE = re.compile(r"\*(?:/(?P<step>[1-9]\d*))?|(?P<number>\d+)", re.ASCII)


class NCrontab:
    """A schedule in UTC; each of its six fields is `*`, `*/n` or a number. Days of the week count from Sunday (0).

    Raises:
        ValueError: the expression has another form, or never occurs (such as 30 February).
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression
        fields = expression.split()
        if len(fields) != len(_FIELDS):
            raise ValueError(
                f"schedule {expression!r} is not supported by the local host; write "
                "`{second} {minute} {hour} {day} {month} {day-of-week}`"
            )
        for text, field in zip(fields, _FIELDS, strict=True):
            match = _VALUE.fullmatch(text)
            if match is None or (match["number"] and not field.low <= int(match["number"]) <= field.high):
                raise ValueError(
                    f"schedule {expression!r}: {text!r} is not supported for {field.name} by the local host; "
                    f"use {field.low} to {field.high}, `*` or `*/n`"
                )
        self.next_after(datetime.now(UTC))

    def next_after(self, moment: datetime) -> datetime:
        """Return the first occurrence later than `moment` (timezone-aware)."""
        try:
            dates = croniter(self.expression, moment.astimezone(UTC), second_at_beginning=True, day_or=False)
            found: datetime = dates.get_next(datetime)
        except CroniterError as error:
            raise ValueError(f"schedule {self.expression!r} never occurs: {error}") from error
        return found


def timer_schedule(binding: Binding, settings: AppSettings) -> NCrontab:
    """Return the schedule of a timer trigger, with its settings resolved.

    Raises:
        AppSettingError: a setting is missing.
        ValueError: the schedule has a form that is not supported, or never occurs.
    """
    return NCrontab(settings.resolve(binding.text("schedule")).strip())


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
        """The queue for messages that fail too often. None for a poison queue itself, or if the name were too long."""
        name = self.name + POISON_SUFFIX
        if self.name.endswith(POISON_SUFFIX) or len(name) > MAX_QUEUE_NAME:
            return None
        return QueueAddress(self.connection_string, name)


def queue_of(binding: Binding, settings: AppSettings) -> QueueAddress:
    """Return the queue of a queue trigger.

    Raises:
        AppSettingError: the connection, or a setting that the queue's name contains, is missing.
        ValueError: the name is not a valid name of a queue.
    """
    name = settings.resolve(binding.text("queueName")).lower()
    if not _QUEUE_NAME.fullmatch(name):
        raise ValueError(f"queueName {name!r}: use 3 to 63 lower-case letters, digits and single hyphens")
    return QueueAddress(settings.connection_string(settings.resolve(binding.text("connection"))), name)
