"""Batch deployments (azure_ai_ml_wire rows 34 to 37)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.requests import ResourceBody
from shared.contracts.resources import DeploymentProperties
from shared.control_plane.deployments import delete_deployment, put_deployment
from shared.control_plane.paging import page_of
from shared.control_plane.resource import Resource
from shared.control_plane.workspace import DEPLOYMENTS, Workspace
from shared.errors import Problems
from shared.settings import Settings
from shared.triggers.management.answers import arm_resource, deleted, listed, shown, written_as_operation
from shared.triggers.management.paths import WORKSPACE
from shared.triggers.management.requests import ByCaller, Listing


def deployments_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""
    router = APIRouter(prefix=f"{WORKSPACE}/batchEndpoints/{{endpoint}}/deployments", tags=["batch deployments"])
    settings = workspace.settings

    @router.put("/{deployment}")
    def put(endpoint: str, deployment: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        """Create or update a deployment."""
        saved = put_deployment(workspace, endpoint, deployment, body, change)
        content = deployment_content(settings, saved.resource)
        return written_as_operation(settings, DEPLOYMENTS.partition, saved, content)

    @router.get("/{deployment}")
    def get(endpoint: str, deployment: str) -> JSONResponse:
        """One deployment with all its settings."""
        row = workspace.deployments.get(endpoint, deployment)
        return shown(row, deployment_content(settings, row.document))

    @router.get("")
    def list_all(request: Request, endpoint: str, query: Listing) -> dict[str, Any]:
        """The deployments of an endpoint by name."""
        workspace.endpoints.get(endpoint)
        problems = Problems()
        deployments = workspace.deployments.documents(endpoint, problems=problems)
        page = page_of(deployments, lambda found: found.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, lambda found: deployment_content(settings, found), problems)

    @router.delete("/{deployment}")
    def delete(endpoint: str, deployment: str, change: ByCaller) -> Response:
        """Delete a deployment; the endpoint has no default any more when it was this one."""
        return deleted(delete_deployment(workspace, endpoint, deployment, change))

    return router


def deployment_content(settings: Settings, deployment: Resource[DeploymentProperties]) -> dict[str, Any]:
    """The deployment as ARM shows it."""
    endpoint, name = deployment.names
    properties = deployment.properties.to_arm() | {"provisioningState": "Succeeded"}
    segments = ("batchEndpoints", endpoint, "deployments", name)
    return arm_resource(settings, segments, deployment, properties, tracked=True)
