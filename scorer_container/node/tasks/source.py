"""The job's task queue, as the workers see it."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from pydantic import ValidationError

from scorer_container.node.held import HeldTask, Lease
from scorer_container.node.in_hand import InHand
from scorer_container.node.scope import Changes, finish_anyway
from scorer_container.node.storage.errors import QueueGoneError, StorageError
from scorer_container.node.storage.queue import Queue, Received

_AHEAD_SECONDS = 0.5
_MOST_MESSAGES = 32
"""Messages of one receive: Azure's limit."""
_SHORTEST_POLL = 0.1
_LONGEST_POLL = 1.0
_ANSWER_GRACE_SECONDS = 2.0
"""How long the end of the job waits for a receive that is under way: what it brings can then be given back."""


class TaskSource:
    """Receives tasks ahead of need: about half a second of work for each worker, never more than they want."""

    def __init__(
        self,
        queue: Queue,
        in_hand: InHand,
        lease_seconds: int,
        *,
        workers: int,
        on_idle: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        """Receive for `workers` workers. `on_idle` is called when the queue is empty and no task of it is in hand."""
        self._queue = queue
        self._in_hand = in_hand
        self._lease_seconds = lease_seconds
        self._workers = workers
        self._on_idle = on_idle
        self._log = log
        self._ready: deque[HeldTask] = deque()
        self._out: set[HeldTask] = set()
        """Tasks that workers hold, until their results are staged."""
        self._suspects: set[HeldTask] = set()
        """Those of them that may take the node down."""
        self._wanting: set[int] = set()
        self._seconds_per_task = _AHEAD_SECONDS
        self._changes = Changes()

    async def run(self) -> None:
        """Receive for ever; raise QueueGoneError when the queue was deleted."""
        poll = _SHORTEST_POLL
        while True:
            await self._changes.until(lambda: self._demand() > 0)
            if await finish_anyway(_ANSWER_GRACE_SECONDS, self._receive, min(self._demand(), _MOST_MESSAGES)):
                poll = _SHORTEST_POLL
            else:
                poll = min(poll * 1.5, _LONGEST_POLL)
                await self._rest(poll)

    async def take(self, worker: int) -> HeldTask:
        """Wait for the next task and return it.

        A suspect task runs alone on the node: if it takes the node down, no other task is lost.
        """
        if not self._is_next_free():
            self._wanting.add(worker)
            self._changes.tell()
            try:
                await self._changes.until(self._is_next_free)
            finally:
                self._wanting.discard(worker)
        task = self._ready.popleft()
        self._out.add(task)
        if task.is_suspect:
            self._suspects.add(task)
        self._changes.tell()
        return task

    @staticmethod
    async def is_still_held(task: HeldTask) -> bool:
        """Return False if another node may have begun with the task: it would be scored twice."""
        if not task.is_ours:
            await task.renew()
        return task.lease is Lease.HELD

    def done(self, task: HeldTask, seconds: float) -> None:
        """Note that `task` is staged and deleted; it took `seconds` of a process."""
        self._seconds_per_task = 0.7 * self._seconds_per_task + 0.3 * seconds
        self.drop(task)

    def drop(self, task: HeldTask) -> None:
        """Let go of a task that is worth nothing to this node any more."""
        self._out.discard(task)
        self._suspects.discard(task)
        self._in_hand.drop(task)
        self._changes.tell()

    def _is_next_free(self) -> bool:
        if not self._ready or self._suspects:
            return False
        return not (self._out and self._ready[0].is_suspect)

    def _demand(self) -> int:
        ahead = int(_AHEAD_SECONDS * self._workers / max(self._seconds_per_task, 0.001))
        target = min(ahead, _MOST_MESSAGES) if self._wanting or ahead > self._workers else 0
        return max(len(self._wanting), target) - len(self._ready)

    async def _receive(self, count: int) -> bool:
        """Receive up to `count` messages; return whether there was one."""
        asked_at = asyncio.get_running_loop().time()
        try:
            messages = await self._queue.receive(count, self._lease_seconds)
        except QueueGoneError:
            raise
        except StorageError as error:
            self._log(f"no task could be received: {error}")
            return False
        unusable = [message for message in messages if not self._add(message, asked_at)]
        for message in unusable:
            with suppress(StorageError):  # then it comes again
                await self._queue.delete(message)
        return bool(messages)

    def _add(self, message: Received, asked_at: float) -> bool:
        """Take a message in hand, in the very step that brought it; return False if it is no task."""
        try:
            task = HeldTask(self._queue, message, asked_at, self._lease_seconds, self._log)
        except ValidationError as error:
            self._log(f"a message on {self._queue.name} is no task and is deleted: {' '.join(str(error).split())}")
            return False
        self._in_hand.add(task)
        self._ready.append(task)
        self._changes.tell()
        return True

    async def _rest(self, seconds: float) -> None:
        """Wait after an empty answer; report at once when the last task in hand is done."""
        try:
            async with asyncio.timeout(seconds):
                await self._in_hand.changes.until(lambda: not len(self._in_hand))
        except TimeoutError:
            return
        self._on_idle()
        await asyncio.sleep(seconds)
