"""What the building of an environment uses of the machine: programs, and the cache's folders."""

import os
import re
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from scorer_container.node.cache.room import FoldersInUse

Log = Callable[[str], None]

_LOOK_SECONDS = 0.25
"""Seconds between two looks at a program: a child that it left behind may keep its output open."""
_READ_BYTES = 1 << 16
_LINE_END = re.compile(rb"\r?\n|\r")


class BuildEndedError(Exception):
    """Nobody needs the environment any more."""


class BuildSession:
    """The session of one job, used by one thread. Any other thread may call `end()`."""

    def __init__(self, log: Log, folders: FoldersInUse) -> None:
        """Log with `log`, which is called from the building thread; `folders` protects what is used from eviction."""
        self.log = log
        self.folders = folders
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._lock = threading.Lock()

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], on_line: Log, seconds: float | None = None
    ) -> tuple[int, list[str]]:
        """Run a program; return its exit code and output (standard output and error). `on_line` gets each line at once.

        Kill the program after `seconds`. Raise OSError, or BuildEndedError after `end()`.
        """
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        process = self._start(command, environment)
        lines = []
        try:
            for line in _lines(self._output(process, deadline)):
                lines.append(line)
                on_line(line)
        finally:
            self._close(process)
        self.check()
        return process.returncode, lines

    def check(self) -> None:
        """Raise BuildEndedError after `end()`."""
        if self._ended:
            raise BuildEndedError("the environment is not needed any more")

    def end(self) -> None:
        """Kill the running program, and start no other."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                _kill(self._process)

    def _start(self, command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        with self._lock:
            self.check()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # so that what it starts is ended with it
            )
            return self._process

    def _output(self, process: "subprocess.Popen[bytes]", deadline: float) -> Iterator[bytes]:
        """Yield what the program prints, until it has ended."""
        assert process.stdout is not None, "it was asked for"
        output = select.poll()
        output.register(process.stdout)
        is_open = True
        while time.monotonic() < deadline and not self._ended:
            has_ended = self._has_ended(process)
            if not is_open:
                if has_ended:
                    return
                time.sleep(_LOOK_SECONDS / 10)
            elif output.poll(0 if has_ended else _LOOK_SECONDS * 1000):
                data = os.read(process.stdout.fileno(), _READ_BYTES)
                is_open = bool(data)
                yield data
            elif has_ended:
                return

    def _has_ended(self, process: "subprocess.Popen[bytes]") -> bool:
        with self._lock:  # a number that was reaped may be another process's: `end()` must not kill it
            return process.poll() is not None

    def _close(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill the program if it still runs."""
        assert process.stdout is not None, "it was asked for"
        with self._lock:
            self._process = None
            _kill(process)
            process.wait()
        process.stdout.close()


def _lines(output: Iterator[bytes]) -> Iterator[str]:
    """Yield whole lines without their ends and without spaces before these."""
    rest = b""
    for data in output:
        *whole, rest = _LINE_END.split(rest + data)
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip()
    if rest:
        yield rest.decode("utf-8", "replace").rstrip()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
