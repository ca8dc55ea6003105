"""The bearer token of an HTTP request, as a FastAPI dependency."""

from collections.abc import Callable

from starlette.requests import Request

from shared.security.caller import Caller
from shared.security.tokens import TokenVerifier

Authenticate = Callable[[Request], Caller]
"""Gives the caller of a request; raises AuthenticationError."""


def authentication(verifier: TokenVerifier) -> Authenticate:
    """A dependency that gives the Caller of a request and lets nobody else pass.

    Put it on an app or a router (`dependencies=[Depends(authenticate)]`); the handlers of that app get the Caller
    by `Depends(current_caller)`.
    """

    def authenticate(request: Request) -> Caller:
        caller = verifier.caller(request.headers.get("authorization"))
        request.state.caller = caller
        return caller

    return authenticate


def current_caller(request: Request) -> Caller:
    """The caller that the app's authentication let pass."""
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller
