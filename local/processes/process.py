"""Identities of processes. Pids are reused, so an identity has the creation time as well."""

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import psutil

# The creation time is derived from the clock, which may be adjusted while a process runs.
CREATE_TIME_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of this machine. Its creation time distinguishes it from a later one with the same pid."""

    pid: int
    create_time: float
    """Seconds since the epoch, as the operating system reports them."""

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """Return the identity of the process that has `pid` now, or None if there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """Return the living process, or None if it has ended or another process has its pid."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < CREATE_TIME_TOLERANCE_SECONDS
        except psutil.NoSuchProcess:
            return None
        return process if same and is_alive(process) else None

    def is_running(self) -> bool:
        """Return True while this exact process (same pid and creation time) runs."""
        return self.process() is not None


def is_alive(process: psutil.Process) -> bool:
    """Return True while the process runs or still holds its files and ports.

    A dead process whose parent has not noticed does not. One whose first thread is dead does, until the last thread
    is: the system shows both as zombies.
    """
    try:
        if not process.is_running():
            return False
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False


_KILL_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.02


def end(identities: Iterable[ProcessIdentity], *, grace_seconds: float) -> None:
    """End these processes and their descendants. Return once none of them runs.

    They get SIGTERM, and after `grace_seconds` SIGKILL. A process that has ended already, or whose pid belongs to
    another process now, is left alone.
    """
    known = list(identities)
    roots = [process for identity in known if (process := identity.process())]
    descendants = [child for root in roots for child in _descendants(root)]
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            root.terminate()
    stubborn = _wait(roots, grace_seconds)
    doomed = {process for root in stubborn for process in (root, *_descendants(root))}.union(descendants)
    _kill(doomed)
    _wait(doomed, _KILL_WAIT_SECONDS)
    for identity in known:
        kill_session(identity.pid)


def kill_session(leader: int) -> None:
    """Kill the processes that the ended leader of a session left behind in it.

    A session keeps its number for as long as it has a process, so no other process is hit. If a process with the number
    `leader` runs, it may be a later one: then nothing is done.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        if is_alive(psutil.Process(leader)):
            return
    left = [pid for pid in psutil.pids() if _session_of(pid) == leader]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_tree(identity: ProcessIdentity) -> None:
    """Send SIGKILL to this process and its descendants. Do not wait for their end."""
    if root := identity.process():
        _kill([root, *_descendants(root)])


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # it has ended meanwhile, or belongs to another user
        return None


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _wait(processes: Collection[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return the processes that still run after `seconds`.

    Not psutil's own wait: it takes the exit status away from the parent, and in a container whose first process
    reaps nothing it waits for dead processes.
    """
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
