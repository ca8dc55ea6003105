"""The decision whether a request gets a token, and the signature of the token."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote_plus

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.errors import StackStateError
from local.private_files import write_private
from local.token_issuer.credentials import Credentials

LIFETIME_SECONDS = 3600
OWNER = "Owner"
"""The role of a token whose request has no parameter `role` (which Entra ID does not know)."""

_GRANT = "client_credentials"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token, with its facts for the answer."""

    value: str = field(repr=False)
    audience: str
    not_before: int
    expires_on: int


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues tokens to one application of one tenant."""

    credentials: Credentials
    key: "SigningKey"
    url: str
    """`iss` of every token."""

    audiences: Collection[str]
    """The accepted audiences, without a trailing slash."""

    def grant(self, form: Mapping[str, str], authorization: str | None) -> AccessToken:
        """Return the token for a request of the client credentials flow (RFC 6749 section 4.4).

        `authorization` is the header of HTTP basic authentication, which may carry id and secret instead of the form.

        Raises:
            TokenError: the request is refused. The message says why.
        """
        grant_type = form.get("grant_type")
        if not grant_type:
            raise InvalidRequestError(f"the request needs `grant_type`; accepted is {_GRANT}")
        if grant_type != _GRANT:
            raise UnsupportedGrantTypeError(f"grant_type {grant_type!r} is not supported; accepted is {_GRANT}")
        self._authenticate(*_client(form, authorization))
        return self._sign(requested_audience(form, self.audiences), form.get("role", OWNER))

    def _authenticate(self, client_id: str, client_secret: str) -> None:
        if client_id != self.credentials.client_id:
            raise InvalidClientError(f"application {client_id!r} is not known in tenant {self.credentials.tenant_id}")
        if not hmac.compare_digest(client_secret.encode(), self.credentials.client_secret.encode()):
            raise InvalidClientError(f"the client secret of application {client_id} is wrong")

    def _sign(self, audience: str, role: str) -> AccessToken:
        now = int(time.time())
        who = self.credentials
        claims = {
            "iss": self.url,
            "aud": audience,
            "tid": who.tenant_id,
            "oid": who.object_id,
            "sub": who.object_id,
            "appid": who.client_id,
            "idtyp": "app",
            "roles": [role],
            "ver": "1.0",
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
        }
        value = jwt.encode(claims, self.key.private, algorithm="RS256", headers={"kid": self.key.id})
        return AccessToken(value, audience, now, now + LIFETIME_SECONDS)


def _client(form: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    if authorization:
        return _basic(authorization)
    client_id, client_secret = form.get("client_id"), form.get("client_secret")
    if not client_id or not client_secret:
        raise InvalidRequestError("the request needs `client_id` and `client_secret`")
    return client_id, client_secret


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise InvalidClientError("the Authorization header is not valid HTTP basic authentication")
    return unquote_plus(client_id), unquote_plus(secret)


_DEFAULT_SCOPE = "/.default"


def requested_audience(form: Mapping[str, str], allowed: Collection[str]) -> str:
    """Return the audience that the token request names, without a trailing slash. It is one of `allowed`.

    Raises:
        InvalidRequestError, InvalidScopeError, InvalidTargetError: the message says what would be accepted.
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


class TokenError(Exception):
    """The token request was refused."""

    error: ClassVar[str]
    http_status: ClassVar[int] = 400

    def as_body(self) -> dict[str, str]:
        """Return the JSON body of the answer."""
        return {"error": self.error, "error_description": str(self)}


class InvalidRequestError(TokenError):
    """A parameter is missing, or the tenant is unknown."""

    error = "invalid_request"


class InvalidClientError(TokenError):
    """The application or its secret is wrong."""

    error = "invalid_client"
    http_status = 401


class UnsupportedGrantTypeError(TokenError):
    """The only grant is `client_credentials`."""

    error = "unsupported_grant_type"


class InvalidScopeError(TokenError):
    """`scope` does not name one audience with `/.default`."""

    error = "invalid_scope"


class InvalidTargetError(TokenError):
    """The audience is not one of this stack's (Entra ID calls it a resource)."""

    error = "invalid_resource"


FILE_NAME = "signing_key.pem"
_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key with the id by which verifiers find it."""

    private: rsa.RSAPrivateKey
    id: str

    def as_jwk(self) -> dict[str, str]:
        """Return the public half as a JSON Web Key (RFC 7517)."""
        return {"use": "sig", "alg": "RS256", "kid": self.id, **_required_members(self.private.public_key())}


def ensure_signing_key(folder: Path) -> SigningKey:
    """Return the key in `folder`. The first call makes it, with mode 0600."""
    file = folder / FILE_NAME
    if not file.exists():
        write_private(file, _new_key())
    try:
        private = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except ValueError as problem:
        raise StackStateError(file, str(problem)) from problem
    if not isinstance(private, rsa.RSAPrivateKey):
        raise StackStateError(file, "an RSA key was expected")
    return SigningKey(private, _thumbprint(private.public_key()))


def _new_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _thumbprint(public: rsa.RSAPublicKey) -> str:
    """Return the hash of the required members in the order of their names (RFC 7638)."""
    canonical = json.dumps(_required_members(public), sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _required_members(public: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {"e": _integer(numbers.e), "kty": "RSA", "n": _integer(numbers.n)}


def _integer(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
