"""HTTP triggers: one function for each FastAPI app, and a plain health check.

Each app has its own catch-all route, and therefore its own OpenAPI page, its own metrics and its own switch.
"""

import json
from collections.abc import Callable
from functools import cache

import azure.functions as func
from fastapi import FastAPI

from shared.contracts.messages import JOB_REQUESTS
from shared.errors import ValidationError
from shared.security.tokens import SigningKeys, TokenVerifier
from shared.storage.queues import message_count
from shared.triggers.http.discovery import discovery_app, metadata_app, schemas_app
from shared.triggers.http.framework.authorization import Authorize, authorizer
from shared.triggers.http.framework.errors import error_response
from shared.triggers.http.framework.middleware import check_transport
from shared.triggers.http.history import datasets_app, history_app
from shared.triggers.http.management.app import management_app
from shared.triggers.http.scoring import job_lists_app, scoring_app
from shared.triggers.http.studio import studio_app
from shared.triggers.wiring import application

_JSON = "application/json"

blueprint = func.Blueprint()

METHODS = [func.HttpMethod(method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")]


@cache
def _authorize() -> Authorize:
    settings = application().workspace.settings
    return authorizer(
        settings,
        TokenVerifier(settings.token_issuer, settings.token_audiences, SigningKeys(settings.token_jwks_url)),
        application().access,
        application().jobs,
    )


APPS: dict[str, tuple[str, Callable[[], FastAPI]]] = {
    "management": ("subscriptions", lambda: management_app(application(), _authorize())),
    "scoring": ("endpoints", lambda: scoring_app(application(), _authorize())),
    "history": ("history", lambda: history_app(application(), _authorize())),
    "datasets": ("data", lambda: datasets_app(application(), _authorize())),
    "frontend": ("mferp", lambda: job_lists_app(application(), _authorize())),
    # Without a token: links to the studio carry a ticket, and the others show nobody's data.
    "studio": ("studio", lambda: studio_app(application())),
    "discovery": ("discovery", lambda: discovery_app(application())),
    "metadata": ("metadata", lambda: metadata_app(application())),
    "schemas": ("schemas", lambda: schemas_app(application().workspace.settings)),
}
"""For each function: the first part of its paths, and its app, which is built at the first request."""


def _register(name: str, root: str, build: Callable[[], FastAPI]) -> None:
    @cache
    def middleware() -> func.AsgiMiddleware:
        return func.AsgiMiddleware(build())

    async def serve(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        try:
            check_transport(req)
        except ValidationError as error:
            return func.HttpResponse(error_response(error).body, status_code=error.http_status, mimetype=_JSON)
        return await middleware().handle_async(req, context)

    route = blueprint.route(f"{root}/{{*path}}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
    blueprint.function_name(name)(route(serve))


for _name, (_root, _build) in APPS.items():
    _register(_name, _root, _build)


@blueprint.route("health", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer whether the application can reach its storage. It needs no token."""
    message_count(application().account.queues, JOB_REQUESTS)
    return func.HttpResponse(json.dumps({"status": "healthy"}), mimetype=_JSON)
