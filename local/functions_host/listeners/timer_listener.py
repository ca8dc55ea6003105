"""The listener of a timer trigger."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.functions_host.app.functions import FunctionRecord, retry_delay
from local.functions_host.app.triggers import NCrontab
from local.functions_host.worker.converters import Datum
from local.functions_host.worker.invoker import Invoker, Trigger

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
        status_file: "TimerStatusFile",
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


def timer_value(status: "TimerStatus | None", *, past_due: bool) -> Datum:
    """The data of a timer trigger."""
    content = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status.to_json() if status else None,
        "IsPastDue": past_due,
    }
    return Datum(type="json", value=json.dumps(content))


_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class TimerStatus:
    """The status of one timer, as Azure keeps it in a blob.

    Attributes:
        last: start of the last run; year 1 when it never ran.
        next: when it is due.
        last_updated: when `next` was computed.
    """

    last: datetime
    next: datetime
    last_updated: datetime

    def to_json(self) -> dict[str, str]:
        """With the names that functions see in `ScheduleStatus`."""
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.last_updated.isoformat(),
        }


class TimerStatusFile:
    """The status of one timer in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def check(self, schedule: NCrontab, now: datetime) -> TimerStatus:
        """The status at start-up: the stored one, or a new one when the timer or its schedule is new.

        The timer is past due when `now` is later than the status's `next`.
        """
        stored = self._read()
        if stored is None:
            return self.write(TimerStatus(_NEVER, schedule.next_after(now), now))
        since = stored.last if stored.last != _NEVER else stored.last_updated
        expected = schedule.next_after(since)
        if expected == stored.next:
            return stored
        # The schedule has changed: that alone must not count as a missed run.
        due = expected if expected >= now else schedule.next_after(now)
        return self.write(TimerStatus(_NEVER, due, now))

    def write(self, status: TimerStatus) -> TimerStatus:
        """Store and return `status`."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".tmp")
        draft.write_text(json.dumps(status.to_json()), encoding="utf-8")
        draft.replace(self._file)
        return status

    def _read(self) -> TimerStatus | None:
        try:
            content: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
            moments = [datetime.fromisoformat(content[key]) for key in ("Last", "Next", "LastUpdated")]
        except (OSError, ValueError, KeyError, TypeError):
            return None  # no status, or a damaged one: begin anew, as on a first start
        return TimerStatus(*moments)
