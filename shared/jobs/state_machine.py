"""Which state of a job may follow which."""

from datetime import datetime
from typing import Any

from shared.contracts.job import JobDocument, JobStatus

_ACTIVE = [
    JobStatus.NOT_STARTED,
    JobStatus.QUEUED,
    JobStatus.PREPARING,
    JobStatus.RUNNING,
    JobStatus.FINALIZING,
]
_EARLY_ENDS = {JobStatus.FAILED, JobStatus.CANCELED}


def may_follow(old: JobStatus, new: JobStatus) -> bool:
    """Whether a job in state `old` may enter `new`; a terminal state never changes."""
    if old.is_terminal or old is new:
        return False
    if old is JobStatus.CANCEL_REQUESTED:
        # Completed too: the request may come when the output is there already.
        return new.is_terminal
    if new is JobStatus.CANCEL_REQUESTED or new in _EARLY_ENDS:
        return True
    if new is JobStatus.COMPLETED:
        return old is JobStatus.FINALIZING
    return _ACTIVE.index(new) > _ACTIVE.index(old)


def entered(job: JobDocument, status: JobStatus, now: datetime, **changes: Any) -> JobDocument:
    """The job in its new state, the moment noted, with further changes."""
    return job.model_copy(update={"status": status, "entered": {**job.entered, status: now}, **changes})
