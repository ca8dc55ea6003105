import errno
from types import SimpleNamespace
from typing import Any

import pytest

from scorer_container.node.failure import node_defect
from scorer_container.node.stager import Stager

pytestmark = pytest.mark.unit


class Ledger:
    """The output's blobs, which fail as told."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def stage_block(self, *_: object) -> None:
        raise self._error


class Tasks:
    def __init__(self) -> None:
        self.given_back: list[object] = []

    def give_back(self, task: object) -> None:
        self.given_back.append(task)


@pytest.mark.parametrize(
    ("error", "step", "message"),
    [
        (OSError("no space left"), "output", "the results of task 7 cannot be written: no space left"),
        (ZeroDivisionError("a defect"), "node", "the node failed: ZeroDivisionError: a defect"),
    ],
)
def test_a_task_whose_results_cannot_be_staged_is_given_back_and_ends_the_job_with_the_reason(
    error: Exception, step: str, message: str
) -> None:
    tasks, failures, closed = Tasks(), [], []
    folder = SimpleNamespace(container="c")
    output: Any = SimpleNamespace(folder=folder, file_path="predictions.csv", errors_path="errors.jsonl")
    sources: Any = SimpleNamespace(blobs=lambda _: Ledger(error))
    result = SimpleNamespace(failed=0, rows=0, close=lambda: closed.append(True))
    task: Any = SimpleNamespace(task=SimpleNamespace(task=7), result=result, block=SimpleNamespace(block_id="b"))
    files: Any = SimpleNamespace(upload=lambda: None)
    stager = Stager(sources, output, tasks, None, blocks=None, on_failure=failures.append)  # type: ignore[arg-type]
    stager.submit(task, files, 0.1)
    stager.close()
    assert tasks.given_back == [task]
    assert [(failure.step, failure.message) for failure in failures] == [(step, message)]
    assert closed == [True]


def test_a_full_disk_is_told_as_such() -> None:
    failure = node_defect(OSError(errno.ENOSPC, "No space left on device"))
    assert failure.message.startswith("the node's disk is full ([Errno 28] No space left on device): ")
