"""Replays the real orchestration `batch_job` over a history, as Durable Functions does it at each episode."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.triggers.background import orchestration

_ORCHESTRATOR = orchestration.batch_job._function._func.orchestrator_function  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Happened:
    """Something that an orchestration learned: the end of a task, or an event from outside."""

    at: datetime
    task: int = -1
    """Number of the task that ended; -1 for an event."""
    event: str = ""
    value: Any = None
    error: str = ""


@dataclass(eq=False)
class Step:
    """Something that the orchestration waits for."""

    number: int
    children: Sequence["Step"] = ()
    needs_all: bool = False
    is_done: bool = False
    value: Any = None
    error: str = ""
    event: str = ""

    def look(self) -> bool:
        """Return whether it is done, after a look at its children."""
        if self.children and not self.is_done:
            done = [child for child in self.children if child.look()]
            failed = next((child for child in done if child.error), None)
            if failed is not None and self.needs_all:
                self.is_done, self.error = True, failed.error
            elif self.needs_all and len(done) == len(self.children):
                self.is_done, self.value = True, [child.value for child in self.children]
            elif not self.needs_all and done:
                self.is_done, self.value = True, done[0]
        return self.is_done


@dataclass(eq=False)
class Activity(Step):
    """A call of an activity."""

    name: str = ""
    argument: Any = None
    pause: float = 0.0
    tries: int = 1


@dataclass(eq=False)
class Timer(Step):
    """A durable timer."""

    due: datetime | None = None
    is_canceled: bool = False

    def cancel(self) -> None:
        """Let it never fire."""
        self.is_canceled = True


class State(StrEnum):
    """What an episode led to."""

    WAITING = "waiting"
    COMPLETED = "completed"
    CONTINUED = "continued as new"
    FAILED = "failed"


@dataclass
class Context:
    """What the orchestration sees of the engine."""

    input: Any
    current_utc_datetime: datetime
    steps: list[Step] = field(default_factory=list)
    buffered: list[Happened] = field(default_factory=list)
    next_input: Any = None

    def get_input(self) -> Any:
        return self.input

    def call_activity_with_retry(self, name: str, retries: Any, argument: Any) -> Step:
        pause = retries._first_retry_interval_in_milliseconds / 1000
        return self._added(
            Activity(len(self.steps), name=name, argument=argument, pause=pause, tries=retries._max_number_of_attempts)
        )

    def create_timer(self, due: datetime) -> Step:
        return self._added(Timer(len(self.steps), due=due))

    def wait_for_external_event(self, name: str) -> Step:
        step = self._added(Step(len(self.steps), event=name))
        early = next((event for event in self.buffered if event.event == name), None)
        if early is not None:
            self.buffered.remove(early)
            step.is_done, step.value = True, early.value
        return step

    def task_all(self, steps: Sequence[Step]) -> Step:
        return self._added(Step(len(self.steps), children=steps, needs_all=True))

    def task_any(self, steps: Sequence[Step]) -> Step:
        return self._added(Step(len(self.steps), children=steps))

    def continue_as_new(self, input: Any) -> None:  # noqa: A002 - the SDK's name
        self.next_input = input

    def learn(self, news: Happened) -> None:
        """Take in the next line of the history."""
        self.current_utc_datetime = max(self.current_utc_datetime, news.at)
        if news.event:
            waiting = next((step for step in self.steps if step.event == news.event and not step.is_done), None)
            if waiting is None:
                self.buffered.append(news)
            else:
                waiting.is_done, waiting.value = True, news.value
            return
        step = self.steps[news.task]
        step.is_done, step.value, step.error = True, news.value, news.error

    def _added(self, step: Step) -> Step:
        self.steps.append(step)
        return step


def replay(given: Any, started: datetime, history: Sequence[Happened]) -> tuple[State, Context]:
    """Run the orchestration from its beginning as far as the history goes."""
    context = Context(given, started)
    lines = iter(history)
    steps = _ORCHESTRATOR(context)
    answer: Any = None
    error = ""
    while True:
        try:
            waits_for: Step = steps.throw(RuntimeError(error)) if error else steps.send(answer)
        except StopIteration:
            return (State.COMPLETED if context.next_input is None else State.CONTINUED), context
        except RuntimeError:
            return State.FAILED, context
        while not waits_for.look():
            news = next(lines, None)
            if news is None:
                steps.close()
                return State.WAITING, context
            context.learn(news)
        answer, error = waits_for.value, waits_for.error
