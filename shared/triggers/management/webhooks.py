"""The secrets with which receivers of webhooks check that a request is the workspace's."""

from fastapi import APIRouter

from shared.contracts.resources import ArmModel
from shared.control_plane.webhooks import check_webhook_url
from shared.control_plane.workspace import Workspace
from shared.security.webhook_secrets import webhook_secret
from shared.triggers.management.paths import WORKSPACE


class SecretQuestion(ArmModel):
    """Whose secret is asked for."""

    url: str
    """The receiver's URL, exactly as the webhook has it."""


def webhooks_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""
    router = APIRouter(prefix=WORKSPACE, tags=["webhooks"])

    @router.post("/listWebhookSecret")
    def list_webhook_secret(question: SecretQuestion) -> dict[str, str]:
        """The secret of the receiver at a URL; the same at every call."""
        check_webhook_url(workspace.settings, question.url, "url")
        return {"url": question.url, "secret": webhook_secret(workspace.account.tables, question.url)}

    return router
