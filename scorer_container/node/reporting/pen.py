"""The rows for the app that say what the scoring processes of a node are doing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scorer_container.node.reporting.own_row import OwnRow
from scorer_container.node.scope import Changes
from scorer_container.node.storage.errors import QueueGoneError
from scorer_container.node.storage.rows import Rows
from shared.contracts.progress import JobFailure, ProgressRow
from shared.errors import ProductError

_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 5.0
_SAY_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class WorkerProgress:
    """What a scoring process does."""

    current_task: int = -1
    done: int = 0
    failed: int = 0
    current_file: str = ""
    tasks_finished: int = 0
    busy_seconds: float = 0.0
    fatal: JobFailure | None = None


class ProgressPen:
    """Writes the row of one scoring process: the latest state only, one write at a time.

    Changes are noted at once and counted. A write notes which change it has sent: what changes while it is under way is
    written next. A failure is part of every later state. It is written at once, and again and again until the job is
    over, because storage may forget it.
    """

    def __init__(
        self,
        rows: Rows[ProgressRow],
        job_id: str,
        process: str,
        *,
        job_goes_on: Callable[[], Awaitable[bool]],
        log: Callable[[str], None],
    ) -> None:
        """Write the row of `process` (`<node id>:<number>`); `job_goes_on` returns whether the task queue is there."""
        self._row = OwnRow(rows, job_id, process, when_gone=self._check_job_goes_on)
        self._job_id = job_id
        self._process = process
        self._job_goes_on = job_goes_on
        self._log = log
        self._wanted: WorkerProgress | None = WorkerProgress()
        self._version = 0
        self._written = 0
        self._is_urgent = False
        self._is_wanted_by_app = False
        """True when the job was found to go on after the row was inserted."""
        self._is_over = False
        self._changes = Changes()

    @property
    def progress(self) -> WorkerProgress:
        """The latest state."""
        return self._wanted or WorkerProgress()

    def update(self, **changes: Any) -> None:
        """Note what the process does now."""
        self._want(replace(self.progress, **changes))

    def fatal(self, failure: JobFailure) -> None:
        """Note that the process can do no work at all. The first failure counts, and is written at once."""
        if self.progress.fatal is None:
            self.update(fatal=failure)
            self._hurry()

    async def written(self) -> None:
        """Wait until the present state is written. It is written at once."""
        version = self._version
        self._hurry()
        await self._changes.until(lambda: self._written >= version or self._is_over)

    async def remove(self) -> None:
        """Remove the row. The app does so too at a job's end, but would miss a row that is written at that moment."""
        self._want(None)
        await self.written()

    async def run(self) -> None:
        """Write what changes, every second at first, then less often, as the app reads less often.

        Nothing else writes the row. This ends when the task queue is gone before the row is there.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        while True:
            await self._wait(lambda: self._written < self._version, _SAY_AGAIN_SECONDS)
            if self.progress.fatal is not None:
                self._version += 1
            elif self._written == self._version:
                continue
            self._is_urgent = False
            try:
                await self._write()
            except QueueGoneError:
                self._is_over = True
                self._changes.tell()
                return
            except ProductError as error:
                self._log(f"progress could not be written, it will be with the next change: {error}")
            pause = min(max(_SHORTEST_PAUSE, (clock() - began) / 10), _LONGEST_PAUSE)
            await self._wait(lambda: self._is_urgent, pause)

    async def _write(self) -> None:
        version, wanted = self._version, self._wanted  # one step: nothing comes in between
        if wanted is None:
            await self._row.remove()
        else:
            if await self._row.write(self._document(wanted)):
                self._is_wanted_by_app = False
            await self._check_job()
        self._written = version
        self._changes.tell()

    async def _check_job_goes_on(self) -> None:
        """Raise QueueGoneError if the job is over: the app removes its rows then. Otherwise storage has lost one."""
        if not await self._job_goes_on():
            raise QueueGoneError(f"job {self._job_id} is over")

    async def _check_job(self) -> None:
        """Remove a new row if the job is over: the app has removed all rows of the job and would not see this one."""
        if self._is_wanted_by_app:
            return
        if not await self._job_goes_on():
            await self._row.remove()
            raise QueueGoneError(f"job {self._job_id} is over")
        self._is_wanted_by_app = True

    def _document(self, progress: WorkerProgress) -> ProgressRow:
        return ProgressRow(
            job_id=self._job_id,
            process=self._process,
            updated=datetime.now(UTC),
            current_task=progress.current_task,
            done=progress.done,
            failed=progress.failed,
            current_file=progress.current_file,
            tasks_finished=progress.tasks_finished,
            busy_seconds=progress.busy_seconds,
            fatal=progress.fatal,
        )

    def _want(self, progress: WorkerProgress | None) -> None:
        if progress != self._wanted:
            self._wanted = progress
            self._version += 1
            self._changes.tell()

    def _hurry(self) -> None:
        self._is_urgent = True
        self._changes.tell()

    async def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changes.until(condition)
        except TimeoutError:
            pass
