"""Queue messages that this node holds: tickets and tasks."""

import threading

from scorer_container.node.results import TaskResult
from scorer_container.node.task_trace import TaskTrace
from shared.contracts.messages import TaskMessage
from shared.storage.hot_path.queue import HotQueue, Received
from shared.storage.ledger import TaskBlock

_SUSPECT_STARTS = 2
_MOST_STARTS = 4


class HeldMessage:
    """A queue message whose lease the keeper renews while the node holds it."""

    def __init__(self, queue: HotQueue, message: Received) -> None:
        self.queue = queue
        self.message = message
        self._lock = threading.Lock()
        self._held = True

    def renew(self, seconds: int) -> None:
        """Renew the lease, unless it was given up meanwhile; raise LeaseLostError or QueueGoneError."""
        with self._lock:
            if self._held:
                self.queue.renew(self.message, seconds)

    def delete(self) -> None:
        """Delete the message, as its work is done; raise LeaseLostError or QueueGoneError."""
        with self._lock:
            self._held = False
            self.queue.delete(self.message)

    def give_back(self, after_seconds: int = 0) -> None:
        """Return it to the queue for other nodes after `after_seconds`; raise LeaseLostError or QueueGoneError."""
        with self._lock:
            if self._held:
                self._held = False
                self.queue.renew(self.message, after_seconds)


class HeldTask(HeldMessage):
    """A task that this node works on."""

    def __init__(self, queue: HotQueue, message: Received, job_id: str) -> None:
        super().__init__(queue, message)
        self._job = job_id[:8]
        self.task = TaskMessage.model_validate_json(message.text)
        self._is_noted = False
        self.result = TaskResult()
        self.trace: TaskTrace | None = None
        """Set when a scoring process begins with the task."""

    def begin(self, lease_seconds: int) -> None:
        """Note in the message that a scoring process begins with the task; raise LeaseLostError or QueueGoneError.

        Skip this at the first delivery: most tasks need no second one.
        """
        with self._lock:
            if self._held and (self.message.dequeue_count > 1 or self.task.starts):
                begun = self.task.model_copy(update={"starts": self.task.starts + 1})
                self.queue.renew(self.message, lease_seconds, begun.to_text())
                self._is_noted = True

    def give_back(self, after_seconds: int = 0) -> None:
        """Return it to the queue. Uncount this start: the task did not take this node down."""
        with self._lock:
            if self._held:
                self._held = False
                self.queue.renew(self.message, after_seconds, self.task.to_text() if self._is_noted else None)

    @property
    def is_suspect(self) -> bool:
        """True when nodes died while they scored it, by its own fault or another task's."""
        return self.task.starts >= _SUSPECT_STARTS

    @property
    def attempt(self) -> int:
        """Number of this delivery, higher for each later one (shared/storage/ledger.py)."""
        return self.task.generation * 10_000 + min(self.message.dequeue_count, 9_999)

    @property
    def is_poisonous(self) -> bool:
        """True when nodes died with it so often, the last times with it alone, that it is not tried again."""
        return self.task.starts >= _MOST_STARTS

    @property
    def numbers(self) -> range:
        """The mini-batches of the task."""
        return range(self.task.first_mini_batch, self.task.first_mini_batch + self.task.mini_batches)

    @property
    def block(self) -> TaskBlock:
        """The tally in its block."""
        result = self.result
        return TaskBlock(self._job, self.task.task, self.attempt, result.rows, result.succeeded, result.failed)
