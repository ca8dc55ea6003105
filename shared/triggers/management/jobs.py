"""Jobs in the management API: listed, shown, canceled (azure_ai_ml_wire rows 38-40)."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request

from shared.jobs.cancel import request_cancel
from shared.triggers.paging import continuation_of, skip_token
from shared.wiring import Application

MAX_PAGE = 100


def jobs_router(application: Application) -> APIRouter:
    """Routes below a workspace."""
    router = APIRouter(tags=["jobs"])
    settings = application.workspace.settings

    @router.get("/jobs")
    def list_jobs(
        request: Request,
        top: Annotated[int, Query(alias="$top", ge=1, le=MAX_PAGE)] = MAX_PAGE,
        token: Annotated[str | None, Query(alias="$skiptoken")] = None,
    ) -> dict[str, Any]:
        """All jobs of the workspace, the newest first."""
        page = application.jobs.page(size=top, continuation=continuation_of(token))
        query = {key: value for key, value in request.query_params.items() if key != "$skiptoken"}
        more = page.continuation and urlencode(query | {"$skiptoken": skip_token(page.continuation)})
        return {
            "value": [application.job_resources.management_job(job) for job in page.jobs],
            "nextLink": f"{settings.public_url}{settings.workspace_id}/jobs?{more}" if more else None,
        }

    @router.get("/jobs/{job}")
    def get_job(job: str) -> dict[str, Any]:
        """One job."""
        return application.job_resources.management_job(application.jobs.get(job))

    @router.post("/jobs/{job}/cancel")
    def cancel_job(job: str) -> dict[str, Any]:
        """Ask for a job's end; one that has ended stays as it is."""
        return application.job_resources.management_job(request_cancel(application.account, application.jobs, job))

    return router
