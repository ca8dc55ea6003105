"""What a token is for: from the `scope` or `resource` of a request to the `aud` of the token."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from local.token_issuer.errors import InvalidRequestError, InvalidScopeError, InvalidTargetError

_DEFAULT_SCOPE = "/.default"


def requested_audience(form: Mapping[str, str], allowed: Collection[str]) -> str:
    """The audience that the token request names, without a trailing slash; one of `allowed`.

    Raises:
        InvalidRequestError, InvalidScopeError, InvalidTargetError: with what would be accepted.
    """
    audience = _named(form).rstrip("/")
    if audience not in allowed:
        raise InvalidTargetError(f"audience {audience!r} is not served here; accepted are {', '.join(sorted(allowed))}")
    return audience


def _named(form: Mapping[str, str]) -> str:
    if resource := form.get("resource"):
        return resource
    scope = form.get("scope")
    if not scope:
        raise InvalidRequestError("the request needs `scope` (v2.0) or `resource` (v1)")
    if not scope.endswith(_DEFAULT_SCOPE) or " " in scope:
        raise InvalidScopeError(f"scope {scope!r} is not valid: one audience followed by {_DEFAULT_SCOPE} is expected")
    return scope.removesuffix(_DEFAULT_SCOPE)
