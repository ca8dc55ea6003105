"""Jobs that schedules and blob triggers start."""

from typing import Any

from shared.contracts.job import JobDocument
from shared.contracts.job_starters import EndpointInvocation
from shared.contracts.messages import InvokeMessage
from shared.control_plane.workspace import Workspace
from shared.jobs.job_requests import invoke_by_message
from shared.jobs.store import JobStore


def start_job(
    workspace: Workspace, jobs: JobStore, invocation: EndpointInvocation, *, caller: str, name: str, **members: Any
) -> JobDocument:
    """The job of this name, with further members of its body; the job that exists when it was started before."""
    message = InvokeMessage(
        endpoint=invocation.endpoint,
        deployment=invocation.deployment,
        properties={**invocation.properties, "name": name, **members},
    )
    return invoke_by_message(workspace, jobs, message, "", caller, is_event=True)
