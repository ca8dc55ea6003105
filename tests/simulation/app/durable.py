"""A durable engine: its hub survives crashes of the app, and an activity that was under way then is called again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.app.replay import Activity, Context, Happened, State, Timer, replay
from tests.simulation.clock import virtual_now

CallActivity = Callable[[str, Any], Awaitable[Any]]


@dataclass
class Instance:
    """An orchestration in the hub."""

    name: str
    input: Any
    started: datetime
    state: State = State.WAITING
    history: list[Happened] = field(default_factory=list)
    execution: int = 0
    """Number of the execution. `continue_as_new` begins another one."""


@dataclass
class Hub:
    """What the engine stores. Writing to it never fails: a real one has a storage of its own."""

    instances: dict[str, Instance] = field(default_factory=dict)
    executions: int = 0
    engine: "Engine | None" = None
    """The engine whose life runs the orchestrations. Answers of other lives do not count."""

    def is_alive(self, name: str) -> bool:
        """Return whether the instance exists and has not ended."""
        return name in self.instances and self.instances[name].state is State.WAITING

    def start(self, name: str, given: Any) -> None:
        """Begin an orchestration; raise RuntimeError if one of this name is alive."""
        if self.is_alive(name):
            raise RuntimeError(f"orchestration {name} is alive")
        self.instances[name] = Instance(name, given, virtual_now(), execution=self.next_execution())
        self._wake(name)

    def raise_event(self, name: str, event: str) -> None:
        """Tell a living orchestration of an event."""
        if self.is_alive(name):
            self.instances[name].history.append(Happened(virtual_now(), event=event, value=True))
            self._wake(name)

    def next_execution(self) -> int:
        """Return a number that no execution has had: an instance may be lost and started again under its name."""
        self.executions += 1
        return self.executions

    def _wake(self, name: str) -> None:
        if self.engine is not None:
            self.engine.wake(name)


class Engine:
    """The engine in one life of the app."""

    def __init__(self, hub: Hub, call: CallActivity) -> None:
        """`call` runs an activity by its name."""
        self._hub, self._call = hub, call
        self._context = copy_context()
        self._begun: set[tuple[str, int, int]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[tuple[str, int, int], asyncio.TimerHandle] = {}

    def take_over(self) -> None:
        """Continue all orchestrations from what the hub knows of them. They run in the current context."""
        self._hub.engine, self._context = self, copy_context()
        for name in list(self._hub.instances):
            self.wake(name)

    def wake(self, name: str) -> None:
        """Look at an orchestration soon."""
        asyncio.get_running_loop().call_soon(self._look, name, context=self._context.copy())

    def _look(self, name: str) -> None:
        if self._hub.engine is self and name in self._hub.instances:
            self._episode(self._hub.instances[name])

    def _learn(self, instance: Instance, news: Happened) -> None:
        if self._hub.engine is self:
            instance.history.append(news)
            self._episode(instance)

    def _episode(self, instance: Instance) -> None:
        while instance.state is State.WAITING:
            state, context = replay(instance.input, instance.started, instance.history)
            if state is not State.CONTINUED:
                instance.state = state
                break
            self._continue_as_new(instance, context)
        else:
            return
        if instance.state is State.WAITING:
            self._begin(instance, context)

    def _continue_as_new(self, instance: Instance, context: Context) -> None:
        instance.input, instance.started = context.next_input, virtual_now()
        instance.history = list(context.buffered)
        instance.execution = self._hub.next_execution()

    def _begin(self, instance: Instance, context: Context) -> None:
        for step in context.steps:
            key = (instance.name, instance.execution, step.number)
            if step.is_done or key in self._begun:
                if isinstance(step, Timer) and step.is_canceled and key in self._timers:
                    self._timers.pop(key).cancel()
                continue
            if isinstance(step, Activity):
                self._begun.add(key)
                task = asyncio.ensure_future(self._activity(instance, instance.execution, step))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            elif isinstance(step, Timer) and not step.is_canceled and step.due is not None:
                self._begun.add(key)
                seconds = max(0.0, (step.due - virtual_now()).total_seconds())
                news = (instance, instance.execution, step.number)
                self._timers[key] = asyncio.get_running_loop().call_later(seconds, self._fire, *news)

    def _fire(self, instance: Instance, execution: int, number: int) -> None:
        if instance.execution == execution:
            self._learn(instance, Happened(virtual_now(), task=number))

    async def _activity(self, instance: Instance, execution: int, step: Activity) -> None:
        error = ""
        for attempt in range(step.tries):
            try:
                value = await self._call(step.name, step.argument)
            except Exception as problem:
                error = f"{type(problem).__name__}: {problem}"
                if attempt + 1 < step.tries:
                    await asyncio.sleep(step.pause)
            else:
                error = ""
                break
        if instance.execution == execution and instance.state is State.WAITING:
            news = Happened(virtual_now(), task=step.number, value=None if error else value, error=error)
            self._learn(instance, news)
