import asyncio
import logging

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.trace import SpanKind, StatusCode

from scorer_container.node.scope import in_thread
from shared.errors import ValidationError
from shared.observability import names
from shared.observability.log_records import TelemetryHandler
from shared.observability.tracing import (
    current_ids,
    job_scope,
    job_span,
    scope,
    span,
)
from tests.captured import Captured
from tests.unit.jobs.jobs_for_tests import a_job

pytestmark = pytest.mark.unit

JOB = a_job().model_copy(update={"trace": {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}})
IDS = {names.JOB: "nightly", names.COMPUTE: "cpu-cluster", names.ENDPOINT: "heart", names.DEPLOYMENT: "v1"}


@pytest.fixture
def logged():
    """The log records of a logger of ours, as they are handed on."""
    exporter, provider = InMemoryLogRecordExporter(), LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    handler = TelemetryHandler(provider, at_exit=lambda: None)
    logger = logging.getLogger("shared.test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [data.log_record for data in exporter.get_finished_logs()]
    logger.removeHandler(handler)


log = logging.getLogger("shared.test")


def test_a_step_carries_the_ids_of_its_job_and_so_do_its_log_records(captured: Captured, logged) -> None:
    with job_span(names.MERGE, JOB):
        log.warning("only %d rows", 3)
    log.info("between the jobs")
    (step,) = captured.spans()
    assert dict(step.attributes) == IDS
    inside, outside = logged()
    assert (inside.body, inside.severity_text, inside.span_id) == ("only 3 rows", "WARNING", step.context.span_id)
    assert {key: inside.attributes[key] for key in IDS} == IDS
    assert not IDS.keys() & outside.attributes.keys()
    assert outside.trace_id == 0


def test_an_exception_of_a_step_is_recorded_on_its_span_and_raised(captured: Captured) -> None:
    with pytest.raises(ValueError, match="broken"), job_span(names.MERGE, JOB):
        raise ValueError("broken")
    (step,) = captured.spans()
    assert (step.status.status_code, step.status.description) == (StatusCode.ERROR, "broken")
    assert [event.name for event in step.events] == ["exception"]


def test_a_callers_mistake_fails_no_request_but_the_step_of_a_job(captured: Captured) -> None:
    with pytest.raises(ValidationError), span(names.INVOKE, {}, {}, SpanKind.SERVER):
        raise ValidationError("no such input")
    with pytest.raises(ValidationError), job_span(names.PLAN, JOB):
        raise ValidationError("no such input")
    invoke, plan = captured.spans()
    assert invoke.status.status_code is StatusCode.UNSET
    assert (plan.status.status_code, plan.status.description) == (StatusCode.ERROR, "no such input")
    assert invoke.attributes["error.type"] == plan.attributes["error.type"] == ValidationError("").code
    assert invoke.events == plan.events == ()


def test_a_watched_job_has_records_in_its_trace_but_no_span(captured: Captured, logged) -> None:
    with job_scope(JOB):
        log.info("looks well")
    (record,) = logged()
    assert (f"{record.trace_id:032x}", record.attributes[names.JOB]) == ("a" * 32, "nightly")
    assert captured.spans() == []


def test_the_activities_and_threads_of_a_job_carry_its_ids_and_others_do_not(logged) -> None:
    async def work() -> None:
        async with asyncio.TaskGroup() as beside:
            with job_scope(JOB):
                async with asyncio.TaskGroup() as group:
                    group.create_task(in_thread(log.info, "a thread"))
            beside.create_task(in_thread(log.info, "beside"))

    asyncio.run(work())
    of_job, beside = logged()
    assert (f"{of_job.trace_id:032x}", of_job.attributes[names.JOB]) == ("a" * 32, "nightly")
    assert names.JOB not in beside.attributes
    assert current_ids() == {}


def test_an_exception_goes_with_its_record(logged) -> None:
    with scope({names.TASK_NUMBER: 7}):
        try:
            raise KeyError("x")
        except KeyError:
            log.exception("failed")
    (record,) = logged()
    assert record.attributes[names.TASK_NUMBER] == 7
    assert record.attributes["exception.type"] == "KeyError"
    assert "raise KeyError" in record.attributes["exception.stacktrace"]
