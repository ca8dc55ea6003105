"""Blob triggers, beside Azure ML's schedules."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.blob_triggers import BlobTriggerProperties
from shared.contracts.requests import ResourceBody
from shared.control_plane.blob_triggers import delete_trigger, put_trigger, runs_of
from shared.control_plane.paging import page_of
from shared.control_plane.resource import Resource
from shared.control_plane.workspace import Workspace
from shared.triggers.management.answers import arm_resource, deleted, listed, shown, written
from shared.triggers.management.paths import WORKSPACE
from shared.triggers.management.requests import ByCaller, Conditions, Listing


def blob_triggers_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""
    router = APIRouter(prefix=f"{WORKSPACE}/blobTriggers", tags=["blob triggers"])
    settings = workspace.settings

    def content(trigger: Resource[BlobTriggerProperties]) -> dict[str, Any]:
        properties = trigger.properties.to_arm()
        watched = properties.pop("watched")
        status = {"since": watched["since"], **runs_of(workspace, trigger.name).to_arm()}
        properties |= {"provisioningState": "Succeeded", "status": status}
        return arm_resource(settings, ("blobTriggers", trigger.name), trigger, properties)

    @router.put("/{trigger}")
    def put(trigger: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        """Create or update a blob trigger."""
        saved = put_trigger(workspace, trigger, body, change)
        return written(saved, content(saved.resource))

    @router.get("/{trigger}")
    def get(trigger: str) -> JSONResponse:
        """One blob trigger with what it did."""
        row = workspace.blob_triggers.get(trigger)
        return shown(row, content(row.document))

    @router.get("")
    def list_all(request: Request, query: Listing) -> dict[str, Any]:
        """All blob triggers by name."""
        triggers = (row.document for row in workspace.blob_triggers.list())
        page = page_of(triggers, lambda trigger: trigger.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, content)

    @router.delete("/{trigger}")
    def delete(trigger: str, conditions: Conditions) -> Response:
        """Delete a blob trigger; its jobs stay."""
        return deleted(delete_trigger(workspace, trigger, conditions))

    return router
