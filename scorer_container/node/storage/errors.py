"""The errors of the node's storage calls.

StorageError
├── QueueGoneError           the queue is not there (for a task queue: the job is over)
├── BlobGoneError            the blob or its container is not there
├── LeaseLostError           the message was deleted, or somebody else has received it
├── StorageConflictError     a condition of the request did not hold
├── StorageRefusedError      the request was refused for another reason
└── StorageUnavailableError  no usable answer, however often it was asked; the call may have worked

NoAnswerError                one try of a request brought no answer; `Calls` tries again or raises the error above

Calls on tables also raise ConflictError, PreconditionFailedError and NotFoundError of shared/errors.py.
"""

from shared.errors import DependencyError


class NoAnswerError(Exception):
    """The connection was refused, broke or timed out. The request may have worked nevertheless."""


class StorageError(DependencyError):
    """A storage call failed."""


class QueueGoneError(StorageError):
    """The queue does not exist."""


class BlobGoneError(StorageError):
    """The blob does not exist."""


class LeaseLostError(StorageError):
    """The message is no longer ours: it was deleted, or received by somebody else."""


class StorageConflictError(StorageError):
    """A condition of the request did not hold."""


class StorageRefusedError(StorageError):
    """The storage service refused the request."""

    def __init__(self, message: str, *, status: int, storage_code: str) -> None:
        """`status` is HTTP's, `storage_code` the service's own error code (may be empty)."""
        super().__init__(message)
        self.status = status
        self.storage_code = storage_code


class StorageUnavailableError(StorageError):
    """The storage service gave no usable answer. The call may have worked."""
