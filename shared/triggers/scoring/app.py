"""The FastAPI app behind the scoring URI: `/endpoints/{endpoint}/jobs`."""

from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse

from shared.contracts.invoke import InvokeBody
from shared.contracts.parsing import parse_model
from shared.errors import NotFoundError
from shared.jobs.invoke import Invocation, invoke
from shared.observability.trace_context import received
from shared.security.caller import Caller
from shared.triggers.admission import Admit, current_caller
from shared.triggers.job_pages import JobQuery, job_page
from shared.triggers.surface import surface
from shared.wiring import Application


def scoring_app(application: Application, admit: Admit) -> FastAPI:
    """The scoring surface over an application."""
    app = surface("Batch scoring", "endpoints", "Starts batch scoring jobs and shows them.")
    settings = application.workspace.settings
    guarded = [Depends(admit)]

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
        """Start a batch scoring job; the body has the form of 2021 or today's."""
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
        job = invoke(application.workspace, application.jobs, invocation)
        return JSONResponse(application.job_resources.scoring_job(job), 201)

    @app.get("/endpoints/{endpoint}/jobs", dependencies=guarded)
    def list_jobs(request: Request, endpoint: str, query: JobQuery, deployment: str | None = None) -> dict[str, Any]:
        """The endpoint's jobs, the newest first."""
        name = application.workspace.endpoints.get(endpoint).document.name
        page = application.jobs.page(
            endpoint=name, deployment=deployment, size=query.size, continuation=query.continuation
        )
        return job_page(settings, request, page, application.job_resources.scoring_job)

    @app.get("/endpoints/{endpoint}/jobs/{job}", dependencies=guarded)
    def get_job(endpoint: str, job: str) -> dict[str, Any]:
        """One job."""
        found = application.jobs.find(job)
        if found is None or found.endpoint.lower() != endpoint.lower():
            raise NotFoundError(f"job {job!r} not found on endpoint {endpoint!r}", target=job)
        return application.job_resources.scoring_job(found)

    return app
