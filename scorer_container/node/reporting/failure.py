"""Errors that end a node's work on a job. Errors of a mini-batch do not."""

import errno
import traceback as tracebacks

from shared.contracts.progress import JobFailure

DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT}
"""Error numbers of a full disk."""


class FatalProblemError(Exception):
    """This node cannot work on the job at all; the app fails the job with this reason."""

    def __init__(self, failure: JobFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def fatal(step: str, message: str, *, error_type: str = "", traceback: str = "") -> FatalProblemError:
    """Return the error to raise; `message` is one sentence that the user can act on."""
    return FatalProblemError(JobFailure(step=step, message=message, error_type=error_type, traceback=traceback))


def node_defect(error: Exception) -> JobFailure:
    """Return the failure for an unexpected `error` of the node itself."""
    name = type(error).__name__
    message = f"the node failed: {name}: {error}"
    if isinstance(error, OSError) and error.errno in DISK_IS_FULL:
        message = (
            f"the node's disk is full ({error}): scripts and their output files, inputs and models share it; remove "
            "files that are not needed, or take machines with a larger disk"
        )
    trace = "".join(tracebacks.format_exception(error))
    return JobFailure(step="node", message=message, error_type=name, traceback=trace)


def failure_of(error: Exception) -> JobFailure:
    """Return why this node cannot work on the job: what was found, or that the node itself has failed."""
    return error.failure if isinstance(error, FatalProblemError) else node_defect(error)
