import json

import pytest

from scorer_container.node.results import ItemError, MiniBatchResult
from scorer_container.node.work import HeldTask
from shared.contracts.messages import TaskMessage
from shared.storage.hot_path.queue import HotQueue, Received

pytestmark = pytest.mark.unit


def held(queue: HotQueue | None = None, **values: int) -> HeldTask:
    message = TaskMessage(task=7, first_mini_batch=70, mini_batches=3, generation=values.pop("generation", 0))
    received = Received("id", "receipt", values.pop("dequeue_count", 1), message.to_text())
    return HeldTask(queue, received, "0123abcd-more")  # type: ignore[arg-type] # no call is made


def test_a_later_delivery_has_a_higher_number():
    attempts = [held(dequeue_count=1), held(dequeue_count=2), held(dequeue_count=99_999), held(generation=1)]
    assert [task.attempt for task in attempts] == [1, 2, 9_999, 10_001]
    assert list(attempts[0].numbers) == [70, 71, 72]


def test_a_task_adds_up_its_mini_batches():
    task = held()
    task.result.add(MiniBatchResult(rows=2, succeeded=1, payloads=[b"a\n", b"b\n"]))
    failed = [ItemError(71, 3, "ValueError", "bad", "ü.txt"), ItemError(71, 3, "ShortResult", "short", items=2)]
    task.result.add(MiniBatchResult(rows=1, succeeded=1, payloads=[b"c\n"], errors=failed))
    block = task.block
    assert (block.job, block.task, block.rows, block.succeeded, block.failed) == ("0123abcd", 7, 3, 2, 3)
    task.result.output.seek(0)
    assert task.result.output.read() == b"a\nb\nc\n"
    task.result.errors.seek(0)
    lines = [json.loads(line) for line in task.result.errors.read().splitlines()]
    assert [(line["file"], line["items"], line["mini_batch"]) for line in lines] == [("ü.txt", 1, 71), (None, 2, 71)]
    task.result.close()


def test_of_a_megabyte_of_message_and_traceback_the_beginning_and_end_are_listed():
    error = ItemError(1, 3, "ValueError", "begin" + "m" * 1_000_000 + "end", traceback="t" * 1_000_000)
    line = json.loads(error.to_line())
    assert line["message"].startswith("begin") and line["message"].endswith("end")
    assert len(error.to_line()) < 30_000
