"""The engine's work: a queue of keys, and timers."""

import asyncio
import contextlib
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Generic, TypeVar

from local.functions_host.durable.hub.history import utc_now
from local.functions_host.durable.hub.rows import TimerItem

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """A queue of keys to work on. A key that is added again while its work runs is worked on once more."""

    def __init__(self, work: Callable[[K], Awaitable[None]], *, limit: int) -> None:
        self._work = work
        self._limit = limit
        self._line: deque[K] = deque()
        self._waiting: set[K] = set()
        self._running: dict[K, asyncio.Task[None]] = {}
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """True if no new work begins."""
        return self._stopped

    def start(self) -> None:
        """Begin to work on the waiting keys."""
        self._stopped = False
        self._pump()

    def put(self, key: K) -> None:
        """Add a key to work on."""
        if key not in self._waiting:
            self._waiting.add(key)
            self._line.append(key)
            self._pump()

    async def stop(self, drain_seconds: float) -> None:
        """Begin nothing new. Wait for the running work, then cancel it."""
        self._stopped = True
        running = set(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=drain_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _pump(self) -> None:
        blocked: list[K] = []
        while self._line and len(self._running) < self._limit and not self._stopped:
            key = self._line.popleft()
            if key in self._running:
                blocked.append(key)
                continue
            self._waiting.discard(key)
            task = asyncio.get_running_loop().create_task(self._run(key))
            self._running[key] = task
        self._line.extendleft(reversed(blocked))

    async def _run(self, key: K) -> None:
        try:
            await self._work(key)
        finally:
            del self._running[key]
            self._pump()


_LONGEST_NAP_SECONDS = 30.0
"""How often to read the clock again: it may have been set, or the machine may have slept."""


class TimerQueue:
    """Calls back for each timer once it is due, never early."""

    def __init__(self, fire: Callable[[TimerItem], Awaitable[None]]) -> None:
        self._fire = fire
        self._heap: list[tuple[datetime, int, TimerItem]] = []
        self._changed = asyncio.Event()

    def add(self, timer: TimerItem) -> None:
        """Wait for one more timer."""
        heapq.heappush(self._heap, (timer.fire_at, timer.id, timer))
        self._changed.set()

    async def run(self) -> None:
        """Fire timers until cancelled."""
        while True:
            while self._heap and self._heap[0][0] <= utc_now():
                await self._fire(heapq.heappop(self._heap)[2])
            await self._nap()

    async def _nap(self) -> None:
        self._changed.clear()
        seconds = _LONGEST_NAP_SECONDS
        if self._heap:
            seconds = min(seconds, (self._heap[0][0] - utc_now()).total_seconds())
        # Not wait_for: it loses a cancellation that comes at the same moment as a new timer.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
