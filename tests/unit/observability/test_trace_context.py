import json

import pytest

from shared.jobs.notifications import job_ended
from shared.observability import names
from shared.observability.tracing import carried, job_span, received, span, trace_id
from tests.captured import Captured
from tests.integration.workspace_settings import SETTINGS
from tests.unit.jobs.jobs_for_tests import a_job

pytestmark = pytest.mark.unit

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "tracestate": "vendor=1"}


def test_a_callers_trace_is_taken_and_nothing_else_of_its_headers() -> None:
    assert received({**CALLER, "authorization": "secret"}) == CALLER
    assert trace_id(CALLER) == TRACE


@pytest.mark.parametrize(
    "header", ["", "garbage", f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-b7-01"]
)
def test_a_wrong_header_is_as_none(header: str) -> None:
    assert received({"traceparent": header}) == {}
    assert trace_id({"traceparent": header}) == ""


def test_a_step_belongs_to_the_callers_trace_and_further_steps_to_it(captured: Captured) -> None:
    with span(names.INVOKE, CALLER, {}):
        job = a_job().model_copy(update={"trace": carried()})
    with job_span(names.PLAN, job, "size_work"):
        pass
    invoke, plan = captured.spans()
    assert (f"{invoke.context.trace_id:032x}", f"{invoke.parent.span_id:016x}") == (TRACE, "b7ad6b7169203331")
    assert (plan.context.trace_id, plan.parent.span_id) == (invoke.context.trace_id, invoke.context.span_id)
    assert plan.context.trace_state.get("vendor") == "1"


def test_a_new_trace_begins_when_the_caller_has_none(captured: Captured) -> None:
    with span(names.INVOKE, {}, {}):
        first = carried()
    with span(names.INVOKE, {}, {}):
        second = carried()
    assert len({trace_id(first), trace_id(second), ""}) == 3
    assert all(step.parent is None for step in captured.spans())


def test_a_caller_that_is_not_sampled_is_not_traced_but_its_trace_is_passed_on(captured: Captured) -> None:
    with span(names.INVOKE, {"traceparent": f"00-{TRACE}-b7ad6b7169203331-00"}, {}):
        job = a_job().model_copy(update={"trace": carried()})
    with job_span(names.PLAN, job):
        pass
    assert captured.spans() == []
    assert trace_id(job.trace) == TRACE
    assert job.spec().trace == job.trace


def test_the_receiver_of_a_webhook_can_continue_the_trace() -> None:
    event = json.loads(job_ended(SETTINGS, a_job().model_copy(update={"trace": CALLER}), "ops"))
    assert {name: event[name] for name in CALLER} == CALLER
    assert event["data"]["traceId"] == TRACE


def test_without_telemetry_a_callers_trace_is_passed_on_as_it_came() -> None:
    with span(names.INVOKE, CALLER, {}):
        assert carried() == CALLER
    with span(names.INVOKE, {}, {}):
        assert carried() == {}
