"""The messages that the node holds: who has them, and how far their work is.

These are two facts: losing a lease ends no work. in_hand.py keeps them together.

The order of writes makes every repetition harmless (shared/contracts/messages.py):

1. the script's own files, 2. what the merge needs beside the rows (a CSV header, a Parquet footer's part),
3. the failed items, 4. the rows, 5. the deletion of the message.

The rows say that the task is finished, so everything else that the merge needs is written before them. The deletion
comes last, because nothing remembers the task after it.
"""

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from scorer_container.node.storage.errors import (
    LeaseLostError,
    QueueGoneError,
    StorageError,
    StorageUnavailableError,
)
from scorer_container.node.storage.queue import Queue, Received
from shared.contracts.messages import TaskMessage

_SUSPECT_STARTS = 2
_MOST_STARTS = 4
_SHORTEST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0


class Lease(Enum):
    """Whose a message is."""

    HELD = auto()
    LOST = auto()
    """Storage says that it has another holder, or it was renewed by a call of ours whose answer was lost."""
    SETTLED = auto()
    """It was deleted or given back, or its queue is gone."""


class Work(Enum):
    """How far the work on a task is. It never goes back; a poisonous task skips states."""

    RECEIVED = 1
    FETCHED = 2
    """The files of its first mini-batch are here; those of others may be on their way."""
    SCORING = 3
    SCORED = 4
    STAGED = 5


class HeldMessage:
    """A received message. Its calls take turns, because each of them makes the receipt of the others stale."""

    def __init__(
        self, queue: Queue, message: Received, asked_at: float, lease_seconds: int, log: Callable[[str], None]
    ) -> None:
        """`asked_at` is the loop's time before the receive was sent: the lease has begun no earlier."""
        self.queue = queue
        self.message = message
        self.lease = Lease.HELD
        self.lost = asyncio.Event()
        """Set when the lease was lost."""
        self._lease_seconds = lease_seconds
        self._ends_at = asked_at + lease_seconds
        self._log = log
        self._turn = asyncio.Lock()  # an order of calls, not a protection of memory

    @property
    def is_ours(self) -> bool:
        """True when nobody else can have the message, by this node's own clock."""
        return self.lease is Lease.HELD and asyncio.get_running_loop().time() < self._ends_at

    @property
    def is_busy(self) -> bool:
        """True while a call for the message is under way."""
        return self._turn.locked()

    async def renew(self) -> None:
        """Renew the lease if the message is held. Try again until storage answers."""
        async with self._turn:
            await self._renew(None)

    async def acknowledge(self) -> bool:
        """Delete the message; return False if it has another holder or its queue is gone.

        Raise StorageError if storage refuses or does not answer for long; the message is then still held.
        """
        async with self._turn:
            if self.lease is not Lease.HELD:
                return False
            try:
                await self.queue.delete(self.message)
            except LeaseLostError:
                self._lose()
                return False
            except QueueGoneError:
                self.lease = Lease.SETTLED
                return False
            self.lease = Lease.SETTLED
            return True

    async def give_back(self, after_seconds: int = 0) -> None:
        """Return the message to the queue for others after `after_seconds`. A second call does nothing.

        If storage does not answer, the lease ends by itself.
        """
        async with self._turn:
            if self.lease is not Lease.HELD:
                return
            self.lease = Lease.SETTLED
            try:
                await self.queue.renew(self.message, after_seconds, self._text_to_return)
            except (LeaseLostError, QueueGoneError):
                return
            except StorageError as error:
                self._log(f"{self._name} could not be given back, its lease will end: {error}")

    @property
    def _name(self) -> str:
        return f"a message of queue {self.queue.name}"

    @property
    def _text_to_return(self) -> str | None:
        """The text for the message when it is given back; None if it has its own."""
        return None

    async def _renew(self, text: str | None) -> None:
        """Renew, with another text if there is one. The caller has the turn."""
        clock = asyncio.get_running_loop().time
        pause = _SHORTEST_PAUSE
        while self.lease is Lease.HELD:
            asked_at = clock()
            try:
                await self.queue.renew(self.message, self._lease_seconds, text)
            except LeaseLostError as error:
                self._lose()
                self._log(f"a lease was lost, the work goes on: {error}")
            except QueueGoneError:
                self.lease = Lease.SETTLED
            except StorageUnavailableError as error:
                if pause == _SHORTEST_PAUSE:
                    self._log(f"a lease could not be renewed yet: {error}")
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            except StorageError as error:
                self._log(f"a lease could not be renewed: {error}")
                return
            else:
                self._ends_at = asked_at + self._lease_seconds
                return

    def _lose(self) -> None:
        self.lease = Lease.LOST
        self.lost.set()


class HeldTask(HeldMessage):
    """A task that this node works on."""

    def __init__(
        self,
        queue: Queue,
        message: Received,
        asked_at: float,
        lease_seconds: int,
        log: Callable[[str], None],
    ) -> None:
        """Raise ValidationError if the message is no task."""
        super().__init__(queue, message, asked_at, lease_seconds, log)
        self.task = TaskMessage.model_validate_json(message.text)
        self.work = Work.RECEIVED
        self._is_noted = False

    def advance(self, work: Work) -> None:
        """Enter a later state."""
        assert work.value > self.work.value, f"{work} after {self.work}"
        self.work = work

    async def begin(self) -> None:
        """Note in the message that a scoring process begins with the task.

        The first delivery needs no note: most tasks have no second one.
        """
        if self.message.dequeue_count == 1 and not self.task.starts:
            return
        async with self._turn:
            begun = self.task.model_copy(update={"starts": self.task.starts + 1})
            self._is_noted = True  # before the call: its outcome may stay unknown
            await self._renew(begun.to_text())

    @property
    def is_suspect(self) -> bool:
        """True when nodes died while they scored it, by its own fault or another task's."""
        return self.task.starts >= _SUSPECT_STARTS

    @property
    def is_poisonous(self) -> bool:
        """True when nodes died with it so often, the last times with it alone, that it is not tried again."""
        return self.task.starts >= _MOST_STARTS

    @property
    def attempt(self) -> int:
        """Number of this delivery, higher for each later one (shared/storage/ledger.py)."""
        return self.task.generation * 10_000 + min(self.message.dequeue_count, 9_999)

    @property
    def numbers(self) -> range:
        """The mini-batches of the task."""
        return range(self.task.first_mini_batch, self.task.first_mini_batch + self.task.mini_batches)

    @property
    def _name(self) -> str:
        return f"task {self.task.task}"

    @property
    def _text_to_return(self) -> str | None:
        """The text without this start: the task did not take this node down."""
        return self.task.to_text() if self._is_noted else None
