"""Problems that end a node's work on a job, as opposed to those of a mini-batch."""

from shared.contracts.progress import JobFailure


class FatalProblemError(Exception):
    """This node can do no work at all for the job; the app fails the job with it."""

    def __init__(self, failure: JobFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def fatal(step: str, message: str, *, error_type: str = "", traceback: str = "") -> FatalProblemError:
    """The error to raise; `message` is one sentence that the user can act on."""
    return FatalProblemError(JobFailure(step=step, message=message, error_type=error_type, traceback=traceback))
