"""How a storage request authenticates."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from azure.core.credentials import TokenCredential
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from shared.contracts.job_spec import Location
from shared.storage.account import StorageAccount
from shared.storage.blobs import DatastoreSecret

_SAS_VALIDITY = timedelta(days=7)
_SAS_RENEWAL_SECONDS = 24 * 3600.0
_TOKEN_MARGIN_SECONDS = 300.0
_TOKEN_SCOPE = "https://storage.azure.com/.default"  # noqa: S105 (a scope's name, not a secret)
_BLOBS_QUEUES_TABLES = "bqt"

QUERY_CHARACTERS = "!$%&'()*+,/:;=?@~"
"""What a path with its query may contain beside letters, digits and `_.-` (RFC 3986)."""


class Authorization(ABC):
    """Adds the credential to a request."""

    @abstractmethod
    async def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the path and query to request; may add to `headers`."""

    async def renew(self) -> None:  # noqa: B027 (most credentials have no newer version)
        """Read the credential again, because it was refused. The next `apply` uses what was found."""


class Anonymous(Authorization):
    """No credential: for public containers and plain URLs."""

    async def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target as it is."""
        return target


class GivenSas(Authorization):
    """A given shared access signature, from a datastore's secret or a connection string."""

    def __init__(self, token: str) -> None:
        """`token` is the query string, with or without its question mark."""
        self._token = quote(token.lstrip("?"), safe=QUERY_CHARACTERS)

    async def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target with the signature."""
        return _signed(target, self._token)


class AccountKeySas(Authorization):
    """An account SAS for blobs, queues and tables, made from the account's key and renewed every day."""

    def __init__(self, account_name: str, account_key: str) -> None:
        self._account_name = account_name
        self._account_key = account_key
        self._token = ""
        self._made = float("-inf")

    async def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target with a signature that is valid for days."""
        if time.monotonic() - self._made > _SAS_RENEWAL_SECONDS:
            self._token = self._new_token()
            self._made = time.monotonic()
        return _signed(target, self._token)

    def _new_token(self) -> str:
        return generate_account_sas(
            self._account_name,
            self._account_key,
            resource_types=ResourceTypes(service=True, container=True, object=True),
            permission=AccountSasPermissions(
                read=True, write=True, delete=True, list=True, add=True, create=True, update=True, process=True
            ),
            expiry=datetime.now(UTC) + _SAS_VALIDITY,
            services=_BLOBS_QUEUES_TABLES,
        )


class IdentityToken(Authorization):
    """A bearer token of the process's identity."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential
        self._header = ""
        self._expires = float("-inf")

    async def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target as it is; the token goes into the headers. Raise AzureError if there is no token."""
        if time.time() > self._expires - _TOKEN_MARGIN_SECONDS:
            token = await asyncio.to_thread(self._credential.get_token, _TOKEN_SCOPE)
            self._header = f"Bearer {token.token}"
            self._expires = token.expires_on
        headers["authorization"] = self._header
        return target


class DatastoreAuthorization(Authorization):
    """The secret of a datastore, read when the first request needs it, and again when it is refused."""

    def __init__(self, location: Location, secret: Callable[[], Awaitable[DatastoreSecret]]) -> None:
        """`secret` reads the secret of the datastore that `location` names."""
        self._location = location
        self._read = secret
        self._secret: DatastoreSecret | None = None
        self._made: Authorization = Anonymous()

    async def apply(self, target: str, headers: dict[str, str]) -> str:
        """Return the target with the signature; raise what the reader of the secret raises."""
        if self._secret is None:
            await self.renew()
        return await self._made.apply(target, headers)

    async def renew(self) -> None:
        """Read the secret; it may have been rotated."""
        secret = await self._read()
        if secret != self._secret:
            self._secret, self._made = secret, self._authorization(secret)

    def _authorization(self, secret: DatastoreSecret) -> Authorization:
        if secret.secrets_type == "Sas":
            return GivenSas(secret.sas_token)
        return AccountKeySas(_account_name(self._location), secret.key)


def account_authorization(account: StorageAccount) -> Authorization:
    """Return the credential for the workspace's account: its key, its SAS, or the process's identity."""
    if account.credential is not None:
        return IdentityToken(account.credential)
    settings = dict(part.split("=", 1) for part in account.connection_string.split(";") if "=" in part)
    if signature := settings.get("SharedAccessSignature"):
        return GivenSas(signature)
    return AccountKeySas(account.account_name, str(account.blobs.credential.account_key))


def _signed(target: str, token: str) -> str:
    return f"{target}{'&' if '?' in target else '?'}{token}"


def _account_name(location: Location) -> str:
    """Read the name from `https://<account>.blob…`, or from the path of an emulator's address."""
    parts = urlsplit(location.account_url)
    return parts.path.strip("/") or (parts.hostname or "").partition(".")[0]
