"""The issuer's signing keys: fetched from its JWKS URL, kept for an hour, fetched again when a key is unknown."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import urllib3
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.errors import AuthenticationError, DependencyError

KEPT_SECONDS = 3600.0
"""How long keys are used before they are fetched again."""

REFETCH_SECONDS = 10.0
"""Unknown key ids make at most one fetch in this time, so that forged tokens cannot make a flood."""

_TIMEOUT = urllib3.Timeout(connect=5, read=10)


class SigningKeys:
    """Keys by their id (`kid`); may be used by many threads."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`url` is that of the JWKS; `clock` gives seconds."""
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=urllib3.Retry(2, backoff_factor=0.2))
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched: float | None = None

    def get(self, key_id: str) -> PyJWK:
        """The key; raises AuthenticationError when the issuer has none of this id, DependencyError when it is mute."""
        with self._lock:
            age = self._age()
            if age is None or age > KEPT_SECONDS or (key_id not in self._keys and age > REFETCH_SECONDS):
                self._fetch()
            key = self._keys.get(key_id)
        if key is None:
            raise AuthenticationError(
                f"The token is signed with a key that its issuer does not publish (kid {key_id!r})"
            )
        return key

    def _age(self) -> float | None:
        return None if self._fetched is None else self._clock() - self._fetched

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


def _usable(entry: Mapping[str, Any]) -> PyJWK | None:
    """An RSA signing key; None for keys of another kind, which issuers publish too."""
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    try:
        return PyJWK(dict(entry), algorithm="RS256")
    except PyJWTError:
        return None
