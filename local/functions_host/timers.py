"""The listener of a timer trigger."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from local.functions_host.converters import Datum
from local.functions_host.functions import FunctionRecord
from local.functions_host.invoker import Invoker, Trigger
from local.functions_host.ncrontab import NCrontab
from local.functions_host.retry import retry_delay
from local.functions_host.timer_status import TimerStatus, TimerStatusFile

logger = logging.getLogger(__name__)

# The clock that sleeping uses stands still while a laptop is suspended, so the wall clock is asked this often.
_LONGEST_SLEEP_SECONDS = 30.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TimerListener:
    """Runs one function by its schedule; runs never overlap."""

    def __init__(
        self,
        function: FunctionRecord,
        schedule: NCrontab,
        invoker: Invoker,
        status_file: TimerStatusFile,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._function = function
        self._schedule = schedule
        self._invoker = invoker
        self._clock = clock
        monitored = function.trigger.properties.get("useMonitor") is not False and not schedule.is_sub_minute(clock())
        self._status_file = status_file if monitored else None
        self._status: TimerStatus | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep time."""
        self._task = asyncio.create_task(self._keep_time(), name=f"timer {self._function.name}")

    async def stop(self) -> None:
        """No further run; one that is under way goes on in the invoker."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def run(self, *, past_due: bool = False) -> None:
        """Run the function now, with the tries of its retry policy."""
        value = timer_value(self._status, past_due=past_due)
        policy = self._function.retry
        maximum = policy.max_count if policy else 0
        attempt = 0
        while True:
            trigger = Trigger(value, {}, retry_count=attempt, max_retry_count=maximum)
            outcome = await self._invoker.invoke(self._function, trigger)
            if outcome.succeeded or policy is None or attempt == maximum:
                return  # a failure was logged by the invoker; the next run is by schedule
            await asyncio.sleep(retry_delay(policy, attempt))
            attempt += 1

    async def _keep_time(self) -> None:
        now = self._clock()
        if self._status_file is not None:
            self._status = self._status_file.check(self._schedule, now)
        if self._status is not None and now > self._status.next:
            await self._run_and_note(past_due=True)
        elif self._function.trigger.properties.get("runOnStartup"):
            await self._run_and_note(past_due=False)
        while True:
            due = self._schedule.next_after(self._clock())
            await self._sleep_until(due)
            await self._run_and_note(past_due=False)

    async def _run_and_note(self, *, past_due: bool) -> None:
        started = self._clock()
        if past_due:
            logger.info("Timer %s is past due and runs now", self._function.name)
        await asyncio.shield(self.run(past_due=past_due))
        if self._status_file is not None:
            now = self._clock()
            self._status = self._status_file.write(TimerStatus(started, self._schedule.next_after(started), now))

    async def _sleep_until(self, due: datetime) -> None:
        while True:
            remaining = (due - self._clock()).total_seconds()
            if remaining <= 0:
                return
            await asyncio.sleep(min(remaining, _LONGEST_SLEEP_SECONDS))


def timer_value(status: TimerStatus | None, *, past_due: bool) -> Datum:
    """The data of a timer trigger."""
    content = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status.to_json() if status else None,
        "IsPastDue": past_due,
    }
    return Datum(type="json", value=json.dumps(content))
