"""History events of an orchestration, with the field names that Durable Functions uses on the wire."""

import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Event = dict[str, Any]


class EventType(IntEnum):
    """Numbers of the history events (`DurableTask.Core.History.EventType`)."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_RAISED = 15


def utc_now() -> datetime:
    """Return the current time, timezone-aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Return ISO text with seven decimals and `Z`, as .NET writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def from_text(text: str) -> datetime:
    """Return the moment in an ISO text. It may have six or seven decimals, and `Z` or an offset; else it is UTC."""
    body = text.removesuffix("Z")
    if "." in body:
        whole, _, fraction = body.partition(".")
        digits = fraction[:6]
        body = f"{whole}.{digits}" if fraction.isdigit() else body
    moment = datetime.fromisoformat(body)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def played(event: Event) -> str:
    """Return an event as JSON text for later episodes: marked as played, except `OrchestratorStarted`."""
    if event["EventType"] != EventType.ORCHESTRATOR_STARTED:
        event = {**event, "IsPlayed": True}
    return json.dumps(event)


def _event(kind: EventType, event_id: int = -1, **fields: Any) -> Event:
    head = {
        "EventType": int(kind),
        "EventId": event_id,
        "IsPlayed": False,
        "Timestamp": to_text(utc_now()),
    }
    return head | fields


def orchestrator_started() -> Event:
    """Return the event that opens an episode; its time stamp is the orchestrator's clock."""
    return _event(EventType.ORCHESTRATOR_STARTED)


def orchestrator_completed() -> Event:
    """Return the event that closes an episode."""
    return _event(EventType.ORCHESTRATOR_COMPLETED)


def execution_started(
    *,
    name: str,
    instance_id: str,
    execution_id: str,
    input_json: str | None,
    version: str = "",
    parent: Event | None = None,
    generation: int = 0,
) -> Event:
    """Return the event that starts an instance, or a new generation of it after `continue_as_new`."""
    return _event(
        EventType.EXECUTION_STARTED,
        Name=name,
        Version=version,
        Input=input_json,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution_id},
        ParentInstance=parent,
        Tags=None,
        Correlation=None,
        ParentTraceContext=None,
        ScheduledStartTime=None,
        Generation=generation,
    )


def parent_instance(*, name: str, instance_id: str, execution_id: str, task_id: int) -> Event:
    """Return the `ParentInstance` field of `ExecutionStarted`: who waits for a sub-orchestration."""
    return {
        "Name": name,
        "OrchestrationInstance": {"InstanceId": instance_id, "ExecutionId": execution_id},
        "TaskScheduleId": task_id,
        "Version": "",
    }


def execution_completed(event_id: int, status: str, result: str | None, details: str | None) -> Event:
    """Return the event that ends an execution: completed or failed."""
    return _event(
        EventType.EXECUTION_COMPLETED,
        event_id,
        OrchestrationStatus=status,
        Result=result,
        Details=details,
        FailureDetails=None,
    )


def task_scheduled(task_id: int, name: str) -> Event:
    """Return the event of a scheduled activity, without its input, as in the extension's default."""
    return _event(EventType.TASK_SCHEDULED, task_id, Name=name, Version="", Input=None)


def task_completed(task_id: int, result_json: str | None) -> Event:
    """Return the event of an activity that returned."""
    return _event(EventType.TASK_COMPLETED, TaskScheduledId=task_id, Result=result_json)


def task_failed(task_id: int, reason: str, details: str | None) -> Event:
    """Return the event of an activity that raised."""
    return _event(EventType.TASK_FAILED, TaskScheduledId=task_id, Reason=reason, Details=details, FailureDetails=None)


def sub_orchestration_created(task_id: int, name: str, instance_id: str, input_json: str | None) -> Event:
    """Return the event of a scheduled sub-orchestration."""
    return _event(
        EventType.SUB_ORCHESTRATION_CREATED,
        task_id,
        Name=name,
        Version="",
        InstanceId=instance_id,
        Input=input_json,
    )


def sub_orchestration_completed(task_id: int, result_json: str | None) -> Event:
    """Return the event of a sub-orchestration that returned."""
    return _event(EventType.SUB_ORCHESTRATION_COMPLETED, TaskScheduledId=task_id, Result=result_json)


def sub_orchestration_failed(task_id: int, reason: str | None, details: str | None) -> Event:
    """Return the event of a sub-orchestration that failed."""
    return _event(
        EventType.SUB_ORCHESTRATION_FAILED,
        TaskScheduledId=task_id,
        Reason=reason,
        Details=details,
        FailureDetails=None,
    )


def timer_created(timer_id: int, fire_at: datetime) -> Event:
    """Return the event of a durable timer that was set."""
    return _event(EventType.TIMER_CREATED, timer_id, FireAt=to_text(fire_at))


def timer_fired(timer_id: int, fire_at: datetime) -> Event:
    """Return the event of a durable timer that is due."""
    return _event(EventType.TIMER_FIRED, TimerId=timer_id, FireAt=to_text(fire_at))


def event_raised(name: str, input_json: str) -> Event:
    """Return the event of an external event that a client raised."""
    return _event(EventType.EVENT_RAISED, Name=name, Input=input_json)
