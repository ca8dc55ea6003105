"""Batch endpoints (azure_ai_ml_wire rows 30 to 33)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.requests import ResourceBody
from shared.contracts.resources import EndpointProperties
from shared.control_plane.endpoints import delete_endpoint, put_endpoint
from shared.control_plane.paging import page_of
from shared.control_plane.resource import Resource
from shared.control_plane.workspace import ENDPOINTS, Workspace
from shared.errors import Problems
from shared.settings import Settings
from shared.triggers.management.answers import arm_resource, deleted, listed, shown, written_as_operation
from shared.triggers.management.paths import WORKSPACE
from shared.triggers.management.requests import ByCaller, Conditions, Listing


def endpoints_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""
    router = APIRouter(prefix=f"{WORKSPACE}/batchEndpoints", tags=["batch endpoints"])
    settings = workspace.settings

    @router.put("/{endpoint}")
    def put(endpoint: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        """Create or update an endpoint."""
        saved = put_endpoint(workspace, endpoint, body, change)
        content = endpoint_content(settings, saved.resource)
        return written_as_operation(settings, ENDPOINTS.partition, saved, content)

    @router.get("/{endpoint}")
    def get(endpoint: str) -> JSONResponse:
        """One endpoint with its scoring URI."""
        row = workspace.endpoints.get(endpoint)
        return shown(row, endpoint_content(settings, row.document))

    @router.get("")
    def list_all(request: Request, query: Listing) -> dict[str, Any]:
        """All endpoints by name."""
        problems = Problems()
        endpoints = workspace.endpoints.documents(problems=problems)
        page = page_of(endpoints, lambda endpoint: endpoint.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, lambda endpoint: endpoint_content(settings, endpoint), problems)

    @router.delete("/{endpoint}")
    def delete(endpoint: str, conditions: Conditions) -> Response:
        """Delete an endpoint with its deployments; its jobs stay."""
        return deleted(delete_endpoint(workspace, endpoint, conditions))

    return router


def endpoint_content(settings: Settings, endpoint: Resource[EndpointProperties]) -> dict[str, Any]:
    """The endpoint as ARM shows it."""
    properties = endpoint.properties.to_arm() | {
        "provisioningState": "Succeeded",
        "scoringUri": f"{settings.public_url}/endpoints/{endpoint.name}/jobs",
        "swaggerUri": f"{settings.public_url}/endpoints/openapi.json",
    }
    return arm_resource(settings, ("batchEndpoints", endpoint.name), endpoint, properties, tracked=True)
