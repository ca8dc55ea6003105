"""The end of a process's log, for error messages."""

from __future__ import annotations

from pathlib import Path

_LINES = 15
_BYTES = 8192


def last_lines(file: Path, count: int = _LINES) -> str:
    """At most `count` last lines of `file`; empty when there is no such file."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - _BYTES))
            text = log.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])
