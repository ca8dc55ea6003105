"""HTTP triggers: one function for each surface, and a native health check.

Each surface is a FastAPI app behind its own catch-all route, so that it has its own OpenAPI page, metrics and switch.
"""

import json
from functools import cache

import azure.functions as func

from shared.contracts.messages import JOB_REQUESTS
from shared.security.tokens import TokenVerifier
from shared.storage.queues import message_count
from shared.triggers.datasets.app import datasets_app
from shared.triggers.discovery.app import discovery_app, metadata_app
from shared.triggers.frontend.app import frontend_app
from shared.triggers.history.app import history_app
from shared.triggers.http_auth import Authenticate, authentication
from shared.triggers.management.app import management_app
from shared.triggers.schemas.app import schemas_app
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


@blueprint.route("discovery/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def discovery(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Where the services of the workspace are; without a token."""
    return await _discovery().handle_async(req, context)


@blueprint.route("metadata/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def metadata(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """What clients need to know of this cloud; without a token."""
    return await _metadata().handle_async(req, context)


@blueprint.route("data/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def datasets(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Addresses of data that runs have written."""
    return await _datasets().handle_async(req, context)


@blueprint.route("mferp/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def frontend(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The jobs of endpoints and deployments, as the official client lists them."""
    return await _frontend().handle_async(req, context)


@blueprint.route("schemas/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def schemas(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """JSON Schemas of the YAML files; without a token."""
    return await _schemas().handle_async(req, context)


@blueprint.route("health", methods=[func.HttpMethod.GET], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether the application can reach its storage; the only route without a token."""
    message_count(application().account.queues, JOB_REQUESTS)
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


@cache
def _discovery() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(discovery_app(application()))


@cache
def _metadata() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(metadata_app(application()))


@cache
def _datasets() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(datasets_app(application(), _authenticate()))


@cache
def _frontend() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(frontend_app(application(), _authenticate()))


@cache
def _schemas() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(schemas_app(application().workspace.settings))
