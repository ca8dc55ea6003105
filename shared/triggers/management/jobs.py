"""Jobs in the management API: listed, shown, canceled (azure_ai_ml_wire rows 38-40)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from shared.contracts.job import JobDocument
from shared.contracts.requests import ListView
from shared.errors import NotFoundError
from shared.jobs.cancel import request_cancel
from shared.triggers.job_pages import JobQuery, job_page
from shared.wiring import Application

View = Annotated[ListView, Query(alias="listViewType")]


def jobs_router(application: Application) -> APIRouter:
    """Routes below a workspace."""
    router = APIRouter(tags=["jobs"])
    settings, resources = application.workspace.settings, application.job_resources

    @router.get("/jobs")
    def list_jobs(request: Request, query: JobQuery, view: View = ListView.ACTIVE_ONLY) -> dict[str, Any]:
        """All jobs of the workspace, the newest first; none is ever archived."""
        if view is ListView.ARCHIVED_ONLY:
            return {"value": [], "nextLink": None}
        page = application.jobs.page(size=query.size, continuation=query.continuation)
        return job_page(settings, request, page, resources.management_job)

    @router.get("/jobs/{job}")
    def get_job(job: str) -> dict[str, Any]:
        """One job; its child run is shown without properties, as run history has them."""
        found = application.jobs.find(job)
        return resources.management_job(found) if found else resources.management_run(_of_run(application, job))

    @router.post("/jobs/{job}/cancel")
    def cancel_job(job: str) -> dict[str, Any]:
        """Ask for a job's end; one that has ended stays as it is."""
        return resources.management_job(request_cancel(application.account, application.jobs, job))

    return router


def _of_run(application: Application, run: str) -> JobDocument:
    try:
        return application.jobs.of_run(run)
    except NotFoundError:
        raise NotFoundError(f"job {run!r} not found", target=run) from None
