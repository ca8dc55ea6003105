"""The listener of a timer trigger."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

from local.functions_host.app.functions import FunctionRecord
from local.functions_host.app.triggers import NCrontab
from local.functions_host.worker.converters import Datum
from local.functions_host.worker.invoker import Invoker, Trigger

# The clock of asyncio.sleep() stops while a laptop is suspended; the wall clock is read at least this often.
_LONGEST_SLEEP_SECONDS = 30.0

_TICK = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}
"""The data of a timer trigger without a monitor, which does not know earlier runs."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TimerListener:
    """Runs one function by its schedule. Runs never overlap. A missed run is not made up for."""

    def __init__(
        self,
        function: FunctionRecord,
        schedule: NCrontab,
        invoker: Invoker,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._function = function
        self._schedule = schedule
        self._invoker = invoker
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to wait for the scheduled times."""
        self._task = asyncio.create_task(self._keep_time(), name=f"timer {self._function.name}")

    async def stop(self) -> None:
        """Start no further run. A run in progress continues in the invoker."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_time(self) -> None:
        while True:
            await self._sleep_until(self._schedule.next_after(self._clock()))
            tick = Trigger(Datum(type="json", value=json.dumps(_TICK)))
            # The invoker logs a failure; the next run comes by the schedule.
            await asyncio.shield(self._invoker.invoke(self._function, tick))

    async def _sleep_until(self, due: datetime) -> None:
        while True:
            remaining = (due - self._clock()).total_seconds()
            if remaining <= 0:
                return
            await asyncio.sleep(min(remaining, _LONGEST_SLEEP_SECONDS))
