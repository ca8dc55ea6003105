"""A scoring process as the node needs it, and how the node talks to it.

The node starts real processes; the simulated world scripts its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from scorer_container.node.processes.answers import Answer, DeadlinePassedError
from scorer_container.node.processes.launchers import Launcher, ProcessLauncher
from scorer_container.node.scope import TimeLimit

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


T = TypeVar("T")

Reply = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Answers a question of the scoring process."""


class Conversation:
    """The answers to one command. All of them share one time limit."""

    def __init__(self, process: Process, seconds: float, reply: Reply) -> None:
        """Converse for up to `seconds`; `reply` answers the questions that the process asks meanwhile."""
        self._process = process
        self._limit = TimeLimit(seconds)
        self._reply = reply

    async def begin(self, command: dict[str, Any]) -> None:
        """Send `command`; raise ProcessEndedError or DeadlinePassedError."""
        await self._within_limit(self._process.send(command))

    async def next(self, *kinds: str) -> Answer:
        """Return the next answer, of one of these kinds. The time of a reply does not count against the limit.

        Raise DeadlinePassedError, ProcessEndedError or BadAnswerError.
        """
        while True:
            header, payload = await self._within_limit(self._process.receive("columns", *kinds))
            if header["type"] != "columns":
                return header, payload
            answer = await self._reply(header)
            await self._within_limit(self._process.send(answer))

    async def _within_limit(self, answer: Awaitable[T]) -> T:
        try:
            return await self._limit.answer(answer)
        except TimeoutError:
            raise DeadlinePassedError from None
