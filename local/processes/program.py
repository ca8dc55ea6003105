"""What a process of the stack executes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LOG_LIMIT_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """One command with its surroundings."""

    name: str
    """How log lines and messages call it."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    """The whole environment: nothing is inherited."""

    folder: Path
    """Its current directory."""

    log: Path
    """Its standard output and standard error, appended."""


def roll_log(log: Path) -> None:
    """Makes the folder of `log`; sets a log that grew too long aside as `<name>.1`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
