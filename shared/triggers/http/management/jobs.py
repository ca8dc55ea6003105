"""Jobs in the management API: listed, shown, changed, canceled, purged."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from shared.contracts.bodies import ListView, ResourceBody, parse_model
from shared.contracts.job import JobDocument
from shared.errors import NotFoundError
from shared.jobs.change import JobChange, change_job, request_cancel
from shared.jobs.upkeep.purge import PurgeOrder, PurgePlan, request_purge
from shared.triggers.http.framework.job_views import job_resources
from shared.triggers.http.framework.paging import JobQuery, job_page
from shared.triggers.http.framework.route_actions import WORKSPACE
from shared.triggers.wiring import Application

View = Annotated[ListView, Query(alias="listViewType")]


def jobs_router(application: Application) -> APIRouter:
    """Create the routes of jobs."""
    router = APIRouter(prefix=WORKSPACE, tags=["jobs"])
    settings, resources = application.workspace.settings, job_resources(application)

    @router.get("/jobs")
    def list_jobs(request: Request, query: JobQuery, view: View = ListView.ACTIVE_ONLY) -> dict[str, Any]:
        """List the jobs of the workspace by `listViewType`, the newest first. A page may be shorter than its size."""
        page = application.jobs.page(size=query.size, continuation=query.continuation)
        page = replace(page, jobs=[job for job in page.jobs if view.shows(job.is_archived)])
        return job_page(settings, request, page, resources.management_job)

    @router.get("/jobs/{job}")
    def get_job(job: str) -> dict[str, Any]:
        """Return one job. Its child run has no properties here; run history has them."""
        found = application.jobs.find(job)
        return resources.management_job(found) if found else resources.management_run(_of_run(application, job))

    @router.put("/jobs/{job}")
    def put_job(job: str, body: ResourceBody) -> dict[str, Any]:
        """Change a job's description, tags, properties, display name, or whether it is archived."""
        change = parse_model(JobChange, body.properties)
        return resources.management_job(change_job(application.jobs, job, change))

    @router.post("/jobs/{job}/cancel")
    def cancel_job(job: str) -> dict[str, Any]:
        """Request the cancellation of a job. A job that has ended stays as it is."""
        return resources.management_job(request_cancel(application.account, application.jobs, job))

    @router.post("/purgeJobs")
    def purge_jobs(order: PurgeOrder) -> PurgePlan:
        """Remove the remains of jobs that ended long ago, and unused code. With `dryRun`, only report them."""
        return request_purge(application, order)

    return router


def _of_run(application: Application, run: str) -> JobDocument:
    try:
        return application.jobs.of_run(run)
    except NotFoundError:
        raise NotFoundError(f"job {run!r} not found", target=run) from None
