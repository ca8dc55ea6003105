"""The FastAPI app of run history: `/history/v1.0/subscriptions/…/runs/{run}/…` (azure_ai_ml_wire rows 47-50)."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import NotFoundError
from shared.jobs.change import change_job
from shared.jobs.logs import log_files
from shared.triggers.admission import Admit
from shared.triggers.history.asset_types import output_type
from shared.triggers.history.run_changes import RunChange
from shared.triggers.history.runs import child_run, root_run, run_details
from shared.triggers.management.paths import WORKSPACE, CanonicalPaths
from shared.triggers.management.requests import served_workspace
from shared.triggers.surface import surface
from shared.wiring import Application

ROOT = f"/history/v1.0{WORKSPACE}"
ROUTES = [f"{ROOT}{path}" for path in ("/runs/{run}", "/runs/{run}/details", "/runs/{run}/children", "/rundata")]
CHANGED = f"{ROOT}/experiments/{{experiment}}/runs/{{run}}"


class RunDataRequest(BaseModel):
    """Which run, and which parts of it; only its metadata are kept here."""

    model_config = ConfigDict(extra="ignore")

    run: str = Field(alias="runId")


def history_app(application: Application, admit: Admit) -> FastAPI:
    """The run history surface over an application."""
    app = surface("Run history", "history", "Jobs as runs: a root run and one child run, `batchscoring`.")
    settings, links, jobs = application.workspace.settings, application.job_links, application.jobs
    guards = [Depends(admit), Depends(served_workspace(settings))]
    one, details, children, data = ROUTES

    @app.get(one, dependencies=guards)
    def get_run(run: str, agent: Annotated[str, Header(alias="user-agent")] = "") -> dict[str, Any]:
        """A run."""
        job = jobs.of_run(run)
        return (
            root_run(settings, links, job) if run == job.name else child_run(settings, links, job, output_type(agent))
        )

    @app.get(details, dependencies=guards)
    def get_details(run: str) -> dict[str, Any]:
        """A run's status, its error and links to its log files."""
        job = jobs.of_run(run)
        return run_details(job, run, log_files(application.account, job))

    @app.get(children, dependencies=guards)
    def list_children(run: str, agent: Annotated[str, Header(alias="user-agent")] = "") -> dict[str, Any]:
        """The child run of a job; the child itself has none."""
        job = jobs.of_run(run)
        runs = [child_run(settings, links, job, output_type(agent))] if run == job.name else []
        return {"value": runs, "nextLink": None}

    @app.post(data, dependencies=guards)
    def get_run_data(request: RunDataRequest, agent: Annotated[str, Header(alias="user-agent")] = "") -> dict[str, Any]:
        """The metadata of a run, its output among them."""
        return {"runMetadata": get_run(request.run, agent), "runDefinition": None, "jobSpecification": None}

    @app.patch(CHANGED, dependencies=guards)
    def change_run(experiment: str, run: str, change: RunChange) -> dict[str, Any]:
        """Change how a job is called, described and tagged, or archive it (`hidden`)."""
        job = jobs.get(run)
        if experiment.lower() != job.experiment_name.lower():
            raise NotFoundError(f"run {run!r} not found in experiment {experiment!r}", target=run)
        return root_run(settings, links, change_job(jobs, run, change.of(job)))

    app.add_middleware(CanonicalPaths, templates=[*ROUTES, CHANGED])
    return app
