"""The queue `job-requests`: it carries names of existing jobs, and invocations by other systems."""

import asyncio
import logging
from typing import Any, Protocol

from shared.contracts.automation import EndpointInvocation
from shared.contracts.bodies import parse_model
from shared.contracts.invoke import InvokeProperties
from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.messages import JOB_REQUESTS, InvokeMessage, JobRequest
from shared.contracts.names import JOB_NAME
from shared.contracts.strict_json import read_json
from shared.errors import ProductError, ValidationError
from shared.jobs.poison import is_final, set_aside
from shared.jobs.store import JobService, JobStore
from shared.jobs.submission.invoke import Invocation, invoke
from shared.observability.tracing import received

log = logging.getLogger(__name__)

CALLER = "queue job-requests"
"""The creator of a job that a message asked for. The right to send the message is the right to invoke."""


def accept(service: JobService, body: bytes, message_id: str) -> JobRequest | None:
    """Handle a message; return the job whose orchestration must start now, or None.

    None means one of two things: the message was an invocation, which sends a job request itself, or it can never
    work and was set aside. Errors that the next delivery may not meet are raised.
    """
    try:
        content = message_object(body)
        if "job" in content:
            request = parse_model(JobRequest, content, prefix="")
            JOB_NAME.check(request.job)
            return request
        invoke_by_message(service, parse_model(InvokeMessage, content, prefix=""), message_id)
    except ProductError as error:
        if not is_final(error):
            raise
        set_aside(service.account.queues, JOB_REQUESTS, message_id, body, error)
    return None


def invoke_by_message(
    service: JobService,
    message: InvokeMessage,
    message_id: str,
    caller: str = CALLER,
    *,
    is_event: bool = False,
) -> JobDocument:
    """Create the job that a message asks for and return it; return the existing job for a repeated message."""
    properties = parse_model(InvokeProperties, message.properties)
    request_id = message.request_id or message_id
    invocation = Invocation(
        message.endpoint,
        properties,
        message.properties,
        message.deployment,
        request_id,
        caller,
        is_event,
        received(message.trace),
    )
    return invoke(service, invocation)


def message_object(body: bytes) -> dict[str, Any]:
    """Parse a message as a JSON object. Raise ValidationError if it is not one."""
    content = read_json(body, "the message")
    if not isinstance(content, dict):
        raise ValidationError("the message is not a JSON object; send one")
    return content


class Orchestrations(Protocol):
    """The orchestration engine, as jobs use it. The instance id is the job's name."""

    async def is_alive(self, job: str) -> bool:
        """Return whether the job has an orchestration that has not ended."""
        ...

    async def start(self, job: str, start_input: dict[str, Any]) -> None:
        """Start the orchestration of a job. Raise an error if one is alive."""
        ...

    async def nudge(self, job: str) -> None:
        """Make the watch of a job look now. Do nothing if its orchestration has ended."""
        ...

    async def forget(self, job: str) -> None:
        """Remove the history of the job's orchestration if it has ended."""
        ...


def start_input(job: JobDocument) -> dict[str, Any]:
    """Return the orchestration's input: begin with the plan, or with the watch once the work is sized.

    The watch also leads a job to an end that is decided already.
    """
    if not job.decided and (job.status is JobStatus.NOT_STARTED or job.work is None):
        return {"job": job.name}
    return {"job": job.name, "phase": "watch", "memory": {}}


async def start_orchestration(jobs: JobStore, orchestrations: Orchestrations, name: str) -> None:
    """Start the orchestration of a requested job, unless it is alive or the job has ended."""
    if await orchestrations.is_alive(name):
        return
    job = await asyncio.to_thread(jobs.find, name)  # read the job only now, because an orchestration ends after its job
    if job is None:
        log.error("job request for %r: there is no such job", name)
    elif not job.status.is_terminal:
        await orchestrations.start(name, start_input(job))


def start_job(
    service: JobService, invocation: EndpointInvocation, *, caller: str, name: str, **members: Any
) -> JobDocument:
    """Create the job `name` with further `members` of its body and return it; return the job if it already exists."""
    message = InvokeMessage(
        endpoint=invocation.endpoint,
        deployment=invocation.deployment,
        properties={**invocation.properties, "name": name, **members},
    )
    return invoke_by_message(service, message, "", caller, is_event=True)
