"""The routes of schedules and of blob triggers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.automation import BlobTriggerProperties, ScheduleProperties
from shared.contracts.bodies import ResourceBody
from shared.control_plane.automation.automation import Automation
from shared.control_plane.automation.blob_triggers import delete_trigger, put_trigger, runs_of
from shared.control_plane.automation.schedules import delete_schedule, last_run, next_due_time, put_schedule
from shared.control_plane.resource_table import Change, Resource, ResourceTable, Upserted, WriteConditions
from shared.control_plane.workspace import Workspace
from shared.errors import Problems
from shared.triggers.http.framework.paging import page_of
from shared.triggers.http.framework.requests import ByCaller, Conditions, Listing
from shared.triggers.http.framework.responses import arm_resource, deleted, listed, shown, written
from shared.triggers.http.framework.route_actions import WORKSPACE

Put = Callable[[Workspace, str, ResourceBody, Change], Upserted[Automation]]
Delete = Callable[[Workspace, str, WriteConditions], bool]


def automation_router(
    workspace: Workspace,
    table: ResourceTable[Automation],
    put_automation: Put[Automation],
    delete_automation: Delete,
    properties: Callable[[Resource[Automation]], dict[str, Any]],
) -> APIRouter:
    """Create the routes for the kind that `table` holds. `properties` returns the properties of an answer."""
    collection, label = table.kind.partition, table.kind.label
    router = APIRouter(prefix=f"{WORKSPACE}/{collection}", tags=[f"{label}s"])
    settings = workspace.settings

    def content(automation: Resource[Automation]) -> dict[str, Any]:
        shown_properties = properties(automation) | {"provisioningState": "Succeeded"}
        return arm_resource(settings, (collection, automation.name), automation, shown_properties)

    @router.put("/{name}", description=f"Create or update a {label}.")
    def put(name: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        saved = put_automation(workspace, name, body, change)
        return written(saved, content(saved.resource))

    @router.get("/{name}", description=f"One {label}, and what it did.")
    def get(name: str) -> JSONResponse:
        row = table.get(name)
        return shown(row, content(row.document))

    @router.get("", description=f"All {label}s by name.")
    def list_all(request: Request, query: Listing) -> dict[str, Any]:
        problems = Problems()
        automations = table.documents(problems=problems)
        page = page_of(automations, lambda automation: automation.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, content, problems)

    @router.delete("/{name}", description=f"Delete a {label}; its jobs stay.")
    def delete(name: str, conditions: Conditions) -> Response:
        return deleted(delete_automation(workspace, name, conditions))

    return router


def blob_triggers_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""

    def properties(trigger: Resource[BlobTriggerProperties]) -> dict[str, Any]:
        """Return the written properties, and what the trigger did."""
        shown = trigger.properties.to_arm()
        watched = shown.pop("watched")
        return shown | {"status": {"since": watched["since"], **runs_of(workspace, trigger.name).to_arm()}}

    return automation_router(workspace, workspace.blob_triggers, put_trigger, delete_trigger, properties)


def schedules_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""

    def properties(schedule: Resource[ScheduleProperties]) -> dict[str, Any]:
        """Return the written properties, and the last and the next run."""
        run = last_run(workspace, schedule.name)
        due = next_due_time(schedule, datetime.now(UTC))
        times = {"lastRun": run.to_arm() if run else None, "nextRunTime": due.isoformat() if due else None}
        return schedule.properties.to_arm() | times

    return automation_router(workspace, workspace.schedules, put_schedule, delete_schedule, properties)
