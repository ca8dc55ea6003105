"""A supervised process. It is restarted whenever it ends, until `stop`."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from local.processes.process import ProcessIdentity, kill_session, kill_tree
from local.processes.program import Program, end_with_parent, roll_log

log = logging.getLogger(__name__)


class ProcessState(StrEnum):
    """The state of a supervised process."""

    STARTING = "starting"  # not started yet, or ended and about to be restarted
    RUNNING = "running"  # the operating system runs it
    STOPPED = "stopped"  # told to end; it may still finish its work


class SupervisedProcess:
    """Runs one program until it is stopped.

    The process leads its own session: a terminal's Ctrl-C does not reach it, and what it leaves behind
    can be found. Its stdin is a pipe that closes with this process.
    """

    def __init__(
        self, program: Program, *, on_change: Callable[[], None] = lambda: None, back_off: "BackOff | None" = None
    ) -> None:
        """`on_change` is called after every change of `state` or `identity`."""
        self.program = program
        self.state = ProcessState.STARTING
        self.identity: ProcessIdentity | None = None
        self.started_at: datetime | None = None
        self.last_exit_code: int | None = None
        self.restarts = 0
        self._on_change = on_change
        self._back_off = back_off or BackOff()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._told_to_stop = asyncio.Event()

    def start(self) -> None:
        """Begin to keep the process running, and return at once."""
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.program.name}")

    def retry_now(self) -> None:
        """Cut the current delay short, if there is one."""
        self._back_off.reset()
        self._wake.set()

    async def stop(self, grace_seconds: float) -> None:
        """End the process with SIGTERM, and after the grace with SIGKILL. Return once nothing of it is left."""
        self._told_to_stop.set()
        self._change(ProcessState.STOPPED)
        self._wake.set()
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
        if self._task:
            _, pending = await asyncio.wait([self._task], timeout=grace_seconds)
            if pending and self.identity:
                log.warning("%s did not end in %g s and is killed", self.program.name, grace_seconds)
                kill_tree(self.identity)
            await self._task

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop()
        while not self._told_to_stop.is_set():
            began = clock.time()
            outcome = await self._run_once()
            if self._told_to_stop.is_set():
                self._tell()  # it ended
                return
            delay = self._back_off.delay_after(clock.time() - began)
            log.warning("%s %s; it restarts in %.1f s", self.program.name, outcome, delay)
            self._change(ProcessState.STARTING)
            self.restarts += 1
            await self._pause(delay)

    async def _run_once(self) -> str:
        """Run the program to its end, and return how it ended."""
        try:
            process = await self._spawn()
        except OSError as problem:
            return f"could not be started ({problem})"
        self._process, self.identity = process, ProcessIdentity.of(process.pid)
        self.started_at = datetime.now(UTC)
        if self._told_to_stop.is_set():
            process.kill()  # it has begun nothing yet, and nobody could end it after a grace
        else:
            self._change(ProcessState.RUNNING)
        code = await process.wait()
        self.last_exit_code = code
        await asyncio.to_thread(kill_session, process.pid)
        self._process = self.identity = None
        return f"(pid {process.pid}) ended with code {code}"

    async def _spawn(self) -> asyncio.subprocess.Process:
        roll_log(self.program.log)
        with self.program.log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *self.program.arguments,
                cwd=self.program.folder,
                env=self.program.environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(),
            )

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    def _change(self, state: ProcessState) -> None:
        self.state = state
        self._tell()

    def _tell(self) -> None:
        try:
            self._on_change()
        except OSError:  # a full disk must not end the supervision; the next change writes everything again
            log.exception("the state of %s could not be written down", self.program.name)


FIRST_SECONDS = 0.2
LONGEST_SECONDS = 30.0
STEADY_SECONDS = 30.0


@dataclass(slots=True)
class BackOff:
    """Delays that double while a process keeps ending early."""

    first: float = FIRST_SECONDS
    longest: float = LONGEST_SECONDS
    steady: float = STEADY_SECONDS
    """A process that ran for this long was fine. The next delay is the first one again."""

    _next: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._next = self.first

    def delay_after(self, ran_seconds: float) -> float:
        """Return the seconds to wait after a run of `ran_seconds`."""
        if ran_seconds >= self.steady:
            self.reset()
        delay, self._next = self._next, min(self._next * 2, self.longest)
        return delay

    def reset(self) -> None:
        """Begin with the first delay again."""
        self._next = self.first
