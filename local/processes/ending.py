"""Ending processes: politely, then by force, together with what they started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterable

import psutil

from local.processes.identity import ProcessIdentity, is_alive

_KILL_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.02


def end(identities: Iterable[ProcessIdentity], *, grace_seconds: float) -> None:
    """Ends these processes and what they started; returns when none of them runs any more.

    SIGTERM first; whatever is left after `grace_seconds` gets SIGKILL. A process that ended before,
    or whose pid belongs to another process now, is left alone.
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
    """Kills what the ended leader of a session left behind in it.

    A session keeps its number for as long as a process is in it, so nothing else is hit; while a
    process with the number `leader` runs, it may be a later one: then nothing is done.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        if is_alive(psutil.Process(leader)):
            return
    left = [pid for pid in psutil.pids() if _session_of(pid) == leader]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_tree(identity: ProcessIdentity) -> None:
    """Sends SIGKILL to this process and to its descendants; does not wait for their end."""
    if root := identity.process():
        _kill([root, *_descendants(root)])


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return None


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _wait(processes: Collection[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after `seconds`.

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
