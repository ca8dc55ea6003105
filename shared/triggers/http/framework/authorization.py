"""Authorization as a FastAPI dependency: it checks the bearer token of a request and the roles of its caller."""

import logging
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import Request

from shared.errors import AuthorizationError, NotFoundError
from shared.jobs.store import JobStore
from shared.security.access import Access, Caller, Target
from shared.security.tokens import TokenVerifier
from shared.settings import Settings
from shared.triggers.http.framework.route_actions import ROUTE_ACTIONS, WORKSPACE

log = logging.getLogger(__name__)

Authorize = Callable[..., Caller]
"""A dependency that returns the caller of a request, or raises AuthenticationError or AuthorizationError."""

_BEARER = Depends(HTTPBearer(scheme_name="token", description="Of Microsoft Entra ID, JWT", auto_error=False))
"""Tells the OpenAPI document that the route needs a token. The verifier says what is wrong with a token."""


def authorizer(settings: Settings, verifier: TokenVerifier, access: Access, jobs: JobStore) -> Authorize:
    """Return a dependency that admits a request if its caller may do the route's action in ROUTE_ACTIONS.

    Put it on every route of an app (`dependencies=[Depends(authorize)]`). A handler gets the Caller by
    `Depends(current_caller)`.
    """

    def authorize(request: Request, _: Annotated[object, _BEARER]) -> Caller:
        caller = verifier.caller(request.headers.get("authorization"))
        route = str(request.scope["route"].path).replace(WORKSPACE, "~")
        action = ROUTE_ACTIONS[f"{request.method} {route}"]
        names: dict[str, str] = request.path_params
        target = Target(settings.workspace_id + _resource(route, names), lambda: _endpoint(jobs, names))
        try:
            access.require(caller, action, target)
        except AuthorizationError as refusal:
            log.warning("refused: %s", " ".join(refusal.message.split()))  # a name may contain line breaks
            raise
        request.state.caller = caller
        return caller

    return authorize


def current_caller(request: Request) -> Caller:
    """Return the caller that the authorization admitted."""
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


def _resource(route: str, names: dict[str, str]) -> str:
    """Return the resource's path below its workspace. Collections and names alternate; a verb at the end is dropped."""
    below = route.partition("~")[2] if "~" in route else route.replace("/endpoints/", "/batchEndpoints/")
    segments = below.strip("/").split("/")
    pairs = segments[: len(segments) // 2 * 2]
    return "".join(f"/{names.get(segment.strip('{}'), segment)}" for segment in pairs)


def _endpoint(jobs: JobStore, names: dict[str, str]) -> str:
    """Return the batch endpoint that the path names, or the endpoint of the job that the path names."""
    run = names.get("job") or names.get("run")
    if "endpoint" in names or not run:
        return names.get("endpoint", "")
    try:
        return jobs.of_run(run).endpoint
    except NotFoundError:
        return ""
