"""Rows for the app that say what the scoring processes of a node are doing."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from scorer_container.node.vital_thread import VitalThread
from shared.contracts.progress import JobFailure, ProgressRow
from shared.storage.rows import RowTable

_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True)
class LaneProgress:
    """One process's part of the row."""

    current_task: int = -1
    done: int = 0
    failed: int = 0
    current_file: str = ""
    tasks_finished: int = 0
    busy_seconds: float = 0.0


_State = tuple[LaneProgress, JobFailure | None]
"""The content of one process's row."""


class ProgressReporter:
    """Writes each process's row after changes: every second at first, then less often, as the app reads less often."""

    def __init__(self, table: RowTable[ProgressRow], job_id: str, node_id: str, log: Callable[[str], None]) -> None:
        self._table = table
        self._job_id = job_id
        self._node_id = node_id
        self._log = log
        self._lanes: dict[int, LaneProgress] = {}
        self._fatal: dict[int, JobFailure] = {}
        self._written: dict[int, _State] = {}
        """The last state written to each row; a process whose state differs is still to be written."""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread = VitalThread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def update(self, lane: int, progress: LaneProgress) -> None:
        """Note what process `lane` does now."""
        with self._lock:
            self._lanes[lane] = progress

    def report_fatal(self, lane: int, failure: JobFailure) -> None:
        """Write at once that process `lane` cannot work at all."""
        with self._lock:
            self._fatal.setdefault(lane, failure)
            self._lanes.setdefault(lane, LaneProgress())
        self.flush()

    def flush(self) -> None:
        """Write the rows that changed."""
        with self._writing:
            with self._lock:
                wanted = {lane: (progress, self._fatal.get(lane)) for lane, progress in self._lanes.items()}
            for lane, state in wanted.items():
                if self._written.get(lane) != state:
                    self._write(lane, state)

    def close(self, *, write: bool) -> None:
        """Stop. With `write`, write the last state; else delete the rows, as a job that is over has none."""
        self._stop.set()
        self._thread.join()
        if write:
            self.flush()
        else:
            self._remove()

    def _run(self) -> None:
        began = time.monotonic()
        pause = _SHORTEST_PAUSE
        while not self._stop.wait(pause):
            self.flush()
            pause = min(max(_SHORTEST_PAUSE, (time.monotonic() - began) / 10), _LONGEST_PAUSE)

    def _remove(self) -> None:
        """Delete the rows. The app does so too at a job's end, but would miss a row that is written at that moment."""
        with self._writing:
            for lane in self._lanes:
                try:
                    self._table.delete(self._job_id, f"{self._node_id}:{lane}")
                except AzureError as error:
                    self._log(f"the row of process {lane} could not be removed: {error}")

    def _write(self, lane: int, state: _State) -> None:
        progress, failure = state
        process = f"{self._node_id}:{lane}"
        row = ProgressRow(
            job_id=self._job_id,
            process=process,
            updated=datetime.now(UTC),
            current_task=progress.current_task,
            done=progress.done,
            failed=progress.failed,
            current_file=progress.current_file,
            tasks_finished=progress.tasks_finished,
            busy_seconds=progress.busy_seconds,
            fatal=failure,
        )
        try:
            self._table.put(self._job_id, process, row)
        except AzureError as error:
            self._log(f"progress could not be written, it will be with the next change: {error}")
            return
        self._written[lane] = state
