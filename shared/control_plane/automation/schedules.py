"""Schedules: created, changed, deleted; and when they are due."""

from datetime import UTC, datetime, timedelta

from shared.contracts.automation import CronTrigger, ScheduleProperties, ScheduleRun
from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.names import SCHEDULE_NAME
from shared.control_plane.automation.automation import (
    AutomationNotes,
    check_targets,
    delete_automation,
    invocation_body,
)
from shared.control_plane.automation.cron import Cron
from shared.control_plane.endpoints.resolution import input_location
from shared.control_plane.resource_table import ANY_STATE, Resource, WriteConditions
from shared.control_plane.upsert import Change, Upserted, upsert
from shared.control_plane.workspace import Workspace

_JUST_AFTER = timedelta(microseconds=1)
_TRIGGER = "properties.trigger"
_FIRST_MOMENT, _LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LAST_YEAR = 9900
"""What is due later is not looked for: the next moment of an expression may be decades away, beyond the calendar."""


def put_schedule(workspace: Workspace, name: str, body: ResourceBody, change: Change) -> Upserted[ScheduleProperties]:
    """Create or update a schedule; raises ValidationError, or NotFoundError for what an enabled one names.

    It is due from the moment of the change on: what a change comes too late for is not made up for.
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
    """Delete a schedule; its jobs stay. False when it was not there."""
    return delete_automation(workspace.schedules, _notes(workspace), name, conditions)


def last_run(workspace: Workspace, name: str) -> ScheduleRun | None:
    """What a schedule did last."""
    row = _notes(workspace).find(name)
    return row.document if row else None


def note_run(workspace: Workspace, name: str, run: ScheduleRun) -> None:
    """Remember what a schedule did."""
    _notes(workspace).put(name, run)


def cron_of(trigger: CronTrigger) -> Cron:
    """When the trigger is due; raises ValidationError."""
    return Cron.of(trigger.expression, trigger.time_zone, _TRIGGER)


def due_time(schedule: Resource[ScheduleProperties], handled: datetime | None, now: datetime) -> datetime | None:
    """The latest moment up to `now` that the schedule was due and that is not dealt with; None when there is none."""
    trigger = schedule.properties.trigger
    cron = cron_of(trigger)
    start, end = _moment(trigger.start_time, cron), _moment(trigger.end_time, cron)
    since = max(schedule.modified, handled or schedule.modified)
    if not schedule.properties.is_enabled or (end and end <= since) or (start and start > now):
        return None
    due = cron.last_before(end + _JUST_AFTER if end and end < now else now)
    return due if due > since and not (start and due < start) else None


def next_due_time(schedule: Resource[ScheduleProperties], now: datetime) -> datetime | None:
    """When an enabled schedule is due next."""
    trigger = schedule.properties.trigger
    cron = cron_of(trigger)
    start, end = _moment(trigger.start_time, cron), _moment(trigger.end_time, cron)
    begin = max(now, start) if start else now
    if not schedule.properties.is_enabled or (end and end < begin) or begin.year > _LAST_YEAR:
        return None
    due = cron.next_after(begin)
    return None if end and due > end else due


def _moment(time: datetime | None, cron: Cron) -> datetime | None:
    """In UTC; what lies outside the calendar there counts as its first or last moment."""
    if time is None:
        return None
    try:
        return (time if time.tzinfo else time.replace(tzinfo=cron.zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return _LAST_MOMENT if time.year > _LAST_YEAR else _FIRST_MOMENT


def _notes(workspace: Workspace) -> AutomationNotes[ScheduleRun]:
    return AutomationNotes.of(workspace, "scheduleRuns", ScheduleRun)
