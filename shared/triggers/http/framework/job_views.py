"""A job as the APIs show it: as a job of the data plane, and as a pipeline job of the management API."""

from typing import Any

from shared.compute.scaling import ScalingProblems
from shared.contracts.job import Delivery, JobDocument, JobStatus, outcome, output_place
from shared.contracts.job_spec import blob_uri, without_signature
from shared.contracts.settings import wire_value
from shared.contracts.settings_table import SCORING_SETTINGS, put, wire_keys
from shared.jobs.change import BATCH_RUN_TAG
from shared.settings import Settings
from shared.signatures import JobLinks
from shared.triggers.wiring import Application


def job_resources(application: Application) -> "JobResources":
    """Return the JobResources of an application."""
    return JobResources(application.workspace.settings, application.job_links, application.scaling.problems)


class JobResources:
    """Turns jobs of one workspace into JSON."""

    def __init__(self, settings: Settings, links: JobLinks, problems: ScalingProblems) -> None:
        """Use `links` for the address of a job's page, and `problems` for the reason why a job waits for nodes."""
        self._settings = settings
        self._links = links
        self._problems = problems

    def scoring_job(self, job: JobDocument) -> dict[str, Any]:
        """Return the job as the scoring URI shows it."""
        return {
            "id": f"{self._settings.workspace_id}/batchEndpoints/{job.endpoint}/jobs/{job.name}",
            "name": job.name,
            "type": "Microsoft.MachineLearningServices/workspaces/batchEndpoints/jobs",
            "systemData": system_data(job),
            "interactionEndpoints": self._interaction(job),
            "status": job.status,
            "properties": {
                **without_signatures(job.request_body),
                "name": job.name,
                "displayName": job.display_name,
                "experimentName": job.experiment_name,
                "deployment": job.deployment,
                "tags": job.tags,
                "properties": job.properties,
                **settings_view(job),
                "status": job.status,
                "provisioningState": _provisioning_state(job.status),
                "interactionEndpoints": self._interaction(job),
                "output": output_place(job),
                **self._warnings(job),
                **outcome(job),
                **_notifications(job),
            },
        }

    def management_job(self, job: JobDocument) -> dict[str, Any]:
        """Return the job as the management API shows it: a pipeline job with one child run."""
        return {
            "id": f"{self._settings.workspace_id}/jobs/{job.name}",
            "name": job.name,
            "type": "Microsoft.MachineLearningServices/workspaces/jobs",
            "systemData": system_data(job),
            "properties": {
                "jobType": "Pipeline",
                "displayName": job.display_name,
                "description": job.description,
                "experimentName": job.experiment_name,
                "status": job.status,
                "tags": {**job.tags, BATCH_RUN_TAG: "true"},
                "properties": {
                    **job.properties,
                    "azureml.endpointname": job.endpoint,
                    "azureml.deploymentname": job.deployment,
                    "azureml.childrunid": job.job_id,
                },
                "services": {"Studio": {"jobServiceType": "Studio", "endpoint": self._links.page_url(job.name)}},
                "computeId": f"{self._settings.workspace_id}/computes/{job.compute}",
                "isArchived": job.is_archived,
                "inputs": {"data": {"jobInputType": _input_type(job), "uri": blob_uri(job.input)}},
                "outputs": {"score": _output(job)},
                "settings": settings_view(job),
                **self._warnings(job),
                **outcome(job),
                **_notifications(job),
            },
        }

    def management_run(self, job: JobDocument) -> dict[str, Any]:
        """Return the job's child run for the management API. It has no properties, so clients ask run history."""
        return {
            "id": f"{self._settings.workspace_id}/jobs/{job.job_id}",
            "name": job.job_id,
            "type": "Microsoft.MachineLearningServices/workspaces/jobs",
            "systemData": system_data(job),
            "properties": None,
        }

    def _warnings(self, job: JobDocument) -> dict[str, Any]:
        reason = self._problems.reason(job.compute) if job.status is JobStatus.QUEUED else ""
        return {"warnings": [{"code": "WaitingForNodes", "message": reason}]} if reason else {}

    def _interaction(self, job: JobDocument) -> dict[str, Any]:
        return {"Studio": {"endpoint": self._links.page_url(job.name), "jobEndpointType": "Studio"}}


def without_signatures(value: Any) -> Any:
    """Return the JSON with the query cut from URLs: a shared access signature is not for readers of a job."""
    if isinstance(value, dict):
        return {key: without_signatures(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_signatures(part) for part in value]
    if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
        return without_signature(value)
    return value


def system_data(job: JobDocument) -> dict[str, Any]:
    """Return who created the job, and when it last changed."""
    changed = max(job.entered.values(), default=job.created)
    return {
        "createdAt": job.created.isoformat(),
        "createdBy": job.created_by,
        "createdByType": "User",
        "lastModifiedAt": changed.isoformat(),
    }


def settings_view(job: JobDocument) -> dict[str, Any]:
    """Return the job's settings at the places where an invocation has them."""
    view: dict[str, Any] = {"compute": {"target": job.compute}}
    for setting in SCORING_SETTINGS:
        put(view, wire_keys(setting.job_member), wire_value(setting, getattr(job.settings, setting.name)))
    return view


def _notifications(job: JobDocument) -> dict[str, Any]:
    if not job.webhooks:
        return {}
    return {"notifications": {name: job.notifications.get(name, Delivery()).to_arm() for name in job.webhooks}}


def _output(job: JobDocument) -> dict[str, str]:
    """Return the output as a member of `outputs`. A single file also gets the name of its list of failed items."""
    place = output_place(job)
    if not job.output.is_file:
        return {"jobOutputType": "uri_folder", "uri": place["uri"]}
    file = job.output.folder.model_copy(update={"path": job.output.file_path})
    errors = job.output.errors_path.rpartition("/")[2]
    return {"jobOutputType": "uri_file", "uri": blob_uri(file), "errorsFileName": errors}


def _input_type(job: JobDocument) -> str:
    return "uri_folder" if job.input.kind == "blob_folder" else "uri_file"


def _provisioning_state(status: JobStatus) -> str:
    ends = {JobStatus.COMPLETED: "Succeeded", JobStatus.FAILED: "Failed", JobStatus.CANCELED: "Canceled"}
    return ends.get(status, "InProgress")
