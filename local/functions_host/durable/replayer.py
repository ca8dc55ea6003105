"""Replays the action list of an orchestrator against its history, as the Durable extension does.

The SDK answers every episode with all actions since the start. The replayer walks the history and
awaits the actions one after another: action n + 1 starts when action n is complete. Whatever was
started and is not in the history yet is what this episode schedules.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from local.functions_host.durable.action_starter import ActionStarter
from local.functions_host.durable.completion import Completion
from local.functions_host.durable.hub.errors import ActionRefusedError, NonDeterministicError
from local.functions_host.durable.hub.history import Event, EventType
from local.functions_host.durable.hub.registry import DurableFunctions
from local.functions_host.durable.scheduled import Scheduled, confirm
from local.functions_host.durable.state import OrchestratorState

_SCHEDULED = (EventType.TASK_SCHEDULED, EventType.TIMER_CREATED, EventType.SUB_ORCHESTRATION_CREATED)
_DONE = {
    EventType.TASK_COMPLETED: ("TaskScheduledId", False),
    EventType.SUB_ORCHESTRATION_COMPLETED: ("TaskScheduledId", False),
    EventType.TIMER_FIRED: ("TimerId", False),
    EventType.TASK_FAILED: ("TaskScheduledId", True),
    EventType.SUB_ORCHESTRATION_FAILED: ("TaskScheduledId", True),
}


@dataclass(frozen=True)
class Completed:
    """The orchestrator returned. `output_json` is None if it returned None."""

    output_json: str | None


@dataclass(frozen=True)
class Failed:
    """The orchestration failed. `reason` is its output; `details` goes to its parent."""

    reason: str
    details: str


@dataclass(frozen=True)
class ContinuedAsNew:
    """The orchestration starts over with the `carried` events."""

    input_json: str
    carried: tuple[Event, ...]


End = Completed | Failed | ContinuedAsNew


@dataclass(frozen=True)
class Decision:
    """The results of an episode.

    Attributes:
        scheduled: new tasks, by ascending sequence number.
        end: how the execution ended; None while it goes on.
        next_id: the sequence number after the last one given.
    """

    scheduled: tuple[Scheduled, ...] = ()
    end: End | None = None
    next_id: int = 0


class Replayer:
    """One replay of one orchestration. Use it once."""

    def __init__(self, *, name: str, execution_id: str, state: OrchestratorState, functions: DurableFunctions) -> None:
        self._name = name
        self._state = state
        self._starter = ActionStarter(execution_id, functions)
        self._next = 0
        self._current: Completion | None = None
        self._carried: list[Event] = []

    def replay(self, events: Iterable[Event]) -> Decision:
        """Walk the whole history: all past events and the new ones."""
        try:
            for event in events:
                self._process(event)
        except NonDeterministicError as error:
            reason = f"Non-Deterministic workflow detected: {error}"
            return Decision(end=Failed(reason, reason), next_id=self._starter.next_id)
        except ActionRefusedError as refusal:
            end = self._failure(str(refusal), f"Message: {refusal}, StackTrace: ")
            return Decision(end=end, next_id=self._starter.next_id)
        pending = self._starter.pending
        return Decision(
            scheduled=tuple(pending[task_id] for task_id in sorted(pending)),
            end=self._end(),
            next_id=self._starter.next_id,
        )

    def _process(self, event: Event) -> None:
        kind = event["EventType"]
        if kind == EventType.ORCHESTRATOR_STARTED:
            self._starter.clock = event["Timestamp"]
        elif kind == EventType.EXECUTION_STARTED:
            self._advance()
        elif kind in _SCHEDULED:
            confirm(event, self._starter.pending)
        elif kind == EventType.EVENT_RAISED:
            self._raise_event(event)
        elif kind in _DONE:
            id_field, failed = _DONE[kind]
            self._starter.finish(event[id_field], failed=failed)

    def _raise_event(self, event: Event) -> None:
        """Raise an external event. After `continue_as_new`, an event belongs to the next generation."""
        if self._starter.continue_input is None:
            self._starter.events.raise_event(event["Name"])
        else:
            self._carried.append(event)

    def _advance(self, _: Completion | None = None) -> None:
        """Start the next actions, up to the first one that must be waited for."""
        actions = self._state.actions
        while True:
            if self._current is not None and not self._current.done:
                return
            if self._next == len(actions):
                self._current = None
                return
            action = actions[self._next]
            self._next += 1
            self._current = self._starter.start(action)
            if not self._current.done:
                self._current.then(self._advance)
                return

    def _end(self) -> End | None:
        """Return the end of the execution, or None while an action is incomplete or a task open."""
        if self._starter.has_open_tasks:
            return None
        if self._next < len(self._state.actions) or self._current is not None:
            return None
        if self._state.error:
            return self._failure(self._state.error, self._state.details)
        if not self._state.is_done:
            return None
        if self._starter.continue_input is not None:
            return ContinuedAsNew(self._starter.continue_input, tuple(self._carried))
        return Completed(self._state.output_json)

    def _failure(self, error: str, details: str) -> Failed:
        return Failed(f"Orchestrator function '{self._name}' failed: {error}", details)
