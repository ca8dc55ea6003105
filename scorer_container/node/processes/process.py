"""What the node needs of a scoring process. The node starts real ones; the simulated world scripts its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from scorer_container.node.processes.answers import Answer
from scorer_container.node.processes.launchers import Launcher, ProcessLauncher

LogTarget = Callable[[bytes], "asyncio.Future[None] | None"]
"""Takes what a process has printed. It may return a future: nothing more is read before the future is done."""


@dataclass(frozen=True)
class ProcessCommand:
    """How a scoring process is started."""

    interpreter: Path
    environment: dict[str, str]
    working_folder: Path
    setup: dict[str, Any]
    """The first frame (jobs/preparation.py, PreparedJob)."""
    launcher: Launcher = field(default_factory=ProcessLauncher)


class Process(Protocol):
    """A started scoring process. One activity talks to it; any may kill it."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    @property
    def is_running(self) -> bool:
        """True while the process runs."""
        ...

    def redirect(self, stdout: LogTarget | None, stderr: LogTarget | None) -> None:
        """Pass what the process prints from now on to these targets; None drops it."""
        ...

    async def send(self, header: dict[str, Any]) -> None:
        """Send a command; raise ProcessEndedError. A cancelled `send` leaves the pipe unusable: kill the process."""
        ...

    async def receive(self, *kinds: str) -> Answer:
        """Return the next answer, of one of these kinds; raise ProcessEndedError or BadAnswerError."""
        ...

    async def finish(self, seconds: float) -> dict[str, Any] | None:
        """Let the script's `shutdown()` run for up to `seconds`, then kill and close the process.

        Return what went wrong: `error_type` (empty if `shutdown()` itself succeeded), `message`, `traceback`.
        """
        ...

    def kill(self) -> None:
        """Kill the process and all its children now; do not wait. Twice is harmless."""
        ...

    async def closed(self) -> None:
        """Kill the process and wait until it has ended, its last output is copied, and its pipes are closed."""
        ...

    async def ending(self) -> str:
        """Describe how the process ended, e.g. `ended with exit code 3`."""
        ...


StartProcess = Callable[[ProcessCommand], Awaitable[Process]]
"""Starts a process, which begins to load the model or script at once. Raises OSError."""
