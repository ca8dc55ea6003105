"""The status of an instance as clients get it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from local.functions_host.durable.hub.history import Event, EventType
from local.functions_host.durable.hub.rows import Instance

_SCHEDULED_BY = {
    EventType.TASK_COMPLETED: (EventType.TASK_SCHEDULED, "TaskScheduledId"),
    EventType.TASK_FAILED: (EventType.TASK_SCHEDULED, "TaskScheduledId"),
    EventType.SUB_ORCHESTRATION_COMPLETED: (EventType.SUB_ORCHESTRATION_CREATED, "TaskScheduledId"),
    EventType.SUB_ORCHESTRATION_FAILED: (EventType.SUB_ORCHESTRATION_CREATED, "TaskScheduledId"),
    EventType.TIMER_FIRED: (EventType.TIMER_CREATED, "TimerId"),
}
_LEFT_OUT = {EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED}
_NAMES = {
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
}
_NOT_FOR_CLIENTS = {
    "EventId",
    "IsPlayed",
    "OrchestrationInstance",
    "ParentInstance",
    "Version",
    "Tags",
    "Correlation",
    "ParentTraceContext",
    "ScheduledStartTime",
    "Generation",
    "TaskScheduledId",
    "TimerId",
    "FailureDetails",
}


def status_payload(
    instance: Instance, *, show_input: bool = True, events: Sequence[Event] | None = None
) -> dict[str, Any]:
    """The status; with `historyEvents` only when events are given."""
    payload = {
        "name": instance.name,
        "instanceId": instance.instance_id,
        "runtimeStatus": instance.status.value,
        "input": _value(instance.input_json) if show_input else None,
        "customStatus": _value(instance.custom_status_json),
        "output": _value(instance.output),
        "createdTime": _seconds(instance.created),
        "lastUpdatedTime": _seconds(instance.updated),
    }
    return payload if events is None else payload | {"historyEvents": events}


def history_events(events: Sequence[Event], *, show_input: bool, show_output: bool) -> list[Event]:
    """The history for clients: one event for each ended task, with the time when it was scheduled."""
    scheduled = {(event["EventType"], event["EventId"]): event for event in events}
    ended = {
        (_SCHEDULED_BY[kind][0], event[_SCHEDULED_BY[kind][1]])
        for event in events
        if (kind := event["EventType"]) in _SCHEDULED_BY
    }
    return [
        _client_event(event, scheduled, show_input=show_input, show_output=show_output)
        for event in events
        if event["EventType"] not in _LEFT_OUT and (event["EventType"], event["EventId"]) not in ended
    ]


def _client_event(
    event: Event, scheduled: dict[tuple[int, int], Event], *, show_input: bool, show_output: bool
) -> Event:
    kind = EventType(event["EventType"])
    shown = {key: value for key, value in event.items() if key not in _NOT_FOR_CLIENTS}
    shown["EventType"] = _NAMES.get(kind) or kind.name.title().replace("_", "")
    if kind in _SCHEDULED_BY:
        first_kind, id_field = _SCHEDULED_BY[kind]
        first = scheduled.get((first_kind, event[id_field]), {})
        shown |= {"ScheduledTime": first.get("Timestamp"), "Name": first.get("Name")}
    if kind != EventType.EVENT_RAISED and "Name" in shown:
        shown["FunctionName"] = shown.pop("Name")
    if "Result" in shown:
        shown["Result"] = _value(shown["Result"]) if show_output else None
    if "Input" in shown:
        shown["Input"] = _value(shown["Input"]) if show_input else None
    return {key: value for key, value in shown.items() if value is not None}


def _value(text: str | None) -> Any:
    """What a text says as JSON, or the text itself: the reason of a failure is plain text."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
