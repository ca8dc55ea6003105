"""At most one supervisor for each data folder."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


class SupervisorLock:
    """An exclusive lock that ends with its process, so that a killed supervisor leaves none behind."""

    def __init__(self, file: Path) -> None:
        """`file` is made when it is missing; its content means nothing."""
        self._file = file
        self._handle: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Takes the lock; False when another process has it."""
        handle = self._file.open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        """Gives the lock back, if it was taken."""
        if self._handle:
            self._handle.close()
            self._handle = None

    def is_free(self) -> bool:
        """Whether nobody has the lock now."""
        if not self._file.exists():
            return True
        free = self.acquire()
        self.release()
        return free
