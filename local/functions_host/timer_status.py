"""When a timer ran last and when it is due: kept in a file, so that a missed run is noticed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.functions_host.ncrontab import NCrontab

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
