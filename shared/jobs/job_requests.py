"""What comes on `job-requests`: names of jobs that exist already, and invocations of other systems."""

from typing import Any

from shared.contracts.invoke import InvokeProperties
from shared.contracts.job import JobDocument
from shared.contracts.messages import JOB_REQUESTS, InvokeMessage, JobRequest
from shared.contracts.names import JOB_NAME
from shared.contracts.parsing import parse_model
from shared.contracts.strict_json import read_json
from shared.control_plane.workspace import Workspace
from shared.errors import ProductError, ValidationError
from shared.jobs.invoke import Invocation, invoke
from shared.jobs.poison import is_final, set_aside
from shared.jobs.store import JobStore
from shared.observability.trace_context import received

CALLER = "queue job-requests"
"""Who made a job that a message asked for: the right to send the message is the right to invoke."""


def accept(workspace: Workspace, jobs: JobStore, body: bytes, message_id: str) -> JobRequest | None:
    """The job whose orchestration is to be started now.

    None for an invocation, which sends such a request itself, and for a message that was set aside because it can
    never work. Raises the errors that may be over at the next delivery.
    """
    try:
        content = message_object(body)
        if "job" in content:
            request = parse_model(JobRequest, content, prefix="")
            JOB_NAME.check(request.job)
            return request
        invoke_by_message(workspace, jobs, parse_model(InvokeMessage, content, prefix=""), message_id)
    except ProductError as error:
        if not is_final(error):
            raise
        set_aside(workspace.account.queues, JOB_REQUESTS, message_id, body, error)
    return None


def invoke_by_message(
    workspace: Workspace,
    jobs: JobStore,
    message: InvokeMessage,
    message_id: str,
    caller: str = CALLER,
    *,
    is_event: bool = False,
) -> JobDocument:
    """The job that a message asks for; a message that comes again gets the job that exists."""
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
    return invoke(workspace, jobs, invocation)


def message_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a message is; raises ValidationError."""
    content = read_json(body, "the message")
    if not isinstance(content, dict):
        raise ValidationError("the message is not a JSON object; send one")
    return content
