"""The workspace itself, and the state of operations in it."""

import uuid
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from shared.contracts.bodies import ArmModel
from shared.control_plane.resource_table import SEPARATOR
from shared.control_plane.workspace import Workspace
from shared.errors import NotFoundError
from shared.signatures import check_webhook_url, webhook_secret
from shared.triggers.http.framework.responses import POLL_SECONDS
from shared.triggers.http.framework.route_actions import WORKSPACE


def subscriptions_router(workspace: Workspace) -> APIRouter:
    """Create the route of subscriptions, which the Azure CLI reads at its login. There is one: the workspace's."""
    router = APIRouter(tags=["workspace"])
    settings = workspace.settings

    @router.get("/subscriptions")
    def list_subscriptions() -> dict[str, Any]:
        """List the subscription of the workspace."""
        subscription = {
            "id": f"/subscriptions/{settings.subscription_id}",
            "subscriptionId": settings.subscription_id,
            "tenantId": settings.tenant_id,
            "displayName": settings.workspace,
            "state": "Enabled",
        }
        return {"value": [subscription], "nextLink": None}

    return router


def workspaces_router(workspace: Workspace) -> APIRouter:
    """Create the routes of the workspace."""
    router = APIRouter(prefix=WORKSPACE, tags=["workspace"])
    settings = workspace.settings

    @router.get("")
    def get_workspace() -> dict[str, Any]:
        """Return what clients need to know of the workspace."""
        return {
            "id": settings.workspace_id,
            "name": settings.workspace,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "location": settings.location,
            "tags": {},
            "properties": {
                "friendlyName": settings.workspace,
                "workspaceId": str(uuid.uuid5(uuid.NAMESPACE_URL, settings.workspace_id.lower())),
                "discoveryUrl": f"{settings.public_url}/discovery",
                "provisioningState": "Succeeded",
            },
        }

    @router.get("/operationStatuses/{operation}")
    def get_operation(operation: str) -> JSONResponse:
        """Return an operation. A PUT ends before its answer, so the operation of an existing resource has succeeded."""
        kind, *names = operation.split(SEPARATOR)
        tables = {table.kind.partition: table for table in workspace.operated}
        table = tables.get(kind)
        row = table.find(*names) if table is not None and names else None
        if row is None:
            raise NotFoundError(f"operation {operation!r} not found", target=operation)
        content = {
            "id": f"{settings.workspace_id}/operationStatuses/{operation}",
            "name": operation,
            "status": "Succeeded",
            "startTime": row.document.modified.isoformat(),
            "endTime": row.document.modified.isoformat(),
        }
        return JSONResponse(content, headers={"Retry-After": str(POLL_SECONDS)})

    return router


class SecretQuestion(ArmModel):
    """The receiver whose secret is wanted."""

    url: str
    """The receiver's URL, exactly as the webhook has it."""


def webhooks_router(workspace: Workspace) -> APIRouter:
    """Create the routes of webhooks."""
    router = APIRouter(prefix=WORKSPACE, tags=["webhooks"])

    @router.post("/listWebhookSecret")
    def list_webhook_secret(question: SecretQuestion) -> dict[str, str]:
        """Return the secret of the receiver at a URL. It is the same at every call."""
        check_webhook_url(workspace.settings, question.url, "url")
        return {"url": question.url, "secret": webhook_secret(workspace.account.tables, question.url)}

    return router
