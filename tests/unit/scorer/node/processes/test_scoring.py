"""What becomes of a mini-batch, whatever its scoring process answers."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scorer_container.node.processes.answers import Answer, BadAnswerError
from scorer_container.node.processes.folders import ProcessFolders
from scorer_container.node.processes.scoring import MiniBatchScorer
from scorer_container.node.processes.slot import ProcessSlot
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.tasks.mini_batches import LocalFile, MiniBatch
from scorer_container.node.tasks.results import MiniBatchResult
from tests.unit.scorer.node.processes.scripted_process import ENDS, READY, Logs, ScriptedProcess, Starter, command, spec

pytestmark = pytest.mark.unit

DONE = {"type": "done"}
FAILED = {"type": "failed", "seconds": 0.5, "error_type": "ValueError", "message": "bad", "traceback": "Trace"}
ASKS = {"type": "columns", "proposed": {"columns": ["a"]}}


def rows(count: int, text: bytes = b"row\n", kind: str = "result") -> Answer:
    return {"type": kind, "seconds": 0.5, "rows": count, "succeeded": count}, text


def of_file(text: bytes) -> Answer:
    return rows(1, text, "file")


class Columns:
    """Agrees on other columns than were proposed, and takes its time."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds
        self.asked: list[Any] = []

    async def agree(self, proposed: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(proposed)
        await asyncio.sleep(self.seconds)
        return {"columns": ["of another"]}


class World:
    """A scorer with all around it. Each of its processes is initialised."""

    def __init__(self, root: Path, *processes: ScriptedProcess, columns: Columns | None = None, **options: Any) -> None:
        for process in processes:
            process.answers.insert(0, READY)
        self.processes, self.start = processes, Starter(*processes)
        self.logs: Any = Logs()
        self.spec = spec(**options)
        self.slot = ProcessSlot(
            0,
            command(),
            ProcessFolders(root / "process000"),
            init_timeout=30,
            start=self.start,
            logs=self.logs,
            warm=WarmProcesses(),
        )
        self.columns = columns or Columns()
        self.scorer = self.next_scorer()
        self.scored = 0

    def next_scorer(self) -> MiniBatchScorer:
        columns: Any = self.columns
        return MiniBatchScorer(self.slot, self.spec, columns, self.logs)

    async def score(self, *names: str, missing: Sequence[str] = ()) -> MiniBatchResult:
        files = [
            LocalFile(name, problem=OSError("disk  full")) if name in missing else LocalFile(name, f"/in/{name}")
            for name in names
        ]
        return await self.scorer.score(MiniBatch(7, names), files, self._count)

    def _count(self) -> None:
        self.scored += 1


def failed_items(result: MiniBatchResult) -> list[tuple[str, int, str]]:
    return [(error.file, error.attempt, error.error_type) for error in result.errors]


async def test_a_script_scores_the_whole_mini_batch_at_once(tmp_path: Path) -> None:
    process = ScriptedProcess(rows(2, b"1\n2\n"))
    world = World(tmp_path, process)
    result = await world.score("a", "b")
    assert (result.rows, result.succeeded, result.payloads, result.errors) == (2, 2, [b"1\n2\n"], [])
    (sent,) = process.sent
    assert (sent["files"], sent["names"], sent["mini_batch"]) == (["/in/a", "/in/b"], ["a", "b"], 7)
    assert (world.scorer.busy_seconds, world.slot.in_conversation) == (0.5, False)


async def test_an_exception_of_a_script_is_tried_again_on_the_same_process(tmp_path: Path) -> None:
    world = World(tmp_path, ScriptedProcess(FAILED, FAILED, rows(1)))
    result = await world.score("a.csv")
    assert (result.succeeded, result.errors, world.start.started) == (1, [], 1)
    assert "mini-batch 7, try 2 of 3: ValueError: bad (a.csv)" in world.logs.node.lines[-1]
    assert [line.count("Trace") for line in world.logs.errors(0).lines] == [1, 0]


async def test_every_file_of_a_mini_batch_fails_with_its_last_try(tmp_path: Path) -> None:
    result = await World(tmp_path, ScriptedProcess(FAILED, FAILED), tries=2).score("a", "b")
    assert failed_items(result) == [("a", 2, "ValueError"), ("b", 2, "ValueError")]
    assert [error.traceback for error in result.errors] == ["Trace", ""]
    assert (result.rows, result.succeeded, result.failed) == (0, 0, 2)


@pytest.mark.parametrize(
    ("answer", "error_type", "message"),
    [
        (ENDS, "ProcessEndedError", "the scoring process ended with exit code 3 during run()"),
        (BadAnswerError("rubbish"), "BadAnswerError", "the scoring process sent rubbish to its node"),
        (None, "TimeoutError", "run() did not end within the timeout of 0.01 s"),
    ],
    ids=str,
)
async def test_a_process_that_is_lost_is_replaced(tmp_path: Path, answer: Any, error_type: str, message: str) -> None:
    lost = [ScriptedProcess(*([answer] if answer else [])) for _ in range(2)]
    world = World(tmp_path, *lost, ScriptedProcess(rows(1)), timeout=0.01)
    result = await world.score("a")
    assert (result.succeeded, world.start.started) == (1, 3)
    assert [process.is_closed for process in lost] == [True, True]
    assert sum(f"{error_type}: {message}" in line for line in world.logs.node.lines) == 2
    assert not world.slot.in_conversation


async def test_too_few_results_fail_the_rest_without_another_try(tmp_path: Path) -> None:
    result = await World(tmp_path, ScriptedProcess(rows(1))).score("a", "b", "c")
    (error,) = result.errors
    assert (result.succeeded, error.items, error.attempt, error.error_type) == (1, 2, 1, "ShortResult")
    assert "run() returned 1 results for the 3 files of mini-batch 7 (a, b, c)" in error.message


async def test_more_results_than_files_count_as_the_files(tmp_path: Path) -> None:
    result = await World(tmp_path, ScriptedProcess(rows(5))).score("a", "b")
    assert (result.rows, result.succeeded, result.errors) == (5, 2, [])


@pytest.mark.parametrize("script", [True, False])
async def test_a_file_that_is_not_there_fails_and_the_others_are_scored(tmp_path: Path, script: bool) -> None:
    answers = [rows(1)] if script else [of_file(b"row\n"), DONE]
    process = ScriptedProcess(*answers)
    result = await World(tmp_path, process, script=script).score("a", "b", missing=["a"])
    assert (failed_items(result), result.succeeded) == ([("a", 0, "OSError")], 1)
    assert result.errors[0].message == "the file could not be fetched: disk full"
    assert process.sent[0]["names"] == ["b"]


async def test_without_any_file_no_process_is_asked(tmp_path: Path) -> None:
    world = World(tmp_path)
    result = await world.score("a", missing=["a"])
    assert (result.failed, world.start.started) == (1, 0)


async def test_a_model_scores_each_file_and_tries_only_failed_ones_again(tmp_path: Path) -> None:
    process = ScriptedProcess(of_file(b"a\n"), FAILED, of_file(b"c\n"), DONE, of_file(b"b\n"), DONE)
    world = World(tmp_path, process, script=False)
    result = await world.score("a", "b", "c")
    assert result.payloads == [b"a\n", b"b\n", b"c\n"], "in the order of the files"
    assert (result.succeeded, result.rows, result.errors) == (3, 3, [])
    assert [sent["names"] for sent in process.sent] == [["a", "b", "c"], ["b"]]
    assert world.scorer.busy_seconds == 2.0


async def test_a_failure_is_not_counted_before_the_last_try(tmp_path: Path) -> None:
    """The app ends a job with too many failed items as soon as it sees them."""
    process = ScriptedProcess(FAILED, of_file(b"b\n"), DONE, FAILED, DONE, of_file(b"a\n"), DONE)
    world = World(tmp_path, process, script=False)
    result = await world.score("a", "b")
    assert (world.scored, result.succeeded, result.failed) == (2, 2, 0)


async def test_the_file_that_took_the_process_down_is_tried_last(tmp_path: Path) -> None:
    first = ScriptedProcess(of_file(b"a\n"), FAILED, ENDS)
    second = ScriptedProcess(of_file(b"d\n"), of_file(b"b\n"), of_file(b"c\n"), DONE)
    world = World(tmp_path, first, second, script=False)
    result = await world.score("1.csv", "2.csv", "3.csv", "4.csv")
    assert second.sent[0]["names"] == ["4.csv", "2.csv", "3.csv"]
    assert result.payloads == [b"a\n", b"b\n", b"c\n", b"d\n"]
    notes = [line for line in world.logs.node.lines if "try 1 of 3" in line]
    assert any(line.endswith("the model's predict() (3.csv)") for line in notes)
    assert any(
        "not reached: the scoring process ended with exit code 3" in line and "(4.csv)" in line for line in notes
    )


async def test_a_process_that_is_lost_after_its_last_answer_has_lost_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, ScriptedProcess(of_file(b"a\n"), ENDS), script=False)
    result = await world.score("a")
    assert (result.payloads, result.errors, world.start.started) == ([b"a\n"], [], 1)
    assert world.processes[0].is_closed


async def test_a_file_that_always_takes_the_process_down_does_not_harm_the_others(tmp_path: Path) -> None:
    first = ScriptedProcess(ENDS)
    second = ScriptedProcess(of_file(b"b\n"), ENDS)
    world = World(tmp_path, first, second, script=False, tries=2)
    result = await world.score("a", "b")
    assert (result.payloads, failed_items(result)) == ([b"b\n"], [("a", 2, "ProcessEndedError")])


async def test_the_columns_of_the_job_are_told_and_their_time_does_not_count(tmp_path: Path) -> None:
    process = ScriptedProcess(ASKS, rows(1))
    world = World(tmp_path, process, columns=Columns(0.05), timeout=0.04)
    result = await world.score("a")
    assert (result.succeeded, world.columns.asked) == (1, [{"columns": ["a"]}])
    assert process.sent[-1] == {"type": "columns", "agreed": {"columns": ["of another"]}}


async def test_the_timeout_holds_for_all_files_of_a_mini_batch_together(tmp_path: Path) -> None:
    class Slow(ScriptedProcess):
        async def receive(self, *kinds: str) -> Answer:
            answer = await super().receive(*kinds)
            await asyncio.sleep(0.02 if answer[0]["type"] == "file" else 0)
            return answer

    world = World(tmp_path, Slow(*[of_file(b"x\n")] * 9, DONE), script=False, tries=1, timeout=0.1)
    result = await world.score(*"abcdefghi")
    assert 0 < result.succeeded < 6
    assert {error.error_type for error in result.errors} == {"TimeoutError"}


async def test_a_cancelled_mini_batch_leaves_a_process_that_must_be_killed(tmp_path: Path) -> None:
    world = World(tmp_path, ScriptedProcess())
    scoring = asyncio.create_task(world.score("a"))
    while not world.processes[0].sent:  # noqa: ASYNC110 (a state of the class under test)
        await asyncio.sleep(0)
    scoring.cancel()
    await asyncio.wait({scoring})
    assert scoring.cancelled()
    assert world.slot.in_conversation
    await world.slot.release(kill=False)
    assert not world.processes[0].is_running


async def test_what_cannot_be_agreed_is_no_fault_of_the_process(tmp_path: Path) -> None:
    class Unavailable(Columns):
        async def agree(self, proposed: dict[str, Any]) -> dict[str, Any]:
            raise TimeoutError("storage")

    world = World(tmp_path, ScriptedProcess(ASKS, rows(1)), columns=Unavailable())
    with pytest.raises(TimeoutError, match="storage"):
        await world.score("a")


async def test_the_same_process_agrees_on_columns_anew_in_each_run_of_a_job(tmp_path: Path) -> None:
    """The driver asks once for each `job`; storage may have lost the columns since."""
    process = ScriptedProcess(rows(1), rows(1), rows(1))
    world = World(tmp_path, process)
    await world.score("a")
    await world.score("b")
    world.scorer = world.next_scorer()
    await world.score("a")
    first, second, third = (sent["job"] for sent in process.sent)
    assert first == second != third
