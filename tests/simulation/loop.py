"""A deterministic event loop on a virtual clock, with actors that can be frozen or killed.

Nothing waits: when no callback is ready, the clock jumps to the next timer. Callbacks that are ready together run in
an order that chance may change, as asyncio promises none between tasks that wake in the same turn.
"""

import asyncio
import gc
import heapq
import itertools
import sys
import warnings
from asyncio import base_events, events
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

from tests.simulation.chance import Choices
from tests.simulation.fibers import Fiber

T = TypeVar("T")


class Actor:
    """Something that fails by itself: a life of a node, or of the app. Its callbacks have it in their context."""

    def __init__(self, name: str, clock_offset: float = 0.0) -> None:
        self.name = name
        self.clock_offset = clock_offset
        """Seconds by which its clock is ahead of the storage's."""
        self.is_dead = False
        self.is_frozen = False
        self.withheld: list[events.Handle] = []
        self.is_spared = False
        """True for an actor whose calls nothing disturbs."""
        self.last_trouble = float("-inf")
        """When the world last did something to it. Such a thing excuses a lapsed lease."""

    def __repr__(self) -> str:
        return self.name


ACTOR: ContextVar[Actor] = ContextVar("actor")


class _NumberedTask(asyncio.Task[Any]):
    """Hashed by its number, not its address: a TaskGroup keeps a set and cancels in the order of the set."""

    def __init__(self, number: int, work: Coroutine[Any, Any, Any], **options: Any) -> None:
        self._number = number
        super().__init__(work, **options)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(base_events.BaseEventLoop):
    """Runs callbacks as fast as it can and tells how late it would have become."""

    _ready: Any
    _scheduled: Any
    _stopping: bool

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self._now = 0.0
        self._choices = choices
        self._numbers = itertools.count(1)
        self.tasks: list[asyncio.Task[Any]] = []
        """All tasks. Those of dead actors must not be collected before the end, as that would run their `finally`."""
        self.fibers: list[Fiber] = []
        self.problems: list[str] = []
        """Exceptions that no task has caught."""
        choices.clock = self.time
        self.set_task_factory(self._numbered)
        self.set_exception_handler(self._note_problem)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def start(self, actor: Actor, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run `work` as `actor`. Everything that it starts belongs to the actor as well."""
        context = Context()
        context.run(ACTOR.set, actor)
        return self.create_task(work, name=actor.name, context=context)

    def kill(self, actor: Actor) -> None:
        """End the actor as SIGKILL does: nothing of it runs again, no `finally` either."""
        actor.is_dead, actor.last_trouble = True, self._now

    def freeze(self, actor: Actor, seconds: float) -> None:
        """Pause the actor's machine. Afterwards everything is due at once."""
        actor.is_frozen, actor.last_trouble = True, self._now
        self.call_later(seconds, self._thaw, actor, context=Context())

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override]
        """Call `func` after a while. Nobody can cancel it, and only its result comes back to the loop.

        In `func`, calls of the simulated storage may wait on the virtual clock.
        """
        future: asyncio.Future[T] = self.create_future()
        fiber = Fiber(copy_context(), func, args)

        def ended(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        def begin() -> None:
            self.fibers.append(fiber)
            fiber.start(ended)

        self.call_later(self._choices.draw("thread", 0.01, lambda dice: round(dice.random() ** 4 * 2, 2)), begin)
        return future

    def _thaw(self, actor: Actor) -> None:
        actor.is_frozen, actor.last_trouble = False, self._now
        self._ready.extend(actor.withheld)
        actor.withheld.clear()

    def _run_once(self) -> None:
        scheduled, ready = self._scheduled, self._ready
        while scheduled and (scheduled[0]._cancelled or (not ready and self._is_of_dead(scheduled[0]))):
            heapq.heappop(scheduled)._scheduled = False
        if not ready:
            if not scheduled:
                raise RuntimeError("deadlock: nothing is ready and nothing is due")
            self._now = max(self._now, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self._now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)
        batch = [handle for handle in ready if not handle._cancelled]
        ready.clear()
        if len(batch) > 1:
            self._choices.order(batch)
        for handle in batch:
            self._run_one(handle)

    def _run_one(self, handle: Any) -> None:
        actor = handle._context.get(ACTOR)
        if actor is None or not (actor.is_dead or actor.is_frozen):
            if not handle._cancelled:
                handle._run()
        elif actor.is_frozen and not actor.is_dead:
            actor.withheld.append(handle)

    @staticmethod
    def _is_of_dead(handle: Any) -> bool:
        actor = handle._context.get(ACTOR)
        return actor is not None and actor.is_dead

    def _numbered(self, loop: Any, work: Any, context: Context | None = None) -> asyncio.Task[Any]:
        task = _NumberedTask(next(self._numbers), work, loop=self, context=context)
        self.tasks.append(task)
        return task

    def _note_problem(self, _loop: Any, context: dict[str, Any]) -> None:
        self.problems.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _write_to_self(self) -> None:
        """Do nothing: there is no selector to wake."""

    def _process_events(self, event_list: Any) -> None:
        """Do nothing: there are no descriptors."""

    def bury(self) -> None:
        """End what dead actors have left, so that nothing of this world runs in the next one."""
        # A `finally` that awaits cannot end so, and what was never begun is never awaited: nobody needs to hear of it.
        sys.unraisablehook, before = lambda _: None, sys.unraisablehook
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._bury()
            gc.collect(0)  # now, not in the middle of another world
        sys.unraisablehook = before

    def _bury(self) -> None:
        for fiber in self.fibers:
            fiber.abandon()
        for task in self.tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            _close(task.get_coro())
        self.tasks.clear()
        self.fibers.clear()
        self._ready.clear()
        self._scheduled.clear()
        self.close()


def _close(work: Any) -> None:
    """Close a coroutine. Each `finally` that awaits needs one more try."""
    for _ in range(50):
        try:
            work.close()
        except BaseException:
            continue
        return
