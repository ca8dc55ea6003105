"""The credentials of requests on the hot path."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from azure.core.credentials import TokenCredential
from azure.storage.blob import AccountSasPermissions, ResourceTypes, Services, generate_account_sas

_SAS_VALIDITY = timedelta(days=7)
_SAS_RENEWAL_SECONDS = 24 * 3600.0
_TOKEN_MARGIN_SECONDS = 300.0
_TOKEN_SCOPE = "https://storage.azure.com/.default"  # noqa: S105 (a scope's name, not a secret)


class Authorization(Protocol):
    """Adds the credential to a request."""

    def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the path and query to request. May add to `headers`."""


class Anonymous:
    """No credential: for public containers and plain URLs."""

    def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target as it is."""
        return target


class GivenSas:
    """A given shared access signature, from a datastore's secret or a connection string."""

    def __init__(self, token: str) -> None:
        """`token` is the query string, with or without its question mark."""
        self._token = token.lstrip("?")

    def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target with the signature."""
        return f"{target}{'&' if '?' in target else '?'}{self._token}"


class AccountKeySas:
    """An account SAS for blobs and queues, made from the account's key and renewed every day."""

    def __init__(self, account_name: str, account_key: str) -> None:
        self._account_name = account_name
        self._account_key = account_key
        self._lock = threading.Lock()
        self._token = ""
        self._made = float("-inf")

    def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target with a signature that is valid for days."""
        if time.monotonic() - self._made > _SAS_RENEWAL_SECONDS:
            with self._lock:
                self._token = self._new_token()
                self._made = time.monotonic()
        return f"{target}{'&' if '?' in target else '?'}{self._token}"

    def _new_token(self) -> str:
        return generate_account_sas(
            self._account_name,
            self._account_key,
            resource_types=ResourceTypes(service=True, container=True, object=True),
            permission=AccountSasPermissions(
                read=True, write=True, delete=True, list=True, add=True, create=True, update=True, process=True
            ),
            expiry=datetime.now(UTC) + _SAS_VALIDITY,
            services=Services(blob=True, queue=True),
        )


class IdentityToken:
    """A bearer token of the process's identity."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential
        self._lock = threading.Lock()
        self._header = ""
        self._expires = float("-inf")

    def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target as it is, and add the token to the headers."""
        if time.time() > self._expires - _TOKEN_MARGIN_SECONDS:
            with self._lock:
                token = self._credential.get_token(_TOKEN_SCOPE)
                self._header = f"Bearer {token.token}"
                self._expires = token.expires_on
        headers["Authorization"] = self._header
        return target
