"""Writes the results of an episode to the task hub, all in one transaction."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from local.functions_host.durable.episode import Episode
from local.functions_host.durable.hub import history
from local.functions_host.durable.hub.history import Event
from local.functions_host.durable.hub.rows import ActivityItem, Instance, Message, RuntimeStatus, TimerItem
from local.functions_host.durable.hub.store import TaskHub
from local.functions_host.durable.replayer import Completed, ContinuedAsNew, Decision, Failed
from local.functions_host.durable.scheduled import ScheduledActivity, ScheduledChild, ScheduledTimer


@dataclass
class Consequences:
    """The work that the engine must start after a commit.

    Attributes:
        activities: to be run.
        timers: to be waited for.
        woken: instances that got a message.
        instance: the instance after the episode.
    """

    instance: Instance
    activities: list[ActivityItem] = field(default_factory=list)
    timers: list[TimerItem] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)


def commit_stale(hub: TaskHub, episode: Episode) -> None:
    """Drop messages for generations that have ended."""
    with hub.transaction():
        hub.take(episode.messages)


def commit_episode(hub: TaskHub, episode: Episode, decision: Decision, custom_status_json: str | None) -> Consequences:
    """Commit an episode in which the orchestrator ran."""
    instance = replace(episode.instance, custom_status_json=custom_status_json, updated=history.utc_now())
    with hub.transaction():
        hub.take(episode.messages)
        match decision.end:
            case ContinuedAsNew() as end:
                return _continue(hub, instance, end)
            case Completed(output_json):
                instance = replace(instance, status=RuntimeStatus.COMPLETED, output=output_json)
                return _finish(hub, episode, decision, instance)
            case Failed(reason, details):
                instance = replace(instance, status=RuntimeStatus.FAILED, output=reason)
                return _finish(hub, episode, decision, instance, details)
            case None:
                return _go_on(hub, episode, decision, instance)


def start_instance(hub: TaskHub, instance: Instance) -> None:
    """Write a new instance with its first message. It replaces a finished one with the same id."""
    hub.forget(instance.instance_id)
    hub.put_instance(instance)
    hub.post(Message(instance.instance_id, json.dumps(_started(instance)), instance.execution_id))


def new_execution_id() -> str:
    """Return a fresh id for a generation of an instance."""
    return uuid.uuid4().hex


def _started(instance: Instance) -> Event:
    return history.execution_started(
        name=instance.name,
        instance_id=instance.instance_id,
        execution_id=instance.execution_id,
        input_json=instance.input_json,
        version=instance.version,
        parent=json.loads(instance.parent_json) if instance.parent_json else None,
        generation=instance.generation,
    )


def _continue(hub: TaskHub, instance: Instance, end: ContinuedAsNew) -> Consequences:
    """Start the history over. The start and the carried events form the first episode together."""
    successor = replace(
        instance,
        execution_id=new_execution_id(),
        input_json=end.input_json,
        generation=instance.generation + 1,
        status=RuntimeStatus.RUNNING,
    )
    hub.forget(instance.instance_id, ("history", "timers"))
    hub.put_instance(successor)
    opening = [_started(successor), *end.carried]
    hub.post_first(
        [Message(instance.instance_id, json.dumps(event), successor.execution_id, opening=True) for event in opening]
    )
    return Consequences(successor, woken=[instance.instance_id])


def _finish(
    hub: TaskHub,
    episode: Episode,
    decision: Decision,
    instance: Instance,
    details: str | None = None,
) -> Consequences:
    status = instance.status.value
    completed = history.execution_completed(decision.next_id, status, instance.output, details)
    _append(hub, episode, [*(task.event() for task in decision.scheduled), completed])
    hub.forget(instance.instance_id, ("inbox", "timers"))
    hub.put_instance(instance)
    return Consequences(instance, woken=_tell_parent(hub, instance, details))


def _tell_parent(hub: TaskHub, instance: Instance, details: str | None) -> list[str]:
    if instance.parent_json is None:
        return []
    parent = json.loads(instance.parent_json)
    task_id = parent["TaskScheduleId"]
    if instance.status is RuntimeStatus.COMPLETED:
        event = history.sub_orchestration_completed(task_id, instance.output)
    else:
        event = history.sub_orchestration_failed(task_id, instance.output, details)
    ids = parent["OrchestrationInstance"]
    hub.post(Message(ids["InstanceId"], json.dumps(event), ids["ExecutionId"]))
    return [ids["InstanceId"]]


def _go_on(hub: TaskHub, episode: Episode, decision: Decision, instance: Instance) -> Consequences:
    instance = replace(instance, status=RuntimeStatus.RUNNING)
    _append(hub, episode, [task.event() for task in decision.scheduled])
    hub.put_instance(instance)
    consequences = Consequences(instance)
    for task in decision.scheduled:
        match task:
            case ScheduledActivity():
                consequences.activities.append(_activity(hub, instance, task))
            case ScheduledTimer():
                consequences.timers.append(_timer(hub, instance, task))
            case ScheduledChild():
                consequences.woken.append(_child(hub, instance, task))
    return consequences


def _append(hub: TaskHub, episode: Episode, events: Sequence[Event]) -> None:
    written = [*episode.new, *events, history.orchestrator_completed()]
    hub.append_history(episode.instance.instance_id, len(episode.past), [history.played(event) for event in written])


def _activity(hub: TaskHub, instance: Instance, task: ScheduledActivity) -> ActivityItem:
    ids = (instance.instance_id, instance.execution_id, task.task_id)
    row_id = hub.add_activity(*ids, task.name, task.input_json)
    return ActivityItem(row_id, *ids, task.name, task.input_json)


def _timer(hub: TaskHub, instance: Instance, task: ScheduledTimer) -> TimerItem:
    ids = (instance.instance_id, instance.execution_id, task.task_id)
    return TimerItem(hub.add_timer(*ids, task.fire_at), *ids, task.fire_at)


def _child(hub: TaskHub, parent: Instance, task: ScheduledChild) -> str:
    """Start a sub-orchestration. An id that is in use fails the task, because a client would be refused too."""
    existing = hub.instance(task.instance_id)
    if existing is not None and not existing.status.finished:
        reason = f"An Orchestration instance with the status {existing.status} already exists."
        event = history.sub_orchestration_failed(task.task_id, reason, f"Instance id: {task.instance_id}")
        hub.post(Message(parent.instance_id, json.dumps(event), parent.execution_id))
        return parent.instance_id
    ancestor = history.parent_instance(
        name=parent.name,
        instance_id=parent.instance_id,
        execution_id=parent.execution_id,
        task_id=task.task_id,
    )
    child = Instance(
        instance_id=task.instance_id,
        execution_id=new_execution_id(),
        name=task.name,
        version=task.version,
        status=RuntimeStatus.PENDING,
        input_json=task.input_json,
        output=None,
        custom_status_json=None,
        created=parent.updated,
        updated=parent.updated,
        parent_json=json.dumps(ancestor),
    )
    start_instance(hub, child)
    return child.instance_id
