import json

import pytest

from scorer_container.node.tasks.results import ItemError, MiniBatchResult, TaskResult
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit


def test_a_task_adds_up_its_mini_batches() -> None:
    result = TaskResult()
    run(result.add(MiniBatchResult(rows=2, succeeded=1, payloads=[b"a\n", b"b\n"])))
    failed = [ItemError(71, 3, "ValueError", "bad", "ü.txt"), ItemError(71, 3, "ShortResult", "short", items=2)]
    run(result.add(MiniBatchResult(rows=1, succeeded=1, payloads=[b"c\n"], errors=failed)))
    assert (result.rows, result.succeeded, result.failed) == (3, 2, 3)
    assert list(result.lines()) == [b"a\n", b"b\n", b"c\n"]
    result.errors.seek(0)
    lines = [json.loads(line) for line in result.errors.read().splitlines()]
    assert [(line["file"], line["items"], line["mini_batch"]) for line in lines] == [("ü.txt", 1, 71), (None, 2, 71)]
    result.close()


@pytest.mark.parametrize("size", [10, 3 << 20, 9 << 20])
def test_rows_of_any_size_come_out_as_they_went_in(size: int) -> None:
    result = TaskResult()
    for letter in (b"a", b"b"):
        run(result.add(MiniBatchResult(rows=1, succeeded=1, payloads=[letter * size])))
    result.output.seek(0)
    assert result.output.read() == b"a" * size + b"b" * size
    result.close()


def test_of_a_megabyte_of_message_and_traceback_the_beginning_and_end_are_listed() -> None:
    error = ItemError(1, 3, "ValueError", "begin" + "m" * 1_000_000 + "end", traceback="t" * 1_000_000)
    line = json.loads(error.to_line())
    assert line["message"].startswith("begin") and line["message"].endswith("end")
    assert len(error.to_line()) < 30_000
