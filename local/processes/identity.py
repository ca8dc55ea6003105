"""Which process a recorded pid means: pids are used again, so the creation time belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

# The creation time is derived from the clock, which may be adjusted while a process runs.
CREATE_TIME_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of this machine, told apart from a later one with the same pid."""

    pid: int
    create_time: float
    """Seconds since the epoch, as the operating system reports them."""

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """The identity of the process that has `pid` now; None when there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """The living process; None when it ended or another process has its pid."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < CREATE_TIME_TOLERANCE_SECONDS
        except psutil.NoSuchProcess:
            return None
        return process if same and is_alive(process) else None

    def is_running(self) -> bool:
        """Whether this very process still runs."""
        return self.process() is not None


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs or still holds its files and ports.

    A dead process whose parent has not noticed does not. One whose first thread is dead does, until the last thread
    is: the system shows both as zombies.
    """
    try:
        if not process.is_running():
            return False
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False
