"""Starts the actions of an orchestrator: assigns sequence numbers, schedules tasks, runs retries."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from local.functions_host.durable.completion import Completion, ExternalEvents, finished, when_all, when_any
from local.functions_host.durable.hub.errors import ActionRefusedError, FunctionNotFoundError, InvalidRequestError
from local.functions_host.durable.hub.history import from_text
from local.functions_host.durable.hub.registry import DurableFunctions
from local.functions_host.durable.hub.rows import check_instance_id
from local.functions_host.durable.scheduled import Scheduled, ScheduledActivity, ScheduledChild, ScheduledTimer

MAX_ACTIONS = 100_000
"""Tasks that one execution may start (`maxOrchestrationActions` of the extension)."""

MAX_RETRY_DELAY = timedelta(days=6)
"""The longest pause between two attempts (`MaxRetryInterval`, bounded by the longest timer)."""

Action = Mapping[str, Any]


class ActionType(IntEnum):
    """Numbers of the actions in the SDK's answer."""

    CALL_ACTIVITY = 0
    CALL_ACTIVITY_WITH_RETRY = 1
    CALL_SUB_ORCHESTRATOR = 2
    CALL_SUB_ORCHESTRATOR_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    CREATE_TIMER = 5
    WAIT_FOR_EXTERNAL_EVENT = 6
    CALL_ENTITY = 7
    CALL_HTTP = 8
    SIGNAL_ENTITY = 9
    SCHEDULED_SIGNAL_ENTITY = 10
    WHEN_ANY = 11
    WHEN_ALL = 12


_NOT_OFFERED = {
    ActionType.CALL_ENTITY: "call_entity",
    ActionType.SIGNAL_ENTITY: "signal_entity",
    ActionType.SCHEDULED_SIGNAL_ENTITY: "a scheduled signal_entity",
    ActionType.CALL_HTTP: "call_http",
}


@dataclass(frozen=True)
class RetryPolicy:
    """When a failed task is tried again. Without a coefficient, the pause stays the same."""

    first_delay: timedelta
    max_attempts: int
    backoff: float = 1.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "RetryPolicy":
        """Return the policy in an action's `retryOptions`."""
        return cls(
            first_delay=timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"]),
            max_attempts=options["maxNumberOfAttempts"],
            backoff=float(options.get("backoffCoefficient") or 1.0),
        )

    def delay_after(self, attempt: int) -> timedelta:
        """Return the pause after a failed attempt (counted from 1); zero after the last one."""
        if attempt >= self.max_attempts:
            return timedelta(0)
        seconds = self.first_delay.total_seconds() * self.backoff ** (attempt - 1)
        return timedelta(seconds=min(seconds, MAX_RETRY_DELAY.total_seconds()))


class ActionStarter:
    """Holds the open tasks of one replay.

    Attributes:
        clock: time stamp of the episode that is being walked.
        pending: what was started and has not been confirmed by the history yet.
        events: the external events and what waits for them.
        continue_input: JSON text of the next generation's input once `continue_as_new` was started.
        next_id: the next sequence number; activities, timers and sub-orchestrations count, waits do not.
    """

    def __init__(self, execution_id: str, functions: DurableFunctions) -> None:
        self.clock = ""
        self.pending: dict[int, Scheduled] = {}
        self.events = ExternalEvents()
        self.continue_input: str | None = None
        self.next_id = 0
        self._execution_id = execution_id
        self._functions = functions
        self._open: dict[int, Completion] = {}
        self._starts: dict[int, Callable[[Action], Completion]] = {
            ActionType.CALL_ACTIVITY: self._activity,
            ActionType.CALL_ACTIVITY_WITH_RETRY: lambda action: self._with_retry(action, self._activity),
            ActionType.CALL_SUB_ORCHESTRATOR: self._child,
            ActionType.CALL_SUB_ORCHESTRATOR_WITH_RETRY: lambda action: self._with_retry(action, self._child),
            ActionType.CREATE_TIMER: self._asked_timer,
            ActionType.WAIT_FOR_EXTERNAL_EVENT: lambda action: self.events.wait(action["externalEventName"]),
            ActionType.WHEN_ALL: self._all,
            ActionType.WHEN_ANY: self._any,
            ActionType.CONTINUE_AS_NEW: self._continue_as_new,
        }

    @property
    def has_open_tasks(self) -> bool:
        """Whether an activity, timer or sub-orchestration has not ended yet. Waits for external events do not count."""
        return bool(self._open)

    def finish(self, task_id: int, *, failed: bool) -> None:
        """Finish a task. Ignore the end of an unknown task, such as a cancelled timer."""
        task = self._open.pop(task_id, None)
        if task is not None:
            task.finish(failed=failed)

    def start(self, action: Action) -> Completion:
        """Start one action with all its children, left to right.

        Raises:
            ActionRefusedError: the action cannot be carried out. The message says why.
        """
        action_type = action["actionType"]
        start = self._starts.get(action_type)
        if start is None:
            raise ActionRefusedError(_refusal(action_type))
        return start(action)

    def _all(self, action: Action) -> Completion:
        return when_all([self.start(child) for child in action["compoundActions"]])

    def _any(self, action: Action) -> Completion:
        children = action["compoundActions"]
        if not children:
            raise ActionRefusedError("task_any needs at least one task that was not yielded before.")
        return when_any([self.start(child) for child in children])

    def _activity(self, action: Action) -> Completion:
        try:
            name = self._functions.activity(action["functionName"])
        except FunctionNotFoundError as error:
            raise ActionRefusedError(str(error)) from error
        task_id, task = self._open_task()
        self.pending[task_id] = ScheduledActivity(task_id, name, _text(action.get("input")))
        return task

    def _child(self, action: Action) -> Completion:
        try:
            name = self._functions.orchestrator(action["functionName"])
            given = action.get("instanceId")
            if given and given.strip():
                check_instance_id(given)
        except InvalidRequestError as error:
            raise ActionRefusedError(str(error)) from error
        task_id, task = self._open_task()
        instance_id = given if given and given.strip() else f"{self._execution_id}:{task_id}"
        version = action.get("version") or self._functions.default_version
        self.pending[task_id] = ScheduledChild(task_id, name, instance_id, json.dumps(action.get("input")), version)
        return task

    def _continue_as_new(self, action: Action) -> Completion:
        self.continue_input = json.dumps(action.get("input"))
        return finished()

    def _asked_timer(self, action: Action) -> Completion:
        """Start a timer. A cancelled one keeps its sequence number, but the orchestration no longer waits for it."""
        task_id = self.next_id
        task = self._timer(from_text(action["fireAt"]))
        if action.get("isCanceled"):
            self.finish(task_id, failed=True)
        return task

    def _timer(self, fire_at: datetime) -> Completion:
        task_id, task = self._open_task()
        self.pending[task_id] = ScheduledTimer(task_id, fire_at)
        return task

    def _with_retry(self, action: Action, attempt: Callable[[Action], Completion]) -> Completion:
        """Set a timer after each failure, and retry. The SDK expects a timer after the last failure too."""
        policy = RetryPolicy.of(action["retryOptions"])
        whole = Completion()
        attempts = 0

        def try_once() -> None:
            nonlocal attempts
            attempts += 1
            attempt(action).then(ended)

        def ended(task: Completion) -> None:
            if not task.failed:
                whole.finish()
                return
            due = from_text(self.clock) + policy.delay_after(attempts)
            self._timer(due).then(paused)

        def paused(_: Completion) -> None:
            if attempts >= policy.max_attempts:
                whole.finish(failed=True)
            else:
                try_once()

        try_once()
        return whole

    def _open_task(self) -> tuple[int, Completion]:
        if self.next_id >= MAX_ACTIONS:
            raise ActionRefusedError(f"Maximum amount of orchestration actions ({MAX_ACTIONS:,}) has been reached.")
        task_id = self.next_id
        self.next_id += 1
        task = self._open[task_id] = Completion()
        return task_id, task


def _text(value: object) -> str:
    """Return an activity's input as JSON text. The SDK's input is a text already."""
    return value if isinstance(value, str) else json.dumps(value)


def _refusal(action_type: object) -> str:
    if isinstance(action_type, int) and action_type in _NOT_OFFERED:
        name = _NOT_OFFERED[ActionType(action_type)]
        return f"{name} is not offered by the local Functions host; call an activity instead."
    return f"Received an unexpected action type from the out-of-proc function: '{action_type}'."
