"""Children that do not outlive their parent, on systems that can arrange it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded once, before any fork: a child between fork and exec must not load libraries.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(ending: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """The `preexec_fn` by which a child gets `ending` when the thread that started it ends.

    None where the system has no such thing: there a child relies on its stdin or its supervisor.
    """
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(ending))
        if os.getppid() != parent:  # the parent died between the fork and this line
            os._exit(1)

    return arrange
