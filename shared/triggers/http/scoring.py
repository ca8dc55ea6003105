"""The FastAPI apps of the scoring URIs (`/endpoints/…/jobs`) and of the official client's job lists (`/mferp/…`)."""

from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse

from shared.contracts.bodies import parse_model
from shared.contracts.invoke import InvokeBody
from shared.errors import NotFoundError
from shared.jobs.submission.invoke import Invocation, invoke
from shared.observability.tracing import received
from shared.security.access import Caller
from shared.triggers.http.framework.app_factory import new_app
from shared.triggers.http.framework.authorization import Authorize, current_caller
from shared.triggers.http.framework.job_views import job_resources
from shared.triggers.http.framework.middleware import CanonicalPaths
from shared.triggers.http.framework.paging import JobListing, JobQuery, job_page
from shared.triggers.http.framework.requests import api_version, served_workspace
from shared.triggers.http.framework.route_actions import WORKSPACE
from shared.triggers.wiring import Application


def scoring_app(application: Application, authorize: Authorize) -> FastAPI:
    """Create the app of the scoring URIs."""
    app = new_app("Batch scoring", "endpoints", "Starts batch scoring jobs and shows them.")
    guarded = [Depends(authorize)]

    @app.post("/endpoints/{endpoint}/jobs", dependencies=guarded)
    def invoke_endpoint(
        request: Request,
        endpoint: str,
        body: Annotated[dict[str, Any], Body()],
        caller: Annotated[Caller, Depends(current_caller)],
        *,
        deployment: Annotated[str | None, Header(alias="azureml-model-deployment")] = None,
        request_id: Annotated[str, Header(alias="repeatability_request-id", convert_underscores=False)] = "",
    ) -> JSONResponse:
        """Start a batch scoring job. The body has the form of 2021 or today's."""
        parsed = parse_model(InvokeBody, body, prefix="")
        raw: dict[str, Any] = next((value for key, value in body.items() if key.lower() == "properties"), {})
        invocation = Invocation(
            endpoint,
            parsed.properties,
            raw,
            deployment,
            request_id,
            caller.name,
            trace=received(request.headers),
        )
        job = invoke(application, invocation)
        return JSONResponse(job_resources(application).scoring_job(job), 201)

    @app.get("/endpoints/{endpoint}/jobs", dependencies=guarded)
    def list_jobs(request: Request, endpoint: str, query: JobQuery, deployment: str | None = None) -> dict[str, Any]:
        """List the endpoint's jobs, the newest first."""
        return _jobs_of_endpoint(application, request, endpoint, deployment, query)

    @app.get("/endpoints/{endpoint}/jobs/{job}", dependencies=guarded)
    def get_job(endpoint: str, job: str) -> dict[str, Any]:
        """Return one job."""
        found = application.jobs.find(job)
        if found is None or found.endpoint.lower() != endpoint.lower():
            raise NotFoundError(f"job {job!r} not found on endpoint {endpoint!r}", target=job)
        return job_resources(application).scoring_job(found)

    return app


_ENDPOINT = f"/mferp/managementfrontend{WORKSPACE}/batchEndpoints/{{endpoint}}"
ENDPOINT_JOBS = f"{_ENDPOINT}/jobs"
DEPLOYMENT_JOBS = f"{_ENDPOINT}/deployments/{{deployment}}/jobs"


def job_lists_app(application: Application, authorize: Authorize) -> FastAPI:
    """Create the app with the job lists of endpoints and deployments that the official client asks for."""
    app = new_app("Management frontend", "mferp", "The jobs of batch endpoints and of their deployments.")
    workspace = application.workspace
    guards = [Depends(authorize), Depends(served_workspace(workspace.settings)), Depends(api_version)]

    @app.get(ENDPOINT_JOBS, dependencies=guards)
    def list_jobs_of_endpoint(request: Request, endpoint: str, query: JobQuery) -> dict[str, Any]:
        """List the jobs of an endpoint, the newest first."""
        return _jobs_of_endpoint(application, request, endpoint, None, query)

    @app.get(DEPLOYMENT_JOBS, dependencies=guards)
    def list_jobs_of_deployment(request: Request, endpoint: str, deployment: str, query: JobQuery) -> dict[str, Any]:
        """List the jobs of a deployment, the newest first."""
        name = workspace.deployments.get(endpoint, deployment).document.name
        return _jobs_of_endpoint(application, request, endpoint, name, query)

    app.add_middleware(CanonicalPaths, templates=[ENDPOINT_JOBS, DEPLOYMENT_JOBS])
    return app


def _jobs_of_endpoint(
    application: Application, request: Request, endpoint: str, deployment: str | None, query: JobListing
) -> dict[str, Any]:
    """Return a page of the endpoint's jobs. Raise NotFoundError if there is no such endpoint."""
    name = application.workspace.endpoints.get(endpoint).document.name
    page = application.jobs.page(endpoint=name, deployment=deployment, size=query.size, continuation=query.continuation)
    return job_page(application.workspace.settings, request, page, job_resources(application).scoring_job)
