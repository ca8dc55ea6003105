"""Schedules: how they are created, changed and deleted, and when their cron expressions are due."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

from shared.contracts.automation import CronTrigger, ScheduleProperties, ScheduleRun
from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.names import SCHEDULE_NAME
from shared.control_plane.automation.automation import (
    AutomationNotes,
    check_targets,
    delete_automation,
    invocation_body,
)
from shared.control_plane.endpoints.resolution import input_location
from shared.control_plane.resource_table import ANY_STATE, Change, Resource, Upserted, WriteConditions, upsert
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError

_FIELD = re.compile(r"[0-9*/,-]+")
_NAMED_FIELD = re.compile(
    r"(?:[0-9*/,-]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)\b)+"
)
_STEP = re.compile(r"/(\d+)")
_HIGHEST = (59, 59, 23, 31, 12, 7)
"""The highest values of second, minute, hour, day, month and day of week."""

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
        """Read the texts. Raises ValidationError that names the member below `field`."""
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
        """Return the first moment later than this one, in UTC."""
        found: datetime = self._dates(moment).get_next(datetime)
        return found.astimezone(UTC)

    def last_before(self, moment: datetime) -> datetime:
        """Return the last moment earlier than this one, in UTC."""
        found: datetime = self._dates(moment).get_prev(datetime)
        return found.astimezone(UTC)

    def _dates(self, moment: datetime) -> croniter:
        local = moment.astimezone(self.zone)
        return croniter(self.expression, local, second_at_beginning=True, day_or=False)


def _check_plain(expression: str) -> None:
    """Raise ValueError for what only croniter takes: letters and forms that NCRONTAB lacks, and too large steps."""
    fields = expression.split()
    plain, named = fields[:-2], fields[-2:]
    if len(expression) > _LONGEST:
        raise ValueError(f"it has more than {_LONGEST} characters")
    if not (
        len(fields) in {_FIVE, _FIVE + 1}
        and all(_FIELD.fullmatch(field) for field in plain)
        and all(_NAMED_FIELD.fullmatch(field) for field in named)
    ):
        raise ValueError("it is not a cron expression")
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


_JUST_AFTER = timedelta(microseconds=1)
_TRIGGER = "properties.trigger"
_FIRST_MOMENT, _LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LAST_YEAR = 9900
"""No later due time is looked for: the next moment of an expression may be outside the calendar."""


def put_schedule(workspace: Workspace, name: str, body: ResourceBody, change: Change) -> Upserted[ScheduleProperties]:
    """Create or update a schedule; raises ValidationError, or NotFoundError for what an enabled one names.

    It is due from the moment of the change on. Earlier times are not made up for.
    """
    SCHEDULE_NAME.check(name)
    properties = parse_model(ScheduleProperties, body.properties)
    cron_of(properties.trigger)
    body_of_jobs = invocation_body(properties.invocation, "jobs of a schedule are named after it and the time")
    check_targets(workspace, properties, body_of_jobs)
    if properties.is_enabled:
        input_location(workspace, body_of_jobs)
    return upsert(workspace.schedules, (name,), lambda _: properties, change, body.tags)


def delete_schedule(workspace: Workspace, name: str, conditions: WriteConditions = ANY_STATE) -> bool:
    """Delete a schedule. Its jobs stay. Return False if it was not there."""
    return delete_automation(workspace.schedules, _notes(workspace), name, conditions)


def last_run(workspace: Workspace, name: str) -> ScheduleRun | None:
    """Return what a schedule did last."""
    row = _notes(workspace).find(name)
    return row.document if row else None


def note_run(workspace: Workspace, name: str, run: ScheduleRun) -> None:
    """Store what a schedule did."""
    _notes(workspace).put(name, run)


def cron_of(trigger: CronTrigger) -> Cron:
    """Return when the trigger is due. Raises ValidationError."""
    return Cron.of(trigger.expression, trigger.time_zone, _TRIGGER)


def due_time(schedule: Resource[ScheduleProperties], handled: datetime | None, now: datetime) -> datetime | None:
    """Return the latest due moment up to `now` that is not handled yet, or None."""
    trigger = schedule.properties.trigger
    cron = cron_of(trigger)
    start, end = _moment(trigger.start_time, cron), _moment(trigger.end_time, cron)
    since = max(schedule.modified, handled or schedule.modified)
    if not schedule.properties.is_enabled or (end and end <= since) or (start and start > now):
        return None
    due = cron.last_before(end + _JUST_AFTER if end and end < now else now)
    return due if due > since and not (start and due < start) else None


def next_due_time(schedule: Resource[ScheduleProperties], now: datetime) -> datetime | None:
    """Return when an enabled schedule is due next."""
    trigger = schedule.properties.trigger
    cron = cron_of(trigger)
    start, end = _moment(trigger.start_time, cron), _moment(trigger.end_time, cron)
    begin = max(now, start) if start else now
    if not schedule.properties.is_enabled or (end and end < begin) or begin.year > _LAST_YEAR:
        return None
    due = cron.next_after(begin)
    return None if end and due > end else due


def _moment(time: datetime | None, cron: Cron) -> datetime | None:
    """Convert to UTC. A moment outside the calendar becomes the calendar's first or last moment."""
    if time is None:
        return None
    try:
        return (time if time.tzinfo else time.replace(tzinfo=cron.zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return _LAST_MOMENT if time.year > _LAST_YEAR else _FIRST_MOMENT


def _notes(workspace: Workspace) -> AutomationNotes[ScheduleRun]:
    return AutomationNotes.of(workspace, "scheduleRuns", ScheduleRun)
