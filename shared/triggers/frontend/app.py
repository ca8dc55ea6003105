"""`/mferp/managementfrontend/…/batchEndpoints/{endpoint}/jobs` (azure_ai_ml_wire rows 44 and 45)."""

from typing import Any

from fastapi import Depends, FastAPI, Request

from shared.triggers.admission import Admit
from shared.triggers.job_pages import JobQuery, job_page
from shared.triggers.management.paths import WORKSPACE, CanonicalPaths
from shared.triggers.management.requests import api_version, served_workspace
from shared.triggers.surface import surface
from shared.wiring import Application

_ENDPOINT = f"/mferp/managementfrontend{WORKSPACE}/batchEndpoints/{{endpoint}}"
ENDPOINT_JOBS = f"{_ENDPOINT}/jobs"
DEPLOYMENT_JOBS = f"{_ENDPOINT}/deployments/{{deployment}}/jobs"


def frontend_app(application: Application, admit: Admit) -> FastAPI:
    """The management frontend over an application."""
    app = surface("Management frontend", "mferp", "The jobs of batch endpoints and of their deployments.")
    workspace = application.workspace
    guards = [Depends(admit), Depends(served_workspace(workspace.settings)), Depends(api_version)]

    def page(request: Request, endpoint: str, deployment: str | None, query: JobQuery) -> dict[str, Any]:
        name = workspace.endpoints.get(endpoint).document.name
        found = application.jobs.page(
            endpoint=name, deployment=deployment, size=query.size, continuation=query.continuation
        )
        return job_page(workspace.settings, request, found, application.job_resources.scoring_job)

    @app.get(ENDPOINT_JOBS, dependencies=guards)
    def list_jobs_of_endpoint(request: Request, endpoint: str, query: JobQuery) -> dict[str, Any]:
        """The jobs of an endpoint, the newest first."""
        return page(request, endpoint, None, query)

    @app.get(DEPLOYMENT_JOBS, dependencies=guards)
    def list_jobs_of_deployment(request: Request, endpoint: str, deployment: str, query: JobQuery) -> dict[str, Any]:
        """The jobs of a deployment, the newest first."""
        name = workspace.deployments.get(endpoint, deployment).document.name
        return page(request, endpoint, name, query)

    app.add_middleware(CanonicalPaths, templates=[ENDPOINT_JOBS, DEPLOYMENT_JOBS])
    return app
