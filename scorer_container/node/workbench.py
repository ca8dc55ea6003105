"""What the preparation of a job uses of the machine: programs, and cache folders that are protected from eviction."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from scorer_container.node.file_lock import shared_lock
from shared.storage.hot_path.errors import StoppedError

Log = Callable[[str], None]


def use_file(folder: Path) -> Path:
    """Return the file whose lock marks a cache folder as in use; its time says when the folder was last used."""
    return folder.with_name(f"{folder.name}.use")


class Workbench:
    """The workbench of one job. Any thread may call `end()` while another one works."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.has_new = False
        """True when something was added to the cache."""
        self._held: dict[Path, int] = {}
        self._process: subprocess.Popen[str] | None = None
        self._ended = False
        self._lock = threading.Lock()

    def hold(self, folder: Path) -> None:
        """Protect a cache folder from eviction until the end. Call this before you check that the folder exists.

        Raise StoppedError.
        """
        if folder in self._held:
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        descriptor = shared_lock(use_file(folder))
        os.utime(descriptor)
        with self._lock:
            self._held[folder] = descriptor
            if self._ended:
                self._release()
                raise StoppedError("the job is over")

    def run(self, command: Sequence[str], environment: Mapping[str, str], on_line: Log) -> tuple[int, list[str]]:
        """Run a program; return its exit code and output (standard output and error). `on_line` gets each line at once.

        Raise StoppedError.
        """
        process = self._start(command, environment)
        assert process.stdout is not None, "it was asked for"
        lines = []
        with process, process.stdout:
            for line in process.stdout:
                lines.append(line.rstrip())
                on_line(lines[-1])
        with self._lock:
            self._process = None
            self.check()
        return process.returncode, lines

    def check(self) -> None:
        """Raise StoppedError after `end()`."""
        if self._ended:
            raise StoppedError("the job is over")

    def end(self) -> None:
        """Kill the running program, start no other, and release the folders."""
        with self._lock:
            self._ended = True
            self._release()
            if self._process is not None and self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def _start(self, command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[str]":
        with self._lock:
            self.check()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=environment,
                start_new_session=True,  # so that what it starts is ended with it
            )
            return self._process

    def _release(self) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()
