"""Ends a process that has stopped to answer, so that it is started again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.processes.ending import end
from local.processes.kept import KeptProcess
from local.stack.roles import Role

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """When silence counts as a hang. Looks are counted, not seconds: they stand still while a laptop sleeps."""

    pause_seconds: float = 10.0
    looks: int = 4
    """That many in a row without an answer, each for the time of a request: a minute or so in all."""


PATIENCE = Patience()
"""Of a stack."""


class Watchdog:
    """Watches one process of the stack."""

    def __init__(self, role: Role, kept: KeptProcess, patience: Patience) -> None:
        """`kept` starts the role's program again whenever it has ended."""
        self._role = role
        self._kept = kept
        self._patience = patience

    async def watch(self) -> None:
        """Looks until it is cancelled."""
        silent = 0
        while True:
            await asyncio.sleep(self._patience.pause_seconds)
            silent = 0 if await self._is_fine() else silent + 1
            if silent >= self._patience.looks:
                silent = 0
                await self._end()

    async def _is_fine(self) -> bool:
        """A process that is being started has the time that it has at the start of the stack."""
        started = self._kept.started_at
        if self._kept.identity is None or started is None:
            return True
        if datetime.now(UTC) - started < timedelta(seconds=self._role.healthy_within_seconds):
            return True
        return await asyncio.to_thread(self._role.answers)

    async def _end(self) -> None:
        if identity := self._kept.identity:
            _log.error("%s (pid %d) does not answer any more and is ended", self._role.name, identity.pid)
            await asyncio.to_thread(end, [identity], grace_seconds=self._role.grace_seconds)
