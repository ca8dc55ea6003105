"""The activities of the orchestration. Each calls one phase and returns its answer as JSON."""

from typing import Any

import azure.durable_functions as df

from shared.contracts.job import JobStatus
from shared.contracts.progress import JobFailure
from shared.errors import ProductError
from shared.jobs.phases.plan import Listing
from shared.jobs.phases.watch import Action, WatchMemory
from shared.jobs.poison import PASSING
from shared.triggers.wiring import application

blueprint = df.Blueprint()

Answer = dict[str, Any]


@blueprint.activity_trigger(input_name="request")
def list_inputs(request: Answer) -> Answer:
    """List the next input files of a job."""
    job = application().jobs.get(request["job"])
    if job.status is JobStatus.CANCEL_REQUESTED:
        return {"canceled": True}
    try:
        listing = application().phases.list_inputs(job.name, Listing(**request["listing"]))
    except ProductError as error:
        return _failed("plan", error)
    return {"files": listing.files, "marker": listing.marker, "done": listing.done}


@blueprint.activity_trigger(input_name="request")
def size_work(request: Answer) -> Answer:
    """Divide the work of a job into tasks."""
    try:
        return {"tasks": application().phases.size_work(request["job"], request["files"])}
    except ProductError as error:
        return _failed("plan", error)


@blueprint.activity_trigger(input_name="request")
def enqueue_tasks(request: Answer) -> Answer:
    """Enqueue a shard of a job's tasks."""
    application().phases.enqueue_tasks(request["job"], request["first"])
    return {}


@blueprint.activity_trigger(input_name="request")
def allocate_nodes(request: Answer) -> Answer:
    """Ask for the nodes of a job."""
    try:
        application().phases.allocate(request["job"])
    except ProductError as error:
        return _failed("allocate", error)
    return {}


@blueprint.activity_trigger(input_name="request")
def watch_job(request: Answer) -> Answer:
    """Look at a running job once."""
    look = application().phases.watch(request["job"], WatchMemory.model_validate(request["memory"]))
    return {
        "action": look.action,
        "canceled": look.action is Action.CANCEL,
        "failure": look.failure.model_dump(mode="json") if look.failure else None,
        "memory": look.memory.model_dump(mode="json"),
        "seconds": look.next_look.total_seconds(),
    }


@blueprint.activity_trigger(input_name="request")
def merge_output(request: Answer) -> Answer:
    """Make the output of a job appear."""
    try:
        merged = application().phases.merge(request["job"])
    except ProductError as error:
        return _failed("merge", error)
    return {
        "complete": merged.complete,
        "failure": merged.failure.model_dump(mode="json") if merged.failure else None,
    }


@blueprint.activity_trigger(input_name="request")
def finish_job(request: Answer) -> Answer:
    """Bring a job to its terminal state, unless its nodes still have to shut down its script."""
    failure = JobFailure.model_validate(request["failure"]) if request["failure"] else None
    status, patient = JobStatus(request["status"]), request.get("patient", True)
    ended = application().phases.finish(request["job"], status, failure, patient=patient)
    return {} if ended else {"waiting": True}


def _failed(step: str, error: ProductError) -> Answer:
    if isinstance(error, PASSING):
        raise error  # the orchestration tries again
    failure = JobFailure(step=step, message=error.message, error_type=error.code)
    return {"failure": failure.model_dump(mode="json")}
