"""Schedules, at Azure ML's path."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.requests import ResourceBody
from shared.contracts.schedules import ScheduleProperties
from shared.control_plane.paging import page_of
from shared.control_plane.resource import Resource
from shared.control_plane.schedules import delete_schedule, last_run, next_due_time, put_schedule
from shared.control_plane.workspace import Workspace
from shared.triggers.management.answers import arm_resource, deleted, listed, shown, written
from shared.triggers.management.paths import WORKSPACE
from shared.triggers.management.requests import ByCaller, Conditions, Listing


def schedules_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""
    router = APIRouter(prefix=f"{WORKSPACE}/schedules", tags=["schedules"])
    settings = workspace.settings

    def content(schedule: Resource[ScheduleProperties]) -> dict[str, Any]:
        run = last_run(workspace, schedule.name)
        due = next_due_time(schedule, datetime.now(UTC))
        properties = schedule.properties.to_arm() | {
            "provisioningState": "Succeeded",
            "lastRun": run.to_arm() if run else None,
            "nextRunTime": due.isoformat() if due else None,
        }
        return arm_resource(settings, ("schedules", schedule.name), schedule, properties)

    @router.put("/{schedule}")
    def put(schedule: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        """Create or update a schedule."""
        saved = put_schedule(workspace, schedule, body, change)
        return written(saved, content(saved.resource))

    @router.get("/{schedule}")
    def get(schedule: str) -> JSONResponse:
        """One schedule with its last and next time."""
        row = workspace.schedules.get(schedule)
        return shown(row, content(row.document))

    @router.get("")
    def list_all(request: Request, query: Listing) -> dict[str, Any]:
        """All schedules by name."""
        schedules = (row.document for row in workspace.schedules.list())
        page = page_of(schedules, lambda schedule: schedule.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, content)

    @router.delete("/{schedule}")
    def delete(schedule: str, conditions: Conditions) -> Response:
        """Delete a schedule; its jobs stay."""
        return deleted(delete_schedule(workspace, schedule, conditions))

    return router
