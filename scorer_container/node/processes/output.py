"""Copies what a scoring process prints to the log of the job that it serves."""

import asyncio
import os
from collections.abc import Callable

from scorer_container.node.processes.process import LogTarget

_READ_BYTES = 1 << 16
_MOST_IN_A_PIPE = 1 << 20
"""Bytes; the largest pipe that an ordinary user of Linux may make (/proc/sys/fs/pipe-max-size)."""


class OutputCopy:
    """One output of a process. Its target changes when the process serves another job."""

    def __init__(self, descriptor: int, on_end: Callable[[], None]) -> None:
        """Own `descriptor`; call `on_end` when everything is copied."""
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._on_end = on_end
        self._target: LogTarget | None = None
        self._room: asyncio.Future[None] | None = None
        """What the copy waits for: room in a log that is full."""
        self._loop = asyncio.get_running_loop()
        self._has_begun = False
        self._has_ended = False

    @property
    def is_done(self) -> bool:
        """True when nothing more is to be copied."""
        return self._has_ended or not self._has_begun

    def redirect(self, target: LogTarget | None) -> None:
        """Pass what is printed from now on to `target`; None drops it. Nothing is read before the first call.

        What was printed before still goes to the target before. Nobody may ever make room in that one's log again.
        """
        if self._has_begun:
            self._empty_pipe()
        self._has_begun = True
        self._target = target
        self._room = None
        self._resume()

    def close(self) -> None:
        """Copy what is in the pipe, and close it."""
        self._empty_pipe()
        self._end()

    def _empty_pipe(self) -> None:
        for _ in range(_MOST_IN_A_PIPE // _READ_BYTES):
            data = b"" if self._has_ended else self._read()
            if not data:
                break
            self._pass_on(data)

    def _resume(self) -> None:
        if not self._has_ended:
            self._loop.add_reader(self._descriptor, self._copy)

    def _resume_after(self, room: "asyncio.Future[None]") -> None:
        if room is self._room:
            self._resume()

    def _copy(self) -> None:
        data = self._read()
        if data:
            room = self._pass_on(data)
            if room is not None and not room.done():
                self._loop.remove_reader(self._descriptor)
                self._room = room
                room.add_done_callback(self._resume_after)
        elif data is not None:
            self._end()

    def _read(self) -> bytes | None:
        """Return what is there: None if nothing is, an empty text at the end."""
        try:
            return os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return None

    def _pass_on(self, data: bytes) -> "asyncio.Future[None] | None":
        return self._target(data) if self._target is not None else None

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._on_end()
