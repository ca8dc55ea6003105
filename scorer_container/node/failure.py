"""Problems that end a node's work on a job, as opposed to those of a mini-batch."""

import errno
import traceback as tracebacks

from shared.contracts.progress import JobFailure

_FULL = {errno.ENOSPC, errno.EDQUOT}


class FatalProblemError(Exception):
    """This node can do no work at all for the job; the app fails the job with it."""

    def __init__(self, failure: JobFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def fatal(step: str, message: str, *, error_type: str = "", traceback: str = "") -> FatalProblemError:
    """The error to raise; `message` is one sentence that the user can act on."""
    return FatalProblemError(JobFailure(step=step, message=message, error_type=error_type, traceback=traceback))


def node_defect(error: Exception) -> JobFailure:
    """The reason when the node itself fails with `error`, which nobody expected."""
    name = type(error).__name__
    message = f"the node failed: {name}: {error}"
    if isinstance(error, OSError) and error.errno in _FULL:
        message = (
            f"the node's disk is full ({error}): scripts and their output files, inputs and models share it; remove "
            "files that are not needed, or take machines with a larger disk"
        )
    trace = "".join(tracebacks.format_exception(error))
    return JobFailure(step="node", message=message, error_type=name, traceback=trace)
