"""Jobs as run history shows them: the root run has the job's name, its child run the job's id."""

import uuid
from typing import Any

from shared.contracts.job import JobDocument, JobStatus
from shared.jobs.outputs import OUTPUT_NAME, output_asset_id
from shared.jobs.resource import BATCH_RUN_TAG
from shared.security.job_links import JobLinks
from shared.settings import Settings

CHILD_NAME = "batchscoring"
"""The name that Azure ML gives to the child run of a batch job."""


def root_run(settings: Settings, links: JobLinks, job: JobDocument) -> dict[str, Any]:
    """The job's root run, a pipeline."""
    return {
        **_common(settings, links, job),
        "runId": job.name,
        "displayName": job.display_name,
        "description": job.description,
        "runType": "azureml.PipelineRun",
        "tags": {**job.tags, BATCH_RUN_TAG: "true"},
        "properties": {
            **job.properties,
            "azureml.endpointname": job.endpoint,
            "azureml.deploymentname": job.deployment,
        },
        "outputs": {},
    }


def child_run(settings: Settings, links: JobLinks, job: JobDocument, output_type: str) -> dict[str, Any]:
    """The job's child run, which has the output once the job has completed."""
    output = {"assetId": output_asset_id(settings, job), "type": output_type}
    return {
        **_common(settings, links, job),
        "runId": job.job_id,
        "parentRunId": job.name,
        "displayName": CHILD_NAME,
        "description": "",
        "runType": "azureml.StepRun",
        "tags": {},
        "properties": {"azureml.moduleName": CHILD_NAME},
        "outputs": {OUTPUT_NAME: output} if job.status is JobStatus.COMPLETED else {},
    }


def run_details(job: JobDocument, run: str, log_files: dict[str, str]) -> dict[str, Any]:
    """What a client follows a run by."""
    started = job.entered.get(JobStatus.RUNNING, job.created)
    return {
        "runId": run,
        "status": job.status,
        "startTimeUtc": started.isoformat(),
        "endTimeUtc": job.ended.isoformat() if job.ended else None,
        "error": _error(job),
        "warnings": [],
        "logFiles": log_files,
    }


def _common(settings: Settings, links: JobLinks, job: JobDocument) -> dict[str, Any]:
    experiment = f"{settings.workspace_id}/experiments/{job.experiment_name}".lower()
    return {
        "rootRunId": job.name,
        "experimentId": str(uuid.uuid5(uuid.NAMESPACE_URL, experiment)),
        "status": job.status,
        "createdUtc": job.created.isoformat(),
        "startTimeUtc": job.created.isoformat(),
        "endTimeUtc": job.ended.isoformat() if job.ended else None,
        "createdBy": {"userName": job.created_by},
        "target": job.compute,
        "compute": {"target": job.compute, "instanceCount": job.settings.instance_count},
        "services": {"Studio": {"type": "Studio", "endpoint": links.page_url(job.name)}},
        "error": _error(job),
        "warnings": [],
        "hidden": False,
    }


def _error(job: JobDocument) -> dict[str, Any] | None:
    if job.failure is None:
        return None
    return {"error": {"code": job.failure.error_type or "JobFailed", "message": job.failure.message}}
