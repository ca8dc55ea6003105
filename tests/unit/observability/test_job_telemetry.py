import pytest
from opentelemetry.trace import StatusCode

from scorer_container.node.held import HeldTask
from scorer_container.node.storage.queue import Received
from scorer_container.node.tasks.results import ItemError, MiniBatchResult, TaskResult
from scorer_container.node.tasks.scored import ScoredTask
from scorer_container.node.tasks.telemetry import JobTelemetry
from shared.contracts.messages import TaskMessage
from shared.contracts.progress import JobFailure
from shared.observability import names
from tests.captured import Captured
from tests.unit.jobs.jobs_for_tests import a_job
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

SUCCESS = MiniBatchResult(rows=1, succeeded=1)
FAILURE = MiniBatchResult(errors=[ItemError(0, 3, "ValueError", "not a number", "a.csv")])


@pytest.fixture
def telemetry(captured: Captured) -> JobTelemetry:
    job = a_job().model_copy(update={"trace": {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}})
    return JobTelemetry(job.spec())


def a_task(mini_batches: int) -> HeldTask:
    text = TaskMessage(task=4, first_mini_batch=0, mini_batches=mini_batches).model_dump_json()
    return HeldTask(None, Received("id", "receipt", 1, text), 0, 30, print)  # type: ignore[arg-type] # no call is made


def score(telemetry: JobTelemetry, results: list[MiniBatchResult]) -> ScoredTask:
    async def scored() -> ScoredTask:
        held, result = a_task(len(results)), TaskResult()
        trace = telemetry.task_begins(held)
        for number, one in enumerate(results):
            await result.add(one)
            telemetry.mini_batch_ends(trace, number, one, 0.5)
        return ScoredTask("0123abcd", held, result, None, trace, 1.0)  # type: ignore[arg-type] # no file is uploaded

    return run(scored())


def test_a_task_is_a_step_of_the_job_and_its_mini_batches_are_steps_of_it(telemetry, captured) -> None:
    telemetry.task_completed(score(telemetry, [SUCCESS, FAILURE]))
    good, bad, task = captured.spans()
    assert (f"{task.context.trace_id:032x}", f"{task.parent.span_id:016x}") == ("a" * 32, "b" * 16)
    assert [step.parent.span_id for step in (good, bad)] == [task.context.span_id] * 2
    assert task.attributes[names.TASK_NUMBER] == good.attributes[names.TASK_NUMBER] == 4
    assert task.attributes[names.JOB] == "nightly"
    assert (task.attributes["batch.succeeded"], task.attributes["batch.failed"]) == (1, 1)
    assert good.end_time - good.start_time == 500_000_000
    assert (bad.status.status_code, bad.status.description) == (StatusCode.ERROR, "ValueError: not a number")


def test_completed_tasks_and_their_items_are_counted(telemetry, captured) -> None:
    telemetry.task_completed(score(telemetry, [SUCCESS, SUCCESS, FAILURE]))
    labels = (("compute", "cpu-cluster"), ("deployment", "v1"), ("endpoint", "heart"))
    assert captured.points(names.TASKS_COMPLETED)[labels].value == 1
    assert captured.points(names.ITEMS)[(*labels, ("outcome", "succeeded"))].value == 2
    assert captured.points(names.ITEMS)[(*labels, ("outcome", "failed"))].value == 1
    assert (captured.points(names.MINI_BATCH_DURATION)[labels].count) == 3


def test_a_task_of_a_thousand_mini_batches_shows_the_first_ones_and_some_that_failed(telemetry, captured) -> None:
    telemetry.task_completed(score(telemetry, [SUCCESS] * 500 + [FAILURE] * 500))
    shown = [step.attributes["batch.mini_batch"] for step in captured.spans(names.MINI_BATCH)]
    assert shown == [*range(4), *range(500, 504)]


def test_a_task_that_is_given_back_says_so_and_is_not_counted(telemetry, captured) -> None:
    task = score(telemetry, [SUCCESS])
    task.trace.ends(task.result, "given back")
    task.trace.ends(task.result)
    (step,) = captured.spans(names.TASK)
    assert (step.status.status_code, step.status.description) == (StatusCode.ERROR, "given back")
    assert captured.points(names.TASKS_COMPLETED) == {}


def test_a_preparation_ends_once_and_with_its_failure(telemetry, captured) -> None:
    preparing = telemetry.preparing()
    preparing.ends(JobFailure(step="environment", message="no such package"))
    preparing.ends()
    (step,) = captured.spans(names.PREPARE)
    assert (step.status.status_code, step.status.description) == (StatusCode.ERROR, "no such package")
