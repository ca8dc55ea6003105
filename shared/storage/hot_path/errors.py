"""The errors of the hot path.

HotPathError
├── QueueGoneError           the queue is not there (for a task queue: the job is over)
├── BlobGoneError            the blob or its container is not there
├── LeaseLostError           the message was deleted, or somebody else has received it
├── StorageConflictError     a condition of the request did not hold
├── StorageRefusedError      the request was refused for another reason
├── StorageUnavailableError  no usable answer, however often it was asked
└── StoppedError             the caller's stop signal came while waiting to ask again
"""

from shared.errors import DependencyError


class HotPathError(DependencyError):
    """A storage call failed."""


class QueueGoneError(HotPathError):
    """The queue does not exist."""


class BlobGoneError(HotPathError):
    """The blob does not exist."""


class LeaseLostError(HotPathError):
    """The message is no longer ours: it was deleted, or received by somebody else."""


class StorageConflictError(HotPathError):
    """A condition of the request did not hold."""


class StorageRefusedError(HotPathError):
    """The storage service refused the request."""

    def __init__(self, message: str, *, status: int, storage_code: str) -> None:
        """`status` is HTTP's, `storage_code` the service's own error code (may be empty)."""
        super().__init__(message)
        self.status = status
        self.storage_code = storage_code


class StorageUnavailableError(HotPathError):
    """The storage service gave no usable answer."""


class StoppedError(HotPathError):
    """The work was stopped while storage did not answer."""
