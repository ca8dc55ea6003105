"""The end of a child process, as the event loop learns of it."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

from scorer_container.driver.frames import LOST_PIPE

_LOOK_SECONDS = 0.1
"""Seconds between two looks at the process where the kernel does not report its end (macOS)."""


class ProcessExit:
    """Watches one process and reaps it. All that the process left behind in its process group dies with it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Watch `process`, which leads a process group of its own."""
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._callbacks: dict[Callable[[], None], None] = {}
        self._descriptor = _opened(process.pid)
        if self._descriptor is None:
            self._look_again()
        else:
            self._loop.add_reader(self._descriptor, self.look)

    @property
    def code(self) -> int | None:
        """The exit code; negative: the signal that ended the process; None: it runs."""
        return self._process.returncode

    def on_end(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, when the process has ended."""
        if self.code is not None:
            self._loop.call_soon(callback)
        else:
            self._callbacks[callback] = None

    def forget(self, callback: Callable[[], None]) -> None:
        """Do not call `callback` any more."""
        self._callbacks.pop(callback, None)

    async def wait(self) -> int:
        """Return the exit code when the process has ended."""
        if self.code is None:
            ended = self._loop.create_future()
            self.on_end(wake := waker(ended))
            try:
                await ended
            finally:
                self.forget(wake)
        assert self.code is not None, "the callback says so"
        return self.code

    def look(self) -> None:
        """Notice the end of the process now if it has ended."""
        if self.code is not None or not self._is_over():
            return
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
        callbacks, self._callbacks = self._callbacks, {}
        for callback in callbacks:
            callback()

    def kill(self) -> None:
        """Kill the process and its group, unless it was reaped already."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a dead process
                os.killpg(self._process.pid, signal.SIGKILL)

    def _is_over(self) -> bool:
        """Reap the process if it has ended, and kill its children before that: until then its number is its own."""
        pid = self._process.pid
        if hasattr(os, "waitid") and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            self.kill()
        return self._process.poll() is not None

    def _look_again(self) -> None:
        self.look()
        if self.code is None:
            self._loop.call_later(_LOOK_SECONDS, self._look_again)


def waker(future: "asyncio.Future[None]") -> Callable[[], None]:
    """Return a function that ends the wait for `future`. To call it twice is harmless."""

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    return wake


def _opened(pid: int) -> int | None:
    """Return a descriptor that is readable when the process has ended; None where there is no such thing."""
    with contextlib.suppress(AttributeError, OSError):
        return os.pidfd_open(pid)
    return None


def described(code: int) -> str:
    """Describe an exit code."""
    if code == LOST_PIPE:
        return f"ended with exit code {code}, as the script has closed the descriptors that lead to its node"
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"was ended by {name}" + (" (out of memory?)" if -code == signal.SIGKILL else "")
