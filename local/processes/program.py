"""The programs of the stack's processes."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LOG_LIMIT_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """One command with its surroundings."""

    name: str
    """Its name in log lines and messages."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    """The whole environment: nothing is inherited."""

    folder: Path
    """Its current directory."""

    log: Path
    """Its standard output and standard error, appended."""


def roll_log(log: Path) -> None:
    """Make the folder of `log`, and rename a log that grew too long to `<name>.1`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


_LINES = 15
_BYTES = 8192


def last_lines(file: Path, count: int = _LINES) -> str:
    """Return at most the last `count` lines of `file`; an empty list if there is no such file."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - _BYTES))
            text = log.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


_PR_SET_PDEATHSIG = 1
# Loaded once, before any fork: a child between fork and exec must not load libraries.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(ending: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """Return a `preexec_fn`: the child gets the signal `ending` when the thread that started it ends.

    None on a system without this signal: there a child relies on its stdin or its supervisor.
    """
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(ending))
        if os.getppid() != parent:  # the parent died between the fork and this line
            os._exit(1)

    return arrange
