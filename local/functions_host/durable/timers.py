"""Waits for the durable timers of all instances with one task."""

import asyncio
import contextlib
import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime

from local.functions_host.durable.hub.history import utc_now
from local.functions_host.durable.hub.rows import TimerItem

_LONGEST_NAP_SECONDS = 30.0
"""The clock is looked at again after this time, because it may be set or the machine may have slept."""


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
        # Not wait_for: it loses a cancellation that comes in the same moment as a new timer.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
