"""The FastAPI app of the studio: `/studio/jobs/{job}`."""

import logging
from typing import Annotated, cast

from azure.core.exceptions import AzureError
from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from shared.errors import ProductError
from shared.studio.job_page import JobPage, job_page
from shared.studio.rendering import changing_part, full_page, message_page, script_hash
from shared.triggers.http.framework.errors import install_error_handlers, storage_failure
from shared.triggers.http.framework.middleware import StrictRequests
from shared.triggers.wiring import Application

log = logging.getLogger(__name__)

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src '{script_hash()}'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",  # the address contains the ticket
    "X-Content-Type-Options": "nosniff",
}


def studio_app(application: Application) -> FastAPI:
    """Create the app of the studio."""
    app = FastAPI(title="Studio", docs_url=None, redoc_url=None, openapi_url=None)
    install_error_handlers(app)
    app.add_middleware(StrictRequests)

    def permitted_page(job: str, ticket: Annotated[str, Query()] = "") -> JobPage:
        application.job_links.check(job, ticket)
        return job_page(application.account, application.jobs.get(job), application.scaling.problems)

    @app.get("/studio/jobs/{job}")
    def show_job(job: str, ticket: Annotated[str, Query()] = "") -> HTMLResponse:
        """Return the page of a job."""
        return HTMLResponse(full_page(permitted_page(job, ticket)), headers=_HEADERS)

    @app.get("/studio/jobs/{job}/now")
    def show_job_now(job: str, ticket: Annotated[str, Query()] = "") -> HTMLResponse:
        """Return the live part of the page."""
        page = permitted_page(job, ticket)
        live = "no" if page.job.status.is_terminal else "yes"
        return HTMLResponse(changing_part(page), headers=_HEADERS | {"x-job-live": live})

    @app.exception_handler(ProductError)
    async def show_error(_: Request, error: Exception) -> HTMLResponse:
        problem = cast("ProductError", error)
        return HTMLResponse(
            message_page("This page cannot be shown", problem.message), problem.http_status, headers=_HEADERS
        )

    @app.exception_handler(AzureError)
    async def show_failure(_: Request, error: Exception) -> HTMLResponse:
        log.error("a page of a job could not be made", exc_info=error)
        message = storage_failure(error).message
        return HTMLResponse(message_page("This page cannot be shown now", message), 502, headers=_HEADERS)

    return app
