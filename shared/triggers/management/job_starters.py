"""The routes of schedules and of blob triggers, which start jobs by themselves."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.requests import ResourceBody
from shared.control_plane.conditions import WriteConditions
from shared.control_plane.job_starters import Starter
from shared.control_plane.paging import page_of
from shared.control_plane.resource import Resource
from shared.control_plane.resource_table import ResourceTable
from shared.control_plane.saving import Change, Saved
from shared.control_plane.workspace import Workspace
from shared.errors import Problems
from shared.triggers.management.answers import arm_resource, deleted, listed, shown, written
from shared.triggers.management.paths import WORKSPACE
from shared.triggers.management.requests import ByCaller, Conditions, Listing

Put = Callable[[Workspace, str, ResourceBody, Change], Saved[Starter]]
Delete = Callable[[Workspace, str, WriteConditions], bool]


def job_starters_router(
    workspace: Workspace,
    table: ResourceTable[Starter],
    put_starter: Put[Starter],
    delete_starter: Delete,
    properties: Callable[[Resource[Starter]], dict[str, Any]],
) -> APIRouter:
    """Routes below a workspace for the kind that `table` holds; `properties` are what answers have."""
    collection, label = table.kind.partition, table.kind.label
    router = APIRouter(prefix=f"{WORKSPACE}/{collection}", tags=[f"{label}s"])
    settings = workspace.settings

    def content(starter: Resource[Starter]) -> dict[str, Any]:
        shown_properties = properties(starter) | {"provisioningState": "Succeeded"}
        return arm_resource(settings, (collection, starter.name), starter, shown_properties)

    @router.put("/{name}", description=f"Create or update a {label}.")
    def put(name: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        saved = put_starter(workspace, name, body, change)
        return written(saved, content(saved.resource))

    @router.get("/{name}", description=f"One {label}, and what it did.")
    def get(name: str) -> JSONResponse:
        row = table.get(name)
        return shown(row, content(row.document))

    @router.get("", description=f"All {label}s by name.")
    def list_all(request: Request, query: Listing) -> dict[str, Any]:
        problems = Problems()
        starters = table.documents(problems=problems)
        page = page_of(starters, lambda starter: starter.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, content, problems)

    @router.delete("/{name}", description=f"Delete a {label}; its jobs stay.")
    def delete(name: str, conditions: Conditions) -> Response:
        return deleted(delete_starter(workspace, name, conditions))

    return router
