"""The FastAPI apps of run history (`/history/v1.0/…/runs/{run}/…`) and of the outputs of runs (`/data/v1.0/…`)."""

import re
import uuid
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.bodies import ArmModel, TextMap
from shared.contracts.job import JobDocument, JobStatus
from shared.control_plane.datastores.locations import datastore_of
from shared.errors import NotFoundError, ValidationError
from shared.jobs.change import BATCH_RUN_TAG, JobChange, change_job
from shared.jobs.logs import log_files
from shared.settings import Settings
from shared.signatures import JobLinks
from shared.triggers.http.framework.app_factory import new_app
from shared.triggers.http.framework.authorization import Authorize
from shared.triggers.http.framework.middleware import CanonicalPaths
from shared.triggers.http.framework.requests import served_workspace
from shared.triggers.http.framework.route_actions import WORKSPACE
from shared.triggers.wiring import Application

ROOT = f"/history/v1.0{WORKSPACE}"
ROUTES = [f"{ROOT}{path}" for path in ("/runs/{run}", "/runs/{run}/details", "/runs/{run}/children", "/rundata")]
CHANGED = f"{ROOT}/experiments/{{experiment}}/runs/{{run}}"


class RunDataRequest(BaseModel):
    """A run, and the wanted parts of it. Only metadata exist here."""

    model_config = ConfigDict(extra="ignore")

    run: str = Field(alias="runId")


def history_app(application: Application, authorize: Authorize) -> FastAPI:
    """Create the app of run history."""
    app = new_app("Run history", "history", "Jobs as runs: a root run and one child run, `batchscoring`.")
    settings, links, jobs = application.workspace.settings, application.job_links, application.jobs
    guards = [Depends(authorize), Depends(served_workspace(settings))]
    one, details, children, data = ROUTES

    @app.get(one, dependencies=guards)
    def get_run(run: str, agent: Annotated[str, Header(alias="user-agent")] = "") -> dict[str, Any]:
        """Return a run."""
        job = jobs.of_run(run)
        return (
            root_run(settings, links, job) if run == job.name else child_run(settings, links, job, output_type(agent))
        )

    @app.get(details, dependencies=guards)
    def get_details(run: str) -> dict[str, Any]:
        """Return a run's status, its error and links to its log files."""
        job = jobs.of_run(run)
        return run_details(job, run, log_files(application.account, job))

    @app.get(children, dependencies=guards)
    def list_children(run: str, agent: Annotated[str, Header(alias="user-agent")] = "") -> dict[str, Any]:
        """Return the child run of a job. The child run itself has no children."""
        job = jobs.of_run(run)
        runs = [child_run(settings, links, job, output_type(agent))] if run == job.name else []
        return {"value": runs, "nextLink": None}

    @app.post(data, dependencies=guards)
    def get_run_data(request: RunDataRequest, agent: Annotated[str, Header(alias="user-agent")] = "") -> dict[str, Any]:
        """Return the metadata of a run, its output included."""
        return {"runMetadata": get_run(request.run, agent), "runDefinition": None, "jobSpecification": None}

    @app.patch(CHANGED, dependencies=guards)
    def change_run(experiment: str, run: str, change: RunChange) -> dict[str, Any]:
        """Change a job's display name, description or tags, or archive it (`hidden`)."""
        job = jobs.get(run)
        if experiment.lower() != job.experiment_name.lower():
            raise NotFoundError(f"run {run!r} not found in experiment {experiment!r}", target=run)
        return root_run(settings, links, change_job(jobs, run, change.of(job)))

    app.add_middleware(CanonicalPaths, templates=[*ROUTES, CHANGED])
    return app


_RESOLVE = f"/data/v1.0{WORKSPACE}/dataversion/batchGetResolvedUris"


class AssetIds(BaseModel):
    """Ids from answers of `rundata`."""

    values: list[str] = Field(max_length=100)


def datasets_app(application: Application, authorize: Authorize) -> FastAPI:
    """Create the app of data."""
    app = new_app("Data", "data", "Addresses of data that runs have written.")
    guards = [Depends(authorize), Depends(served_workspace(application.workspace.settings))]

    @app.post(_RESOLVE, dependencies=guards)
    def resolve(ids: AssetIds) -> dict[str, Any]:
        """Return the address of each output as a long `azureml://` URI of a folder in a datastore."""
        return {
            "values": {asset: {"uri": output_uri(application, asset), "type": "uri_folder"} for asset in ids.values}
        }

    app.add_middleware(CanonicalPaths, templates=[_RESOLVE])
    return app


def output_uri(application: Application, asset_id: str) -> str:
    """Return where a job's output is. Raise ValidationError or NotFoundError."""
    run = run_of_output(asset_id)
    if run is None:
        raise ValidationError(f"values: {asset_id!r} is not the output of a run of this workspace", target="values")
    folder = application.jobs.of_run(run).output.folder
    datastore = datastore_of(application.workspace, folder)
    if datastore is None:
        raise NotFoundError(f"the datastore of the output {asset_id!r} has been deleted", target=asset_id)
    place = application.workspace.settings.workspace_id.replace("/providers/Microsoft.MachineLearningServices", "")
    return f"azureml:/{place}/datastores/{datastore}/paths/{folder.path}/"


OUTPUT_NAME = "score"
"""The name that Azure ML gives to the output of a batch job."""

_OUTPUT_ID = re.compile(r".*/data/azureml_(?P<run>[0-9a-f-]{36})_output_data_score/versions/1")


def output_asset_id(settings: Settings, job: JobDocument) -> str:
    """Return the id of the job's output."""
    return f"azureml:/{settings.workspace_id}/data/azureml_{job.job_id}_output_data_{OUTPUT_NAME}/versions/1"


def run_of_output(asset_id: str) -> str | None:
    """Return the run whose output has this id, or None if the id is not of an output."""
    match = _OUTPUT_ID.fullmatch(asset_id)
    return match["run"] if match else None


_CLIENT = re.compile(r"azure-ai-ml/(\d+)\.(\d+)")
_NEW_SPELLING = (1, 35)


def output_type(user_agent: str) -> str:
    """Return how the client with this `User-Agent` spells the type of an output folder."""
    client = _CLIENT.search(user_agent)
    is_new = client is not None and (int(client[1]), int(client[2])) >= _NEW_SPELLING
    return "uri_folder" if is_new else "UriFolder"


class RunChange(ArmModel):
    """The body of the PATCH. What is absent or null stays as it is."""

    display_name: str | None = None
    description: str | None = None
    tags: TextMap | None = None
    properties: TextMap | None = None
    hidden: bool | None = None
    """Whether the job is archived."""

    def of(self, job: JobDocument) -> JobChange:
        """Return the change for this job."""
        return JobChange(
            display_name=self.display_name,
            description=self.description,
            tags=None if self.tags is None else job.tags | self.tags,
            properties=None if self.properties is None else job.properties | self.properties,
            is_archived=self.hidden,
        )


CHILD_NAME = "batchscoring"
"""The name that Azure ML gives to the child run of a batch job."""


def root_run(settings: Settings, links: JobLinks, job: JobDocument) -> dict[str, Any]:
    """Return the job's root run, a pipeline."""
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
    """Return the job's child run. It has the output once the job has completed."""
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
    """Return what a client needs to follow a run."""
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
