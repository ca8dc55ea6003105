"""Batch endpoints in the management API."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.bodies import ResourceBody
from shared.contracts.resources import DeploymentProperties, EndpointProperties
from shared.control_plane.endpoints.deployments import delete_deployment, put_deployment
from shared.control_plane.endpoints.endpoints import delete_endpoint, put_endpoint
from shared.control_plane.resource_table import Resource
from shared.control_plane.workspace import DEPLOYMENTS, ENDPOINTS, Workspace
from shared.errors import Problems
from shared.settings import Settings
from shared.triggers.http.framework.paging import page_of
from shared.triggers.http.framework.requests import ByCaller, Conditions, Listing
from shared.triggers.http.framework.responses import arm_resource, deleted, listed, shown, written_as_operation
from shared.triggers.http.framework.route_actions import WORKSPACE


def endpoints_router(workspace: Workspace) -> APIRouter:
    """Create the routes below a workspace."""
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
        """Return one endpoint with its scoring URI."""
        row = workspace.endpoints.get(endpoint)
        return shown(row, endpoint_content(settings, row.document))

    @router.get("")
    def list_all(request: Request, query: Listing) -> dict[str, Any]:
        """List all endpoints by name."""
        problems = Problems()
        endpoints = workspace.endpoints.documents(problems=problems)
        page = page_of(endpoints, lambda endpoint: endpoint.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, lambda endpoint: endpoint_content(settings, endpoint), problems)

    @router.delete("/{endpoint}")
    def delete(endpoint: str, conditions: Conditions) -> Response:
        """Delete an endpoint with its deployments. Its jobs stay."""
        return deleted(delete_endpoint(workspace, endpoint, conditions))

    return router


def endpoint_content(settings: Settings, endpoint: Resource[EndpointProperties]) -> dict[str, Any]:
    """Return the endpoint as ARM shows it."""
    properties = endpoint.properties.to_arm() | {
        "provisioningState": "Succeeded",
        "scoringUri": f"{settings.public_url}/endpoints/{endpoint.name}/jobs",
        "swaggerUri": f"{settings.public_url}/endpoints/openapi.json",
    }
    return arm_resource(settings, ("batchEndpoints", endpoint.name), endpoint, properties, tracked=True)


def deployments_router(workspace: Workspace) -> APIRouter:
    """Create the routes below a workspace."""
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
        """Return one deployment with all its settings."""
        row = workspace.deployments.get(endpoint, deployment)
        return shown(row, deployment_content(settings, row.document))

    @router.get("")
    def list_all(request: Request, endpoint: str, query: Listing) -> dict[str, Any]:
        """List the deployments of an endpoint by name."""
        workspace.endpoints.get(endpoint)
        problems = Problems()
        deployments = workspace.deployments.documents(endpoint, problems=problems)
        page = page_of(deployments, lambda found: found.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, lambda found: deployment_content(settings, found), problems)

    @router.delete("/{deployment}")
    def delete(endpoint: str, deployment: str, change: ByCaller) -> Response:
        """Delete a deployment. If it was the endpoint's default, the endpoint has no default afterwards."""
        return deleted(delete_deployment(workspace, endpoint, deployment, change))

    return router


def deployment_content(settings: Settings, deployment: Resource[DeploymentProperties]) -> dict[str, Any]:
    """Return the deployment as ARM shows it."""
    endpoint, name = deployment.names
    properties = deployment.properties.to_arm() | {"provisioningState": "Succeeded"}
    segments = ("batchEndpoints", endpoint, "deployments", name)
    return arm_resource(settings, segments, deployment, properties, tracked=True)
