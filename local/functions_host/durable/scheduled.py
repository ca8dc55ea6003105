"""The tasks that an episode schedules, and their check against the history."""

from dataclasses import dataclass
from datetime import datetime

from local.functions_host.durable.hub import history
from local.functions_host.durable.hub.errors import NonDeterministicError
from local.functions_host.durable.hub.history import Event, EventType


@dataclass(frozen=True)
class ScheduledActivity:
    """Run an activity with a JSON text."""

    task_id: int
    name: str
    input_json: str

    def event(self) -> Event:
        """Return the history event that records it."""
        return history.task_scheduled(self.task_id, self.name)


@dataclass(frozen=True)
class ScheduledTimer:
    """Wake up the orchestration at a moment."""

    task_id: int
    fire_at: datetime

    def event(self) -> Event:
        """Return the history event that records it."""
        return history.timer_created(self.task_id, self.fire_at)


@dataclass(frozen=True)
class ScheduledChild:
    """Start a sub-orchestration; `input_json` is the JSON text of its `Input` field."""

    task_id: int
    name: str
    instance_id: str
    input_json: str
    version: str = ""

    def event(self) -> Event:
        """Return the history event that records it."""
        return history.sub_orchestration_created(self.task_id, self.name, self.instance_id, self.input_json)


Scheduled = ScheduledActivity | ScheduledTimer | ScheduledChild

_KINDS: dict[int, tuple[type[Scheduled], str]] = {
    EventType.TASK_SCHEDULED: (ScheduledActivity, "an activity"),
    EventType.TIMER_CREATED: (ScheduledTimer, "a timer"),
    EventType.SUB_ORCHESTRATION_CREATED: (ScheduledChild, "a sub-orchestration"),
}

_ADVICE = (
    "Was a change made to the orchestrator code after this instance had already started running, "
    "or does it use a clock, random numbers or input and output of its own?"
)


def confirm(event: Event, pending: dict[int, Scheduled]) -> None:
    """Remove a task from `pending` that an earlier episode scheduled.

    Raises:
        NonDeterministicError: `pending` has no task, or another one, with this sequence number.
    """
    kind, words = _KINDS[event["EventType"]]
    task_id, name = event["EventId"], event.get("Name") or ""
    before = f"A previous execution of this orchestration scheduled {words} task with sequence number {task_id}"
    if name:
        before += f" named '{name}'"
    now = pending.get(task_id)
    if now is None:
        raise NonDeterministicError(f"{before}, but the current replay hasn't (yet?) scheduled this task. {_ADVICE}")
    now_name = "" if isinstance(now, ScheduledTimer) else now.name
    if not isinstance(now, kind) or now_name.casefold() != name.casefold():
        other = next(text for type_, text in _KINDS.values() if isinstance(now, type_))
        named = f" named '{now_name}'" if now_name else ""
        raise NonDeterministicError(f"{before}, but the current replay scheduled {other} task{named} there. {_ADVICE}")
    del pending[task_id]
