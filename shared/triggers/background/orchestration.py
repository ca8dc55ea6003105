"""The durable orchestration of a job: phases only, never mini-batches (docs/decisions/0002).

It is deterministic: every decision comes with an activity's answer. An activity answers with `failure` if the job must
fail. If it still raises an exception after its retries, the orchestration ends, and the reconciliation starts it again
from the state of the ledger.
"""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from shared.contracts.job import JobStatus
from shared.jobs.phases.plan import TASKS_PER_CALL
from shared.jobs.phases.watch import Action

ORCHESTRATOR = "batch_job"

NUDGE = "nudge"
"""The event that makes the watch look at once."""

SHUTDOWN_LIMIT = timedelta(minutes=2)
"""A node gives a script's `shutdown()` half a minute, and then uploads the files that it wrote."""

SHUTDOWN_LOOK = timedelta(seconds=1)

RETRIES = df.RetryOptions(first_retry_interval_in_milliseconds=3_000, max_number_of_attempts=6)
"""Storage may be away for a moment: a restarted Azurite needs a few seconds."""

blueprint = df.Blueprint()

Steps = Generator[Any, Any, Any]


class _Ended(Exception):  # noqa: N818 - it ends the phases and is not an error
    """The job reached its end in the middle of a phase."""

    def __init__(self, status: JobStatus, failure: dict[str, Any] | None = None) -> None:
        self.status = status
        self.failure = failure


@blueprint.orchestration_trigger(context_name="context")
def batch_job(context: df.DurableOrchestrationContext) -> Steps:
    """Run one job; its input is `{"job": name}`, with `phase` and `memory` when it goes on watching."""
    state: dict[str, Any] = context.get_input()
    job = state["job"]
    try:
        if state.get("phase") == "watch":
            memory = yield from _watch(context, job, state["memory"])
        else:
            memory = yield from _plan_and_allocate(context, job)
        context.continue_as_new({"job": job, "phase": "watch", "memory": memory})
    except _Ended as end:
        yield from _finish(context, {"job": job, "status": end.status, "failure": end.failure})


def _watch(context: df.DurableOrchestrationContext, job: str, memory: dict[str, Any]) -> Steps:
    """Look once and wait for news. End the job once the output is merged."""
    look = yield from _call(context, "watch_job", job, memory=memory)
    if look["action"] == Action.MERGE:
        merged = yield from _call(context, "merge_output", job)
        if merged["complete"]:
            raise _Ended(JobStatus.COMPLETED)
    yield from _wait_for_news(context, look["seconds"])
    return look["memory"]


def _plan_and_allocate(context: df.DurableOrchestrationContext, job: str) -> Steps:
    """Divide the work, then enqueue it and ask for nodes at the same time: machines take longer than tasks."""
    listing: dict[str, Any] = {}
    while not listing.get("done"):
        listing = yield from _call(context, "list_inputs", job, listing=listing)
    sized = yield from _call(context, "size_work", job, files=listing["files"])
    starts = range(0, sized["tasks"], TASKS_PER_CALL)
    enqueued = [_activity(context, "enqueue_tasks", {"job": job, "first": first}) for first in starts]
    *_, allocated = yield context.task_all([*enqueued, _activity(context, "allocate_nodes", {"job": job})])
    _check(allocated)
    return {}


def _finish(context: df.DurableOrchestrationContext, end: dict[str, Any]) -> Steps:
    """Bring the job to its end, after its nodes have called the script's `shutdown()` and nudged."""
    deadline = context.current_utc_datetime + SHUTDOWN_LIMIT
    while (yield _activity(context, "finish_job", end)).get("waiting"):
        yield from _wait_for_news(context, SHUTDOWN_LOOK.total_seconds())
        if context.current_utc_datetime >= deadline:
            end = {**end, "patient": False}


def _wait_for_news(context: df.DurableOrchestrationContext, seconds: float) -> Steps:
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
    winner = yield context.task_any([context.wait_for_external_event(NUDGE), timer])
    if winner != timer:
        timer.cancel()


def _call(context: df.DurableOrchestrationContext, activity: str, job: str, **values: Any) -> Steps:
    """Return the activity's answer. Raise _Ended if it says that the job is canceled or fails."""
    answer: dict[str, Any] = yield _activity(context, activity, {"job": job, **values})
    _check(answer)
    return answer


def _check(answer: dict[str, Any]) -> None:
    if answer.get("canceled"):
        raise _Ended(JobStatus.CANCELED)
    if answer.get("failure"):
        raise _Ended(JobStatus.FAILED, answer["failure"])


def _activity(context: df.DurableOrchestrationContext, name: str, value: dict[str, Any]) -> Any:
    return context.call_activity_with_retry(name, RETRIES, value)
