"""Tell webhooks that a job has ended. Each gets a CloudEvent 1.0 at least once, with the same id at each try.

The messages are sent before the job's last state is written, so a crash loses none of them. A message that comes too
early waits. Each failed try sends the message of the next try with a longer delay; after the last try the message is
set aside.
"""

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Any

import urllib3

from shared.contracts.job import Delivery, JobDocument, JobStatus, outcome, output_place
from shared.contracts.messages import JOB_NOTIFICATIONS, NotificationMessage
from shared.contracts.resources import JobEvent, Webhook
from shared.control_plane.workspace import Workspace
from shared.errors import DependencyError, ProductError
from shared.jobs.poison import set_aside
from shared.jobs.store import JobService, JobStore
from shared.outbound import guarded_http
from shared.settings import Settings
from shared.signatures import check_webhook_url, signature_headers, webhook_secret
from shared.storage.account import StorageAccount
from shared.storage.queues import send

log = logging.getLogger(__name__)

RETRY_SECONDS = (5, 30, 300, 1800, 7200, 18_000, 36_000)
"""Delays before the second try and the following ones: eight tries in about 19 hours."""

WAIT_SECONDS = 2
MAX_WAITS = 300
"""After this many waits the message is dropped. Finishing the job again sends new messages."""

EVENT_TYPE = "Microsoft.MachineLearningServices.RunStatusChanged"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

_EVENT_NAMESPACE = uuid.UUID("c1f5a6f0-2f0f-5c39-9d53-7f5b8a0f6a11")

_GONE = 410
_EVENTS = {
    JobStatus.COMPLETED: JobEvent.COMPLETED,
    JobStatus.FAILED: JobEvent.FAILED,
    JobStatus.CANCELED: JobEvent.CANCELLED,
}
_TIMEOUT = urllib3.Timeout(connect=5, read=20)


class _GoneError(DependencyError):
    """The receiver answered 410: it wants no further events."""


def request_notifications(account: StorageAccount, job: JobDocument) -> None:
    """Send a message for each webhook of a job that is about to end."""
    for name in job.webhooks:
        send(account.queues, JOB_NOTIFICATIONS, NotificationMessage(job=job.name, webhook=name))


def notify(service: JobService, message: NotificationMessage) -> None:
    """Call the webhook unless it has the event already. If the call fails, send the message of the next try."""
    workspace, jobs = service.workspace, service.jobs
    job = jobs.find(message.job)
    if job is None or message.webhook not in job.webhooks:
        return  # the job has been purged
    if not job.status.is_terminal:
        _wait(workspace, message)
        return
    webhook = job.webhooks[message.webhook]
    known = job.notifications.get(message.webhook, Delivery())
    if known.state == "Delivered" or webhook.event_type not in {None, _EVENTS[job.status]}:
        return
    try:
        _post(workspace, job, message.webhook, webhook)
    except ProductError as error:
        _failed(service, message, error)
    else:
        _note(jobs, message, "Delivered")


def _wait(workspace: Workspace, message: NotificationMessage) -> None:
    if message.waits < MAX_WAITS:
        later = message.model_copy(update={"waits": message.waits + 1})
        send(workspace.account.queues, JOB_NOTIFICATIONS, later, delay_seconds=WAIT_SECONDS)


def _post(workspace: Workspace, job: JobDocument, name: str, webhook: Webhook) -> None:
    check_webhook_url(workspace.settings, webhook.url, f"webhooks.{name}.url")
    body = job_ended(workspace.settings, job, name)
    secret = webhook_secret(workspace.account.tables, webhook.url)
    headers = signature_headers(secret, event_id(job, name), datetime.now(UTC), body)
    headers |= {"Content-Type": CONTENT_TYPE, "User-Agent": "batch-endpoints"}
    try:
        # Redirects are not followed: they would bypass the check of the URL.
        answer = guarded_http(allow_loopback=workspace.settings.is_on_loopback, timeout=_TIMEOUT).request(
            "POST", webhook.url, body=body, headers=headers, retries=False, redirect=False, preload_content=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise DependencyError(f"webhook {name!r} did not answer: {type(error).__name__}") from error
    answer.close()
    if answer.status == _GONE:
        raise _GoneError(f"webhook {name!r} answered 410: it wants no more events")
    if not 200 <= answer.status < 300:
        raise DependencyError(f"webhook {name!r} answered HTTP status {answer.status}, not 2xx")


def _failed(service: JobService, message: NotificationMessage, error: ProductError) -> None:
    queues, jobs = service.account.queues, service.jobs
    if message.attempt > len(RETRY_SECONDS) or isinstance(error, _GoneError):
        set_aside(queues, JOB_NOTIFICATIONS, "", message.to_text().encode(), error)
        _note(jobs, message, "Failed", error.message)
        return
    log.warning("job %s: %s (try %d)", message.job, error.message, message.attempt)
    _note(jobs, message, "Pending", error.message)
    later = message.model_copy(update={"attempt": message.attempt + 1})
    send(queues, JOB_NOTIFICATIONS, later, delay_seconds=RETRY_SECONDS[message.attempt - 1])


def _note(jobs: JobStore, message: NotificationMessage, state: str, problem: str | None = None) -> None:
    delivery = Delivery.model_validate(
        {"state": state, "attempts": message.attempt, "time": datetime.now(UTC), "problem": problem}
    )

    def change(job: JobDocument) -> JobDocument:
        known = job.notifications.get(message.webhook)
        if known and known.state == "Delivered":
            return job  # by another message of the same webhook, meanwhile
        return job.model_copy(update={"notifications": {**job.notifications, message.webhook: delivery}})

    jobs.change(message.job, change)


def event_id(job: JobDocument, webhook: str) -> str:
    """Return the event's id. It is the same at every try, so a receiver recognizes repetitions."""
    return str(uuid.uuid5(_EVENT_NAMESPACE, f"{job.name}\n{webhook}\n{job.created.isoformat()}"))


def job_ended(settings: Settings, job: JobDocument, webhook: str) -> bytes:
    """Return the event as JSON (structured content mode), of the type that Azure ML's own events have.

    It has no link to the job's page: such a link carries a ticket, which receivers do not need. `traceparent` and
    `tracestate` are CloudEvents' extension for distributed tracing.
    """
    event = {
        "specversion": "1.0",
        "id": event_id(job, webhook),
        "source": settings.workspace_id,
        "type": EVENT_TYPE,
        "subject": f"experiments/{job.experiment_name}/runs/{job.name}",
        "time": (job.ended or job.created).isoformat(),
        "datacontenttype": "application/json",
        **job.trace,
        "data": _data(settings, job),
    }
    return json.dumps(event, separators=(",", ":")).encode()


def _data(settings: Settings, job: JobDocument) -> dict[str, Any]:
    return {
        "experimentName": job.experiment_name,
        "runId": job.name,
        "runType": "azureml.batchjob",
        "runStatus": job.status,
        "runTags": job.tags,
        "runProperties": job.properties,
        "jobId": f"{settings.workspace_id}/jobs/{job.name}",
        "endpoint": job.endpoint,
        "deployment": job.deployment,
        "output": output_place(job),
        **outcome(job),
    }
