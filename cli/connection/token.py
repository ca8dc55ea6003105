"""Access tokens: from the local issuer, or from the user for a deployed service."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cli.output.errors import AuthenticationError, UnreachableError

MANAGEMENT_AUDIENCE = "https://management.azure.com"
SCORING_AUDIENCE = "https://ml.azure.com"
RENEWED_BEFORE_EXPIRY = timedelta(minutes=5)
"""Tokens are renewed because `job stream` may run for longer than a token lives."""


@dataclass(frozen=True)
class AccessToken:
    """A bearer token."""

    value: str = field(repr=False)
    expires: datetime
    tenant: str = ""


class TokenSource(Protocol):
    """Returns tokens for an audience."""

    def token(self, audience: str) -> AccessToken:
        """Return a valid token."""
        ...


@dataclass
class ClientSecretTokens:
    """OAuth 2.0 client credentials, as the local issuer takes them."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    tenant: str = ""
    folder: Path | None = None
    """Data folder of the local service, for messages."""
    _known: dict[str, AccessToken] = field(default_factory=dict, repr=False)

    def token(self, audience: str) -> AccessToken:
        """Return a token for `audience`. Raise UnreachableError or AuthenticationError."""
        known = self._known.get(audience)
        if known is None or known.expires <= datetime.now(UTC) + RENEWED_BEFORE_EXPIRY:
            known = self._known[audience] = self._fetch(audience)
        return known

    def token_with_role(self, audience: str, role: str) -> AccessToken:
        """Return a token with this role instead of the issuer's default, Owner."""
        return self._fetch(audience, role=role)

    def _fetch(self, audience: str, **more: str) -> AccessToken:
        from urllib.parse import urlencode

        import urllib3

        from cli.connection.pool import connection_pool, reason

        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": f"{audience}/.default",
            **more,
        }
        try:
            answer = connection_pool(self.token_url).request(
                "POST",
                self.token_url,
                body=urlencode(form),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            place = f" of {self.folder}" if self.folder else ""
            raise UnreachableError(
                f"the local service{place} is not running (its token issuer: {reason(error)})",
                hint="Start it with `bml local up`",
            ) from None
        if answer.status != 200:
            raise AuthenticationError(
                f"the token issuer at {self.token_url} refused to give a token (HTTP {answer.status})",
                hint="Restart the local service: `bml local down`, then `bml local up`",
            )
        content = answer.json()
        return _read(str(content["access_token"]), self.tenant)


@dataclass
class GivenToken:
    """A token from the environment, for every audience."""

    value: str = field(repr=False)

    def token(self, audience: str) -> AccessToken:
        """Return the token. Raise AuthenticationError if it has expired."""
        token = _read(self.value, "")
        if token.expires <= datetime.now(UTC):
            raise AuthenticationError(
                f"the token in BML_ACCESS_TOKEN expired at {token.expires:%Y-%m-%d %H:%M} UTC",
                hint=f"Get a new one, e.g. `az account get-access-token --resource {audience}`",
            )
        return token


def claims(value: str) -> dict[str, Any]:
    """Return the claims of a token. Raise AuthenticationError if it has none. Only the service checks the signature."""
    import base64

    try:
        part = value.split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
    except (IndexError, ValueError, TypeError):
        raise _not_a_token() from None


def _read(value: str, tenant: str) -> AccessToken:
    """Read expiry and tenant from the token itself."""
    told = claims(value)
    try:
        return AccessToken(value, datetime.fromtimestamp(told["exp"], UTC), str(told.get("tid") or tenant))
    except (KeyError, ValueError, TypeError):
        raise _not_a_token() from None


def _not_a_token() -> AuthenticationError:
    return AuthenticationError(
        "the access token is not a JSON web token with an expiry", hint="Set BML_ACCESS_TOKEN to a bearer token"
    )
