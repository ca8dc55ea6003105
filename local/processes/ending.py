"""Ending processes: politely, then by force, together with what they started."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import psutil

from local.processes.identity import ProcessIdentity

KILL_WAIT_SECONDS = 5.0


def end(identities: Iterable[ProcessIdentity], *, grace_seconds: float) -> None:
    """Ends these processes and their descendants; returns when none of them runs any more.

    SIGTERM first; whatever is left after `grace_seconds` gets SIGKILL. Processes that ended before,
    or whose pid belongs to another process now, are left alone.
    """
    roots = [process for identity in identities if (process := identity.process())]
    descendants = [child for root in roots for child in _descendants(root)]
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            root.terminate()
    _, stubborn = psutil.wait_procs(roots, timeout=grace_seconds)
    kill([*stubborn, *descendants])


def kill(processes: Iterable[psutil.Process]) -> None:
    """Sends SIGKILL to those that still run, and to what they started, and waits for their end."""
    doomed = {process for root in processes for process in (root, *_descendants(root))}
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(doomed, timeout=KILL_WAIT_SECONDS)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
