"""The FastAPI app of run history: `/history/v1.0/subscriptions/…/runs/{run}/…` (azure_ai_ml_wire rows 47-49)."""

from typing import Any

from fastapi import Depends, FastAPI

from shared.jobs.logs import log_files
from shared.triggers.http_auth import Authenticate
from shared.triggers.http_errors import install_error_handlers
from shared.wiring import Application

_RUNS = (
    "/history/v1.0/subscriptions/{subscription}/resourceGroups/{group}/providers/"
    "Microsoft.MachineLearningServices/workspaces/{workspace}/runs"
)


def history_app(application: Application, authenticate: Authenticate) -> FastAPI:
    """The run history surface over an application."""
    app = FastAPI(title="Run history", version="1.0", docs_url="/history/docs", openapi_url="/history/openapi.json")
    install_error_handlers(app)

    @app.get(f"{_RUNS}/{{run}}/details", dependencies=[Depends(authenticate)])
    def run_details(run: str) -> dict[str, Any]:
        """A run's status, its error and links to its log files."""
        job = application.jobs.get(run)
        failure = {"code": job.failure.error_type, "message": job.failure.message} if job.failure else None
        return {
            "runId": job.name,
            "status": job.status,
            "startTimeUtc": job.created.isoformat(),
            "endTimeUtc": job.ended.isoformat() if job.ended else None,
            "error": {"error": failure} if failure else None,
            "warnings": [],
            "logFiles": log_files(application.account, job),
        }

    return app
