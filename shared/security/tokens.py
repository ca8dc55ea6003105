"""Bearer tokens: their verification, and the reasons to refuse one."""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import urllib3
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.errors import AuthenticationError, DependencyError
from shared.security.access import Caller

log = logging.getLogger(__name__)

ALGORITHM = "RS256"
"""The only accepted signature algorithm. `none` and shared secrets are never accepted."""

LEEWAY_SECONDS = 60
"""How many seconds the clocks of issuer and service may differ."""

KEPT_SECONDS = 3600.0
"""Keys are fetched again after this time."""

LONGEST_KEPT_SECONDS = 24 * 3600.0
"""Keys that cannot be fetched again stay in use for this time. After it, they may have been withdrawn."""

REFETCH_SECONDS = 10.0
"""Unknown key ids cause at most one fetch in this time, so that forged tokens cannot cause a flood."""

PAUSE_SECONDS = 2.0
"""Pause after a failed fetch. Each fetch blocks all callers while it runs."""

_TIMEOUT = urllib3.Timeout(connect=5, read=10)


class SigningKeys:
    """Keys by their id (`kid`). Many threads may use it."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`url` is the address of the JWKS; `clock` returns seconds."""
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=urllib3.Retry(2, backoff_factor=0.2))
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched: float | None = None
        self._trouble = ""
        self._failed: float | None = None

    def get(self, key_id: str) -> PyJWK:
        """Return the key of this id.

        While the issuer does not answer, the keys that are known already stay in use. Raises AuthenticationError if the
        issuer does not publish the id, DependencyError if the issuer does not answer.
        """
        with self._lock:
            age = self._since(self._fetched)
            if age > KEPT_SECONDS or (key_id not in self._keys and age > REFETCH_SECONDS):
                self._refresh()
            key = self._keys.get(key_id) if self._since(self._fetched) <= LONGEST_KEPT_SECONDS else None
            trouble = self._trouble
        if key is None and trouble:
            raise DependencyError(trouble)
        if key is None:
            raise AuthenticationError(
                f"The token is signed with a key that its issuer does not publish (kid {key_id!r})"
            )
        return key

    def _since(self, moment: float | None) -> float:
        return math.inf if moment is None else self._clock() - moment

    def _refresh(self) -> None:
        if self._since(self._failed) < PAUSE_SECONDS:
            return
        try:
            self._fetch()
        except DependencyError as error:
            log.warning("%s", error)
            self._trouble, self._failed = str(error), self._clock()
        else:
            self._trouble, self._failed = "", None

    def _fetch(self) -> None:
        try:
            answer = self._http.request("GET", self._url)
            if answer.status != 200:
                raise DependencyError(f"the token issuer's keys at {self._url} answered HTTP status {answer.status}")
            keys = [_usable(entry) for entry in answer.json()["keys"]]
        except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DependencyError(f"the token issuer's keys at {self._url} cannot be read: {error}") from error
        self._keys = {key.key_id: key for key in keys if key is not None and key.key_id}
        self._fetched = self._clock()


class TokenVerifier:
    """Verifies a bearer token and returns its Caller."""

    def __init__(self, issuer: str, audiences: tuple[str, ...], keys: SigningKeys) -> None:
        """Tokens of `issuer` for any of `audiences` (a slash at the end does not count) are accepted."""
        self._issuer = issuer
        self._audiences = audiences
        self._keys = keys

    def caller(self, authorization: str | None) -> Caller:
        """Return who the `Authorization` header speaks for; raises AuthenticationError that says what is wrong."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AuthenticationError("The request needs the header 'Authorization: Bearer <token>'")
        return Caller.from_claims(self._claims(token.strip()))

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM:
                raise AuthenticationError(
                    f"The token is signed with {header.get('alg')!r}; only {ALGORITHM} is accepted"
                )
            claims = jwt.decode(
                token,
                self._keys.get(str(header.get("kid", ""))),
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise AuthenticationError(self._reason(error)) from error
        self._check_audience(claims)
        return claims

    def _check_audience(self, claims: dict[str, Any]) -> None:
        named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        accepted = {audience.rstrip("/") for audience in self._audiences}
        if not any(str(audience).rstrip("/") in accepted for audience in named):
            shown = ", ".join(map(str, named))
            raise AuthenticationError(
                f"Audiences in JWT are not allowed: the token is for {shown}; accepted are {', '.join(self._audiences)}"
            )

    def _reason(self, error: jwt.PyJWTError) -> str:
        match error:
            case jwt.ExpiredSignatureError():
                return "The token has expired; get a new one"
            case jwt.ImmatureSignatureError():
                return "The token is not valid yet; compare the clocks of its issuer and of this service"
            case jwt.InvalidIssuerError():
                return f"The token is from an issuer that is not trusted; accepted is {self._issuer}"
            case jwt.MissingRequiredClaimError():
                return f"The token lacks the claim {error.claim!r}"
            case jwt.InvalidSignatureError():
                return "The token's signature is wrong"
            case _:
                return f"The token cannot be read: {error}"


def _usable(entry: Mapping[str, Any]) -> PyJWK | None:
    """Return an RSA signing key, or None for the other kinds of keys that issuers publish."""
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    try:
        return PyJWK(dict(entry), algorithm="RS256")
    except PyJWTError:
        return None
