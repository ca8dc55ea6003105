"""HTTP triggers: one function for each surface, and a native health check.

Each surface is a FastAPI app behind its own catch-all route, so that it has its own OpenAPI page, metrics and switch.
"""

import json
from functools import cache

import azure.functions as func

from shared.security.tokens import TokenVerifier
from shared.triggers.history.app import history_app
from shared.triggers.http_auth import Authenticate, authentication
from shared.triggers.management.app import management_app
from shared.triggers.scoring.app import scoring_app
from shared.triggers.studio.app import studio_app
from shared.wiring import application

blueprint = func.Blueprint()

METHODS = [func.HttpMethod(method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")]


@blueprint.route("subscriptions/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def management(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The management API."""
    return await _management().handle_async(req, context)


@blueprint.route("endpoints/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def scoring(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The scoring URIs."""
    return await _scoring().handle_async(req, context)


@blueprint.route("history/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def history(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Run history."""
    return await _history().handle_async(req, context)


@blueprint.route("studio/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def studio(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Pages for people."""
    return await _studio().handle_async(req, context)


@blueprint.route("health", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether the application can reach its storage; the only route without a token."""
    application().account.queues.get_service_properties()
    return func.HttpResponse(json.dumps({"status": "healthy"}), mimetype="application/json")


@cache
def _authenticate() -> Authenticate:
    return authentication(TokenVerifier.from_settings(application().workspace.settings))


@cache
def _management() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(management_app(application(), _authenticate()))


@cache
def _scoring() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(scoring_app(application(), _authenticate()))


@cache
def _history() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(history_app(application(), _authenticate()))


@cache
def _studio() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(studio_app(application()))
