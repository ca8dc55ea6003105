"""Invoking an endpoint: everything that can be checked is checked, then the job exists and its message is sent."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
from shared.jobs.store import JobStore, checked_size
from shared.jobs.submission.inputs import find_input
from shared.jobs.submission.output_place import take_place
from shared.jobs.submission.repetition import differences
from shared.jobs.submission.reservations import Reservations
from shared.observability import names
from shared.observability.tracing import carried, job_ids, span
from shared.signatures import check_webhooks
from shared.storage.blobs import DEFAULT_DATASTORE
from shared.storage.queues import send

_REQUEST_NAMESPACE = uuid.UUID("0b7c5f4e-51c3-5a0f-8f5d-5a2f4c9d6e11")


@dataclass(frozen=True)
class Invocation:
    """A request to score data."""

    endpoint: str
    body: InvokeProperties
    raw_body: dict[str, Any]
    """`properties` as they came, for the answer's echo."""
    deployment: str | None = None
    """From the header `azureml-model-deployment`; the endpoint's default when absent."""
    request_id: str = ""
    """From the header `repeatability_request-id`: the same id gives the same job."""
    caller: str = ""
    is_event: bool = False
    """The name stands for one event: whatever comes under it again is the same request."""
    trace: Mapping[str, str] = field(default_factory=dict)
    """The caller's trace, as W3C headers; a new one begins when it has none."""

    @property
    def job_name(self) -> str:
        """The name asked for, else one that repeats with the request id, else a new one."""
        if self.body.name:
            return JOB_NAME.check(self.body.name)
        if self.request_id:
            seed = f"{self.endpoint.lower()}/{self.request_id}"
            return f"batchjob-{uuid.uuid5(_REQUEST_NAMESPACE, seed)}"
        return f"batchjob-{uuid.uuid4()}"


def invoke(workspace: Workspace, jobs: JobStore, invocation: Invocation) -> JobDocument:
    """The job of this invocation; a repeated one gets the job that exists.

    An invocation is repeated when its name or request id comes again with the same request: endpoint, named
    deployment and body, as they came.

    Raises ValidationError, NotFoundError, OutputExistsError and ConflictError before anything is left behind.
    """
    name = invocation.job_name
    asked = {names.JOB: name, names.ENDPOINT: invocation.endpoint}
    with span(names.INVOKE, invocation.trace, asked, SpanKind.SERVER) as step:
        job = _invoked(workspace, jobs, invocation, name)
        step.set_attributes(job_ids(job))
        return job


def _invoked(workspace: Workspace, jobs: JobStore, invocation: Invocation, name: str) -> JobDocument:
    if existing := jobs.find(name):
        return _repeated(workspace, existing, invocation)
    deployment = resolve_deployment(workspace, invocation.endpoint, invocation.deployment)
    job = checked_size(_job(workspace, invocation, deployment, name))
    job = take_place(workspace.account, jobs, job)
    try:
        job = jobs.add(job)
    except ConflictError:
        other = jobs.get(name)  # the same request at the same time, or another that took the name
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
        webhooks=_webhooks(workspace, deployment.endpoint, body),
        trace=carried(),
    )


def _webhooks(workspace: Workspace, endpoint: str, body: InvokeProperties) -> dict[str, Webhook]:
    """Those of the endpoint and of the invocation."""
    check_webhooks(workspace.settings, body.notification_setting, "properties.notificationSetting")
    of_endpoint = workspace.endpoints.get(endpoint).document.properties.notification_setting
    return {**of_endpoint.webhooks, **body.notification_setting.webhooks}


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
