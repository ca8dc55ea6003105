"""Tasks that are scored, and what a job tells about them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from scorer_container.node.held import HeldTask, Work
from scorer_container.node.tasks.results import ItemError, MiniBatchResult, TaskResult
from scorer_container.node.tasks.scored import ScoredTask
from shared.contracts.messages import TaskMessage
from tests.unit.scorer.node.stored import MemoryQueue
from tests.unit.scorer.node.virtual_time import loop

JOB = "0123abcd-0000-0000-0000-000000000000"


class Trace:
    """Notes how the span of a task ended."""

    def __init__(self) -> None:
        self.ended = ""

    def ends(self, _result: TaskResult, problem: str = "") -> None:
        self.ended = self.ended or problem or "well"


class Telemetry:
    def __init__(self) -> None:
        self.completed: list[int] = []

    def task_completed(self, task: ScoredTask) -> None:
        self.completed.append(task.number)
        task.trace.ends(task.result)

    def task_begins(self, _task: HeldTask) -> Any:
        return Trace()

    def mini_batch_ends(self, *_: object) -> None:
        pass


async def held(number: int = 7, queue: MemoryQueue | None = None, **values: int) -> HeldTask:
    queue = queue or MemoryQueue()
    queue.put(TaskMessage(task=number, first_mini_batch=number, mini_batches=1, **values).to_text())
    (received,) = await queue.receive(1, 30)
    return HeldTask(queue, received, loop().time(), 30, print)


async def scored(
    number: int = 7, rows: Sequence[bytes] = (), failed: Sequence[str] = (), queue: MemoryQueue | None = None
) -> ScoredTask:
    """A task with these rows and failed files, whose process wrote no files of its own."""
    task, result, trace = await held(number, queue), TaskResult(), Trace()
    errors = [ItemError(number, 3, "ValueError", "bad", file) for file in failed]
    await result.add(MiniBatchResult(rows=len(rows), succeeded=len(rows), payloads=list(rows), errors=errors))
    task.advance(Work.SCORED)

    async def nothing() -> None:
        pass

    files: Any = SimpleNamespace(upload=nothing)
    return ScoredTask(JOB, task, result, files, trace, 0.5)  # type: ignore[arg-type] # a trace that notes
