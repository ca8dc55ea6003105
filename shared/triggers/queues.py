"""Queue triggers: jobs are started, their watches nudged, their ends told to webhooks, old ones purged."""

import asyncio

import azure.durable_functions as df
import azure.functions as func

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
from shared.jobs.blob_events import accept_blob_event
from shared.jobs.job_requests import accept
from shared.jobs.notifications import notify
from shared.jobs.purge import purge_job
from shared.jobs.reconcile import start_orchestration
from shared.observability import names
from shared.observability.scope import scope
from shared.storage.account import CONNECTION_SETTING
from shared.triggers.deliveries import delivered
from shared.triggers.durable_client import DurableOrchestrations
from shared.wiring import application

blueprint = df.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=JOB_REQUESTS, connection=CONNECTION_SETTING)
@blueprint.durable_client_input(client_name="client")
async def on_job_request(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Start the orchestration of a job that was invoked, or invoke an endpoint for a system that sent a message."""
    app = application()
    with delivered(app.account, JOB_REQUESTS, message):
        request = await asyncio.to_thread(accept, app.workspace, app.jobs, message.get_body(), message.id or "")
        if request:
            with scope({names.JOB: request.job}):
                await start_orchestration(app.jobs, DurableOrchestrations(client), request.job)


@blueprint.queue_trigger(arg_name="message", queue_name=JOB_NUDGES, connection=CONNECTION_SETTING)
@blueprint.durable_client_input(client_name="client")
async def on_job_nudge(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Pass a node's nudge on to the orchestration; one that has ended needs none."""
    with delivered(application().account, JOB_NUDGES, message):
        nudge = JobNudge.model_validate_json(message.get_body())
        await DurableOrchestrations(client).nudge(nudge.job)


@blueprint.queue_trigger(arg_name="message", queue_name=JOB_NOTIFICATIONS, connection=CONNECTION_SETTING)
def on_job_notification(message: func.QueueMessage) -> None:
    """Tell a webhook that a job has ended."""
    with delivered(application().account, JOB_NOTIFICATIONS, message):
        notification = NotificationMessage.model_validate_json(message.get_body())
        with scope({names.JOB: notification.job}):
            notify(application().workspace, application().jobs, notification)


@blueprint.queue_trigger(arg_name="message", queue_name=BLOB_EVENTS, connection=CONNECTION_SETTING)
def on_blob_event(message: func.QueueMessage) -> None:
    """Start the jobs of the triggers that watch a new blob."""
    app = application()
    with delivered(app.account, BLOB_EVENTS, message):
        accept_blob_event(app.workspace, app.jobs, message.get_body(), message.id or "")


@blueprint.queue_trigger(arg_name="message", queue_name=PURGE_REQUESTS, connection=CONNECTION_SETTING)
@blueprint.durable_client_input(client_name="client")
async def on_purge_request(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Remove what is left of a job that ended long ago."""
    app = application()
    with delivered(app.account, PURGE_REQUESTS, message):
        request = PurgeRequest.model_validate_json(message.get_body())
        with scope({names.JOB: request.job}):
            await purge_job(app.account, app.jobs, DurableOrchestrations(client), request)
