"""Asks the app to look at a job now instead of at its next look."""

import asyncio
from collections.abc import Awaitable, Callable

from scorer_container.node.scope import all_within
from scorer_container.node.storage.account import Account
from scorer_container.node.storage.errors import StorageError
from shared.contracts.messages import JOB_NUDGES, JobNudge

_NUDGE_SECONDS = 5.0
_SEND_SECONDS = 10.0


class Nudges:
    """Sends the nudges of one job, at most one every few seconds."""

    def __init__(
        self, account: Account, job_name: str, flush: Callable[[], Awaitable[None]], log: Callable[[str], None]
    ) -> None:
        """`flush` writes what the app is going to look at."""
        self._queue = account.queue(JOB_NUDGES)
        self._text = JobNudge(job=job_name).to_text()
        self._flush = flush
        self._log = log
        self._last = float("-inf")

    async def nudge(self) -> None:
        """Flush and send a nudge, unless the last one was sent a moment ago."""
        now = asyncio.get_running_loop().time()
        if now - self._last >= _NUDGE_SECONDS:
            self._last = now
            await all_within(_SEND_SECONDS, self._flush())
            await self.send()

    async def remind(self) -> None:
        """Nudge at once and then for ever: a nudge may be lost."""
        self._last = float("-inf")
        while True:
            await self.nudge()
            await asyncio.sleep(_NUDGE_SECONDS)

    async def send(self) -> None:
        """Send a nudge now."""
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._queue.send(self._text)
        except (StorageError, TimeoutError) as error:
            self._log(f"the app could not be nudged: {str(error) or 'no answer in time'}")
