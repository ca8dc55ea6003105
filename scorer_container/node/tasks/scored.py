"""A task whose mini-batches are all scored."""

from dataclasses import dataclass

from scorer_container.node.held import HeldTask
from scorer_container.node.tasks.output_files import OutputFiles
from scorer_container.node.tasks.results import TaskResult
from scorer_container.node.tasks.trace import TaskTrace
from shared.storage.ledger import TaskBlock


@dataclass(frozen=True)
class ScoredTask:
    """What the uploader needs of a task."""

    job_id: str
    held: HeldTask
    result: TaskResult
    files: OutputFiles
    """The files of the scoring process that scored it."""
    trace: TaskTrace
    seconds: float
    """The time that a scoring process spent with it."""

    @property
    def number(self) -> int:
        """The number of the task."""
        return self.held.task.task

    @property
    def block(self) -> TaskBlock:
        """The tally that the id of its block carries."""
        result = self.result
        return TaskBlock(self.job_id[:8], self.number, self.held.attempt, result.rows, result.succeeded, result.failed)
