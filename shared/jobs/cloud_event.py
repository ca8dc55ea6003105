"""The end of a job as a CloudEvent 1.0, of the type that Azure ML's own events have."""

import json
import uuid
from typing import Any

from shared.contracts.job import JobDocument, outcome, output_place
from shared.settings import Settings

EVENT_TYPE = "Microsoft.MachineLearningServices.RunStatusChanged"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

_NAMESPACE = uuid.UUID("c1f5a6f0-2f0f-5c39-9d53-7f5b8a0f6a11")


def event_id(job: JobDocument, webhook: str) -> str:
    """The same for every delivery of a job's end to a webhook: receivers know repetitions by it."""
    return str(uuid.uuid5(_NAMESPACE, f"{job.name}\n{webhook}\n{job.created.isoformat()}"))


def job_ended(settings: Settings, job: JobDocument, webhook: str) -> bytes:
    """The event in JSON (structured content mode). It has no link with a ticket: receivers need not see the page.

    `traceparent` and `tracestate` are CloudEvents' extension for distributed tracing.
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
