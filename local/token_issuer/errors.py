"""Refusals of the token endpoint, in the shape of RFC 6749 section 5.2.

TokenError
├── InvalidRequestError        a parameter is missing or the tenant is unknown
├── InvalidClientError         401: the application or its secret is wrong
├── UnsupportedGrantTypeError  only `client_credentials` is served
├── InvalidScopeError          `scope` does not name one audience with `/.default`
└── InvalidTargetError         the audience is not one of this stack's
"""

from __future__ import annotations

from typing import ClassVar


class TokenError(Exception):
    """The token request was refused."""

    error: ClassVar[str]
    http_status: ClassVar[int] = 400

    def as_body(self) -> dict[str, str]:
        """The JSON body of the answer."""
        return {"error": self.error, "error_description": str(self)}


class InvalidRequestError(TokenError):
    """A parameter is missing, or the tenant is unknown."""

    error = "invalid_request"


class InvalidClientError(TokenError):
    """The application or its secret is wrong."""

    error = "invalid_client"
    http_status = 401


class UnsupportedGrantTypeError(TokenError):
    """Only `client_credentials` is served."""

    error = "unsupported_grant_type"


class InvalidScopeError(TokenError):
    """`scope` does not name one audience with `/.default`."""

    error = "invalid_scope"


class InvalidTargetError(TokenError):
    """The audience is not one of this stack's (Entra ID calls it a resource)."""

    error = "invalid_resource"
