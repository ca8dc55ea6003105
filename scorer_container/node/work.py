"""A task in hand, and what became of it."""

import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

from shared.contracts.messages import TaskMessage
from shared.storage.hot_path.queue import HotQueue, Received
from shared.storage.ledger import TaskBlock

if TYPE_CHECKING:
    from scorer_container.node.job_telemetry import TaskTrace

_SPOOL_BYTES = 4 << 20
_SUSPECT_STARTS = 2


@dataclass(frozen=True)
class ItemError:
    """Why items of a mini-batch failed; one line of the errors file."""

    mini_batch: int
    attempt: int
    """Which try of the mini-batch was the last."""
    error_type: str
    message: str
    file: str = ""
    """Path relative to the input; empty when it is not known which of the mini-batch's files failed."""
    items: int = 1
    """Failed items that this line stands for."""
    traceback: str = ""

    def to_line(self) -> bytes:
        """One JSON line."""
        fields = {
            "file": self.file or None,
            "mini_batch": self.mini_batch,
            "items": self.items,
            "attempt": self.attempt,
            "error_type": self.error_type,
            "message": self.message,
            "traceback": self.traceback,
        }
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


@dataclass(frozen=True)
class MiniBatch:
    """The files of one `run()`."""

    number: int
    files: Sequence[str]
    """Paths relative to the input, in the order of the manifest."""


@dataclass
class MiniBatchResult:
    """What became of a mini-batch: each of its files succeeded or failed."""

    rows: int = 0
    succeeded: int = 0
    payloads: list[bytes] = field(default_factory=list)
    errors: list[ItemError] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Items that failed."""
        return sum(error.items for error in self.errors)


class TaskResult:
    """The rows and errors of a task so far, spooled to disk past a few MiB."""

    def __init__(self) -> None:
        self.rows = 0
        self.succeeded = 0
        self.failed = 0
        self._output = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 (closed with the task)
        self._errors = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 (as above)

    def add(self, result: MiniBatchResult) -> None:
        """Append the result of the next mini-batch."""
        self.rows += result.rows
        self.succeeded += result.succeeded
        self.failed += result.failed
        for payload in result.payloads:
            self._output.write(payload)
        for error in result.errors:
            self._errors.write(error.to_line())

    @property
    def output(self) -> BinaryIO:
        """The rows."""
        return cast(BinaryIO, self._output)

    def lines(self) -> Iterator[bytes]:
        """What the results came as, where each is one line."""
        self._output.seek(0)
        return iter(self.output)

    @property
    def errors(self) -> BinaryIO:
        """The lines of the errors file."""
        return cast(BinaryIO, self._errors)

    def close(self) -> None:
        """Give memory and disk back."""
        self._output.close()
        self._errors.close()


class HeldMessage:
    """A queue message whose lease the keeper renews while we hold it."""

    def __init__(self, queue: HotQueue, message: Received) -> None:
        self.queue = queue
        self.message = message
        self._lock = threading.Lock()
        self._held = True

    def renew(self, seconds: int) -> None:
        """Renew the lease, unless it was given up meanwhile; raises LeaseLostError or QueueGoneError."""
        with self._lock:
            if self._held:
                self.queue.renew(self.message, seconds)

    def delete(self) -> None:
        """The work is done; raises LeaseLostError or QueueGoneError."""
        with self._lock:
            self._held = False
            self.queue.delete(self.message)

    def give_back(self, after_seconds: int = 0) -> None:
        """Let another node have it after a while; raises LeaseLostError or QueueGoneError."""
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
        """Since a scoring process has begun with it."""

    def begin(self, lease_seconds: int) -> None:
        """Note in the message that a scoring process begins with the task; raises LeaseLostError or QueueGoneError.

        Not at its first delivery, which most tasks need alone.
        """
        with self._lock:
            if self._held and (self.message.dequeue_count > 1 or self.task.starts):
                begun = self.task.model_copy(update={"starts": self.task.starts + 1})
                self.queue.renew(self.message, lease_seconds, begun.to_text())
                self._is_noted = True

    def give_back(self, after_seconds: int = 0) -> None:
        """Let another node have it: this one lives, so that the task has not cost it."""
        with self._lock:
            if self._held:
                self._held = False
                self.queue.renew(self.message, after_seconds, self.task.to_text() if self._is_noted else None)

    @property
    def is_suspect(self) -> bool:
        """Whether nodes were lost while they scored it, by its own fault or by that of another task."""
        return self.task.starts >= _SUSPECT_STARTS

    @property
    def attempt(self) -> int:
        """Number of this delivery, higher for each later one (shared/storage/ledger.py)."""
        return self.task.generation * 10_000 + min(self.message.dequeue_count, 9_999)

    @property
    def numbers(self) -> Iterator[int]:
        """The mini-batches of the task."""
        return iter(range(self.task.first_mini_batch, self.task.first_mini_batch + self.task.mini_batches))

    @property
    def block(self) -> TaskBlock:
        """The tally that its block carries."""
        result = self.result
        return TaskBlock(self._job, self.task.task, self.attempt, result.rows, result.succeeded, result.failed)
