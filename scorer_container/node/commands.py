"""Sends commands to a scoring process, with a deadline: a process that was stopped (SIGSTOP) reads none."""

import io
import os
import select
import subprocess
import time
from typing import Any

from scorer_container.driver.frames import write_frame
from scorer_container.node.answers import DeadlinePassedError, ProcessEndedError

_CHECK_SECONDS = 0.25
"""Seconds between checks of the process itself: it may be dead while a child of it keeps the pipe open."""


class CommandWriter:
    """The node's writing end of the pipe to one scoring process (format: driver/frames.py)."""

    def __init__(self, descriptor: int, process: "subprocess.Popen[bytes]") -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._process = process
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, header: dict[str, Any], deadline: float) -> None:
        """Send one command; `deadline` is a time of `time.monotonic()`.

        Raise DeadlinePassedError or ProcessEndedError; the pipe is unusable after either.
        """
        frame = io.BytesIO()
        write_frame(frame, header)
        left = frame.getbuffer()
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                self._wait(deadline)
            except OSError as error:
                raise ProcessEndedError from error

    def _wait(self, deadline: float) -> None:
        remaining = deadline - time.monotonic()
        if self._process.poll() is not None:
            raise ProcessEndedError
        if remaining <= 0:
            raise DeadlinePassedError
        self._poll.poll(min(remaining, _CHECK_SECONDS) * 1000)
