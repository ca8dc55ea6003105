"""Keeps the processes of one stack running, from their orderly start to their orderly end."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.errors import UnhealthyChildError
from local.processes.process import end, kill_tree
from local.processes.program import last_lines
from local.processes.supervised import SupervisedProcess
from local.stack.roles import Role

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """When silence counts as a hang. It counts checks, not seconds, because no check runs while a laptop sleeps."""

    pause_seconds: float = 10.0
    looks: int = 4
    """Failed checks in a row until a process counts as hung: about a minute, with the time of each request."""


PATIENCE = Patience()
"""Of a stack."""


class Supervisor:
    """Starts roles in the order of their dependencies and ends them in the reverse order of the list."""

    def __init__(self, roles: Sequence[Role], on_change: Callable[[], None], patience: Patience = PATIENCE) -> None:
        """`on_change` is called after each start and end of a process. After `patience`, a hung process is ended."""
        self.roles = tuple(roles)
        self.supervised = {role.name: SupervisedProcess(role.program, on_change=on_change) for role in self.roles}
        self._healthy = {role.name: asyncio.Event() for role in self.roles}
        self._watchdogs = [Watchdog(role, self.supervised[role.name], patience) for role in self.roles]
        self._end = asyncio.Event()

    def listen_to_signals(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP end the stack; a second one ends it at once. Let SIGUSR1 cut delays short."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_end)
        loop.add_signal_handler(signal.SIGUSR1, self._retry_now)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call `on_ready` once all is healthy, and return after an orderly shutdown.

        Raises:
            UnhealthyChildError: a process did not become healthy. Everything has been ended.
        """
        ending = asyncio.create_task(self._end.wait())
        starting = asyncio.create_task(self._start_all())
        watching: list[asyncio.Task[None]] = []
        try:
            await asyncio.wait({ending, starting}, return_when=asyncio.FIRST_COMPLETED)
            if not self._end.is_set():
                starting.result()
                on_ready()
                watching = [asyncio.create_task(watchdog.watch()) for watchdog in self._watchdogs]
                await ending
        finally:
            for task in (starting, ending, *watching):
                task.cancel()
            await self._stop_all()

    async def _start_all(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for role in self.roles:
                    group.create_task(self._start(role))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the user can act on one cause

    async def _start(self, role: Role) -> None:
        for name in role.after:
            await self._healthy[name].wait()
        self.supervised[role.name].start()
        await self._wait_until_healthy(role)
        self._healthy[role.name].set()
        log.info("%s is healthy", role.name)

    async def _wait_until_healthy(self, role: Role) -> None:
        supervised = self.supervised[role.name]
        try:
            async with asyncio.timeout(role.healthy_within_seconds):
                while not await asyncio.to_thread(role.is_healthy):
                    if supervised.restarts:
                        raise _unhealthy(role, f"it ended with code {supervised.last_exit_code}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise _unhealthy(role, f"no good answer in {role.healthy_within_seconds:g} s") from None

    async def _stop_all(self) -> None:
        for role in reversed(self.roles):
            supervised = self.supervised[role.name]
            ran = supervised.identity is not None
            await supervised.stop(role.grace_seconds)
            if ran:
                log.info("%s has ended", role.name)

    def _told_to_end(self) -> None:
        if self._end.is_set():
            for supervised in self.supervised.values():
                if supervised.identity:
                    kill_tree(supervised.identity)
        self._end.set()

    def _retry_now(self) -> None:
        for supervised in self.supervised.values():
            supervised.retry_now()


def _unhealthy(role: Role, reason: str) -> UnhealthyChildError:
    return UnhealthyChildError(role.name, reason, role.program.log, last_lines(role.program.log))


class Watchdog:
    """Watches one process of the stack."""

    def __init__(self, role: Role, supervised: SupervisedProcess, patience: Patience) -> None:
        """`supervised` restarts the role's program whenever it has ended."""
        self._role = role
        self._supervised = supervised
        self._patience = patience

    async def watch(self) -> None:
        """Check the process until cancelled."""
        silent = 0
        while True:
            await asyncio.sleep(self._patience.pause_seconds)
            silent = 0 if await self._is_fine() else silent + 1
            if silent >= self._patience.looks:
                silent = 0
                await self._end()

    async def _is_fine(self) -> bool:
        """Return True if the process answers. A starting process has the same time as at the start of the stack."""
        started = self._supervised.started_at
        if self._supervised.identity is None or started is None:
            return True
        if datetime.now(UTC) - started < timedelta(seconds=self._role.healthy_within_seconds):
            return True
        return await asyncio.to_thread(self._role.answers)

    async def _end(self) -> None:
        if identity := self._supervised.identity:
            log.error("%s (pid %d) does not answer any more and is ended", self._role.name, identity.pid)
            await asyncio.to_thread(end, [identity], grace_seconds=self._role.grace_seconds)
