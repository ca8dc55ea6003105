"""Queue and timer triggers. Queues start jobs, nudge their watches, notify webhooks and purge; timers do the upkeep."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.core.exceptions import AzureError

from shared.contracts.messages import (
    BLOB_EVENTS,
    JOB_NOTIFICATIONS,
    JOB_NUDGES,
    JOB_REQUESTS,
    PURGE_REQUESTS,
    JobNudge,
    NotificationMessage,
    PurgeRequest,
)
from shared.errors import as_problem, isolated
from shared.jobs.automation.blob_events import accept_blob_event
from shared.jobs.automation.schedules import run_due_schedules
from shared.jobs.notifications import notify
from shared.jobs.poison import set_aside
from shared.jobs.submission.requests import accept, start_orchestration
from shared.jobs.upkeep.purge import purge_job
from shared.jobs.upkeep.reconcile import reconcile
from shared.observability import names
from shared.observability.measurements import note_poison_message
from shared.observability.tracing import scope
from shared.storage.account import CONNECTION_SETTING, StorageAccount
from shared.triggers.background.orchestration import NUDGE, ORCHESTRATOR
from shared.triggers.wiring import application

log = logging.getLogger(__name__)

blueprint = df.Blueprint()

MAX_DELIVERIES = 5
"""`extensions.queues.maxDequeueCount` of host.json. After that many deliveries the host sets the message aside."""


@blueprint.queue_trigger(arg_name="message", queue_name=JOB_REQUESTS, connection=CONNECTION_SETTING)
@blueprint.durable_client_input(client_name="client")
async def on_job_request(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Start the orchestration of an invoked job, or invoke an endpoint for another system."""
    app = application()
    with delivered(app.account, JOB_REQUESTS, message):
        request = await asyncio.to_thread(accept, app, message.get_body(), message.id or "")
        if request:
            with scope({names.JOB: request.job}):
                await start_orchestration(app.jobs, DurableOrchestrations(client), request.job)


@blueprint.queue_trigger(arg_name="message", queue_name=JOB_NUDGES, connection=CONNECTION_SETTING)
@blueprint.durable_client_input(client_name="client")
async def on_job_nudge(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Pass a node's nudge to the orchestration. Do nothing if the orchestration has ended."""
    with delivered(application().account, JOB_NUDGES, message):
        nudge = JobNudge.model_validate_json(message.get_body())
        await DurableOrchestrations(client).nudge(nudge.job)


@blueprint.queue_trigger(arg_name="message", queue_name=JOB_NOTIFICATIONS, connection=CONNECTION_SETTING)
def on_job_notification(message: func.QueueMessage) -> None:
    """Tell a webhook that a job has ended."""
    with delivered(application().account, JOB_NOTIFICATIONS, message):
        notification = NotificationMessage.model_validate_json(message.get_body())
        with scope({names.JOB: notification.job}):
            notify(application(), notification)


@blueprint.queue_trigger(arg_name="message", queue_name=BLOB_EVENTS, connection=CONNECTION_SETTING)
def on_blob_event(message: func.QueueMessage) -> None:
    """Start the jobs of the triggers that watch a new blob."""
    app = application()
    with delivered(app.account, BLOB_EVENTS, message):
        accept_blob_event(app, message.get_body(), message.id or "")


@blueprint.queue_trigger(arg_name="message", queue_name=PURGE_REQUESTS, connection=CONNECTION_SETTING)
@blueprint.durable_client_input(client_name="client")
async def on_purge_request(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Remove the remains of a job that ended long ago."""
    app = application()
    with delivered(app.account, PURGE_REQUESTS, message):
        request = PurgeRequest.model_validate_json(message.get_body())
        with scope({names.JOB: request.job}):
            await purge_job(app.account, app.jobs, DurableOrchestrations(client), request)


@blueprint.timer_trigger(arg_name="timer", schedule="*/10 * * * * *", use_monitor=False)
def scale_computes(timer: func.TimerRequest) -> None:
    """Bring every compute to its desired size. A problem with one does not hold up the others."""
    for limits in application().computes():
        with isolated(f"compute {limits.compute}"):
            application().scaling.try_to_scale(limits)
        with isolated(f"the census of compute {limits.compute}"):
            application().census.take(limits.compute)


@blueprint.timer_trigger(arg_name="timer", schedule="*/10 * * * * *", use_monitor=False)
def run_schedules(timer: func.TimerRequest) -> None:
    """Start the jobs that are due by schedule."""
    run_due_schedules(application(), datetime.now(UTC))


@blueprint.timer_trigger(arg_name="timer", schedule="30 * * * * *", use_monitor=False)
@blueprint.durable_client_input(client_name="client")
async def reconcile_jobs(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Resume jobs that lost their orchestration, and remove queues and reservations without a job."""
    app = application()
    await reconcile(app.account, app.jobs, DurableOrchestrations(client))


@contextmanager
def delivered(account: StorageAccount, queue: str, message: func.QueueMessage) -> Iterator[None]:
    """Handle a message of `queue` inside. If the last try fails, put the message on the poison queue with the reason.

    If that fails too, the host sets the message aside, without a reason.
    """
    try:
        yield
    except Exception as error:
        if (message.dequeue_count or 0) < MAX_DELIVERIES:
            raise
        log.exception("message %s of %s failed at its last try", message.id, queue)
        try:
            set_aside(account.queues, queue, message.id or "", message.get_body(), as_problem(error))
        except AzureError:
            note_poison_message(queue)
            raise error from None


_ALIVE = {
    df.OrchestrationRuntimeStatus.Pending,
    df.OrchestrationRuntimeStatus.Running,
    df.OrchestrationRuntimeStatus.Suspended,
    df.OrchestrationRuntimeStatus.ContinuedAsNew,
}


class DurableOrchestrations:
    """Implements `shared.jobs.submission.requests.Orchestrations`."""

    def __init__(self, client: df.DurableOrchestrationClient) -> None:
        """Wrap the `client` of the current function call."""
        self._client = client

    async def is_alive(self, job: str) -> bool:
        """Return whether the job has an orchestration that has not ended."""
        status = await self._client.get_status(job)
        return bool(status) and status.runtime_status in _ALIVE

    async def start(self, job: str, start_input: dict[str, Any]) -> None:
        """Start the orchestration of a job. Raise an error if one is alive."""
        await self._client.start_new(ORCHESTRATOR, instance_id=job, client_input=start_input)

    async def nudge(self, job: str) -> None:
        """Make the watch of a job look now. Do nothing if its orchestration has ended."""
        if await self.is_alive(job):
            await self._client.raise_event(job, NUDGE, True)

    async def forget(self, job: str) -> None:
        """Remove the history of the job's orchestration if it has ended."""
        await self._client.purge_instance_history(job)
