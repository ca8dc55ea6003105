"""Structured concurrency: activities that end together, with one reason, and work that must end properly."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, Generic, TypeVar

Reason = TypeVar("Reason")
T = TypeVar("T")

_SLICE_SECONDS = 1.0


class Scope(Generic[Reason]):
    """Activities that end together: with the first reason given, the first error, or the scope's own cancellation.

    The body of the block starts activities and waits for `ended()`. Leaving the block cancels what still runs and waits
    for it. An error of an activity becomes the reason and is not raised; one of the body is raised again.
    """

    def __init__(self) -> None:
        self.reason: Reason | Exception | None = None
        self._ended = asyncio.Event()
        self._group = asyncio.TaskGroup()
        self._activities: dict[asyncio.Task[None], None] = {}
        self._is_closing = False

    def start(self, function: Callable[..., Awaitable[Any]], *args: Any) -> None:
        """Begin an activity. It is never begun if the scope ends first."""
        activity = self._group.create_task(self._guarded(function, *args), name=function.__qualname__)
        self._activities[activity] = None
        activity.add_done_callback(lambda done: self._activities.pop(done, None))
        if self._is_closing:
            activity.cancel()

    def end(self, reason: "Reason | Exception") -> None:
        """End the scope. Only the first reason counts."""
        if self.reason is None:
            self.reason = reason
        self._ended.set()

    async def ended(self) -> "Reason | Exception":
        """Wait for the end; return the reason."""
        await self._ended.wait()
        assert self.reason is not None, "set with the event"
        return self.reason

    async def failed(self) -> None:
        """Wait for the end and raise its reason if that is an error. An activity that makes another scope fail, too."""
        reason = await self.ended()
        if isinstance(reason, Exception):
            raise reason

    async def drained(self, seconds: float) -> None:
        """Wait until all activities have ended by themselves, for `seconds` at most."""
        if self._activities:
            await asyncio.wait(list(self._activities), timeout=seconds)

    async def _guarded(self, function: Callable[..., Awaitable[Any]], *args: Any) -> None:
        try:
            await function(*args)
        except Exception as error:  # a reason like any other; CancelledError passes
            self.end(error)

    async def __aenter__(self) -> "Scope[Reason]":
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self.end(error)
            kind = error = trace = None
        self._is_closing = True
        for activity in list(self._activities):
            activity.cancel()
        await self._group.__aexit__(kind, error, trace)


class Changes:
    """Wakes those who wait for a condition whenever something has changed."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def tell(self) -> None:
        """Let all who wait look again."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds. It still holds when the caller goes on."""
        while not condition():
            change = asyncio.get_running_loop().create_future()
            self._waiting.append(change)
            await change


class TimeLimit:
    """Seconds for one answer or several in a row, counted only while this process is awake.

    Time is counted in slices of a second: a machine that was paused loses one of them, not a user's whole `timeout`.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    async def answer(self, answer: Awaitable[T]) -> T:
        """Return the answer; raise TimeoutError when the seconds are over. An answer that is there by then counts."""
        async with asyncio.timeout(None) as timeout:
            slices = _Slices(self._left, timeout)
            try:
                return await answer
            finally:
                self._left = slices.stop()


class _Slices:
    """Counts `left` seconds down and then lets `timeout` expire."""

    def __init__(self, left: float, timeout: asyncio.Timeout) -> None:
        self._left = left
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._begin()

    def stop(self) -> float:
        """Return the seconds that are left."""
        self._timer.cancel()
        return self._left - self._spent()

    def _begin(self) -> None:
        self._began = self._loop.time()
        self._slice = min(max(self._left, 0.0), _SLICE_SECONDS)
        self._timer: asyncio.Handle = self._loop.call_later(self._slice, self._end)

    def _spent(self) -> float:
        return min(self._loop.time() - self._began, self._slice)

    def _end(self) -> None:
        self._left -= self._slice
        if self._left > 0:
            self._begin()
            return
        self._slice = 0.0
        # One step later: an answer that has arrived while this process slept is taken in this step.
        self._timer = self._loop.call_soon(self._timeout.reschedule, self._loop.time())


async def answered_within(seconds: float, answer: Awaitable[T]) -> T:
    """Return the answer; raise TimeoutError after so many seconds in which this process was awake."""
    return await TimeLimit(seconds).answer(answer)


async def finish_anyway(seconds: float, function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Return what `function` returns. If the caller is canceled, `function` may go on for `seconds`."""
    task = asyncio.ensure_future(function(*args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=seconds)
        raise
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # seen: the caller may have been canceled


async def all_within(seconds: float, *calls: Awaitable[Any]) -> None:
    """Make all calls at the same time. Cancel those that are not done after `seconds`; ignore their failures."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def in_thread(function: Callable[..., T], *args: Any, stop: Callable[[], None] | None = None) -> T:
    """Return what `function` returns in a thread of the loop's pool.

    If the caller is canceled, call `stop` once and wait for the thread: it may use folders that are removed next.
    """
    run = partial(copy_context().run, function, *args)  # log records of the thread belong to the caller's job
    task = asyncio.ensure_future(asyncio.get_running_loop().run_in_executor(None, run))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if stop is not None and not task.done():
            stop()
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                continue  # the first one goes on below
        if not task.cancelled():
            task.exception()  # seen
        raise
