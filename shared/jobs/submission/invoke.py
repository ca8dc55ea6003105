"""Invoke an endpoint: check everything that can be checked, then store the job and send its message."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from opentelemetry.trace import SpanKind

from shared.contracts.invoke import (
    InvokeProperties,
    asks_for_a_file,
    environment_variables,
    merged_settings,
    placed_output,
)
from shared.contracts.job import JobDocument
from shared.contracts.job_spec import Location, OutputSpec
from shared.contracts.messages import JOB_REQUESTS, JobRequest
from shared.contracts.names import JOB_NAME, check_blob_name, default_output_path, job_id
from shared.contracts.resources import Webhook
from shared.control_plane.assets.locations import resolve_datastore, resolve_uri
from shared.control_plane.endpoints.resolution import ResolvedDeployment, input_location, resolve_deployment
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, ValidationError
from shared.jobs.store import JobService, checked_size
from shared.jobs.submission.inputs import find_input
from shared.jobs.submission.output_place import Reservations, take_place
from shared.observability import names
from shared.observability.tracing import carried, job_ids, span
from shared.signatures import check_webhooks
from shared.storage.blobs import DEFAULT_DATASTORE
from shared.storage.queues import send

_REQUEST_NAMESPACE = uuid.UUID("0b7c5f4e-51c3-5a0f-8f5d-5a2f4c9d6e11")

_MEMBERS_SHOWN = 5
"""Different members of two bodies that a message names."""


@dataclass(frozen=True)
class Invocation:
    """A request to score data."""

    endpoint: str
    body: InvokeProperties
    raw_body: dict[str, Any]
    """`properties` exactly as received. Answers repeat them."""
    deployment: str | None = None
    """From the header `azureml-model-deployment`. None: the endpoint's default."""
    request_id: str = ""
    """From the header `repeatability_request-id`. The same id gives the same job."""
    caller: str = ""
    is_event: bool = False
    """Whether the job's name stands for one event. Then every request under it counts as the same request."""
    trace: Mapping[str, str] = field(default_factory=dict)
    """The caller's trace as W3C headers. Empty: a new trace begins."""

    @property
    def job_name(self) -> str:
        """Return the requested name, or a name made from the request id, or a new name."""
        if self.body.name:
            return JOB_NAME.check(self.body.name)
        if self.request_id:
            seed = f"{self.endpoint.lower()}/{self.request_id}"
            return f"batchjob-{uuid.uuid5(_REQUEST_NAMESPACE, seed)}"
        return f"batchjob-{uuid.uuid4()}"


def invoke(service: JobService, invocation: Invocation) -> JobDocument:
    """Create the job of this invocation and return it; return the existing job if the invocation is a repetition.

    An invocation is a repetition if an earlier one had the same name or request id and the same endpoint, named
    deployment and body.

    Raises ValidationError, NotFoundError, OutputExistsError or ConflictError, and then leaves nothing behind.
    """
    name = invocation.job_name
    asked = {names.JOB: name, names.ENDPOINT: invocation.endpoint}
    with span(names.INVOKE, invocation.trace, asked, SpanKind.SERVER) as step:
        job = _invoked(service, invocation, name)
        step.set_attributes(job_ids(job))
        return job


def _invoked(service: JobService, invocation: Invocation, name: str) -> JobDocument:
    workspace, jobs = service.workspace, service.jobs
    if existing := jobs.find(name):
        return _repeated(workspace, existing, invocation)
    deployment = resolve_deployment(workspace, invocation.endpoint, invocation.deployment)
    job = checked_size(_job(workspace, invocation, deployment, name))
    job = take_place(workspace.account, jobs, job)
    try:
        job = jobs.add(job)
    except ConflictError:
        other = jobs.get(name)  # the same request came at the same time, or another request took the name
        if (other.output.folder, other.output.file_path) != (job.output.folder, job.output.file_path):
            Reservations(workspace.account, jobs).release(job.output, job.name)
        return _repeated(workspace, other, invocation)
    _request(workspace, job)
    return job


def _repeated(workspace: Workspace, job: JobDocument, invocation: Invocation) -> JobDocument:
    different = differences(job, invocation.endpoint, invocation.deployment, invocation.raw_body)
    if different and not invocation.is_event:
        key = f"job name {job.name!r}" if invocation.body.name else f"request id {invocation.request_id!r}"
        raise ConflictError(
            f"{key} is taken by job {job.name!r} of another request (different: {', '.join(different)}); repeat that "
            "request as it was, or use another name and request id",
            target="name" if invocation.body.name else "repeatability_request-id",
        )
    if not job.entered:
        _request(workspace, job)
    return job


def _request(workspace: Workspace, job: JobDocument) -> None:
    send(workspace.account.queues, JOB_REQUESTS, JobRequest(job=job.name))


def _job(workspace: Workspace, invocation: Invocation, deployment: ResolvedDeployment, name: str) -> JobDocument:
    body = invocation.body
    settings = merged_settings(deployment.settings, body, deployment.max_instances)
    folder = _output_folder(workspace, body, job_id(name))
    return JobDocument(
        name=name,
        job_id=job_id(name),
        endpoint=deployment.endpoint,
        deployment=deployment.deployment,
        compute=deployment.compute,
        display_name=body.display_name or name,
        description=body.description or "",
        experiment_name=body.experiment_name or body.properties.get("experimentName") or deployment.endpoint,
        tags=body.tags,
        properties=body.properties,
        request_id=invocation.request_id,
        request_body=invocation.raw_body,
        request_deployment=invocation.deployment or "",
        created_by=invocation.caller,
        created=datetime.now(UTC),
        model=deployment.model,
        code=deployment.code,
        environment=deployment.environment,
        environment_variables={**deployment.environment_variables, **environment_variables(body)},
        settings=settings,
        input=find_input(workspace.account, input_location(workspace, body)),
        output=_output(folder, settings.output_file_name, is_file=asks_for_a_file(body)),
        webhooks={**deployment.webhooks, **_webhooks(workspace, body)},
        trace=carried(),
    )


def _webhooks(workspace: Workspace, body: InvokeProperties) -> dict[str, Webhook]:
    """Return the invocation's own webhooks; raise ValidationError for a URL that the service must not call."""
    setting = body.notification_setting
    if setting.webhooks:
        check_webhooks(workspace.settings, setting, "properties.notificationSetting")
    return setting.webhooks


def _output_folder(workspace: Workspace, body: InvokeProperties, child_run: str) -> Location:
    default = default_output_path(child_run)
    if body.output_dataset:
        datastore = body.output_dataset.datastore_id or DEFAULT_DATASTORE
        path = body.output_dataset.path or default
        return _writable(
            resolve_datastore(workspace, datastore.removeprefix("azureml:").strip(), path, "outputDataset.datastoreId"),
            "outputDataset.datastoreId",
            datastore,
        )
    output = placed_output(body)
    if output is None:
        return resolve_datastore(workspace, DEFAULT_DATASTORE, default)
    location = resolve_uri(workspace, output.folder_uri, "outputData.uri")
    return _writable(location, "outputData.uri", output.uri or "")


def _writable(location: Location, field: str, value: str) -> Location:
    if location.kind != "blob_folder" or location.credential == "anonymous":
        raise ValidationError(
            f"{field} {value!r} is not valid: use a path in a registered blob datastore, such as "
            f"azureml://datastores/{DEFAULT_DATASTORE}/paths/<folder>/<file>",
            target=field,
        )
    return location


def _output(folder: Location, file_name: str, *, is_file: bool) -> OutputSpec:
    output = OutputSpec(folder=folder, file_name=file_name, is_file=is_file)
    for path in (output.file_path, output.errors_path):
        check_blob_name(path, "the output")
    return output


def differences(job: JobDocument, endpoint: str, deployment: str | None, body: dict[str, Any]) -> list[str]:
    """Return the parts in which a request differs from the one that created the job.

    The names of endpoint and deployment are compared without regard to case. The body is compared as received, except
    for the job's name: a request may name the job that a request without a name created.
    """
    named = {"endpoint": (job.endpoint, endpoint), "deployment": (job.request_deployment, deployment or "")}
    found = [part for part, (before, now) in named.items() if before.lower() != now.lower()]
    return [*found, *islice(_different(_unnamed(job.request_body), _unnamed(body), ""), _MEMBERS_SHOWN)]


def _unnamed(body: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in body.items() if member.lower() != "name"}


def _different(before: Any, now: Any, place: str) -> Iterator[str]:
    """Yield the paths of members that are not equal, such as `inputData.data.uri`."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({**before, **now}):
            inner = f"{place}.{name}" if place else name
            if (name in before) != (name in now):
                yield inner
            else:
                yield from _different(before[name], now[name], inner)
    elif before != now or type(before) is not type(now):
        yield place
