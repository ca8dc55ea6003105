"""The workspace's storage account: its setting and its clients."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from shared.settings import SettingsError
from shared.storage.refusals import PATIENCE, check_listing

CONNECTION_SETTING = "AzureWebJobsStorage"
_BLOB_OPTIONS: dict[str, Any] = {"raw_response_hook": check_listing, **PATIENCE}
_SERVICES = ("blob", "queue", "table")


@dataclass(frozen=True, eq=False)  # compared by identity, so that it can be the key of a cache
class StorageAccount:
    """Clients of one account, by connection string (Azurite, keys) or by identity.

    Identity settings are those of the Functions host: `<setting>__accountName`, or `<setting>__blobServiceUri`,
    `__queueServiceUri` and `__tableServiceUri`, with `__clientId` for a user-assigned identity.
    """

    connection_string: str = ""
    service_urls: Mapping[str, str] | None = None
    client_id: str = ""

    def __repr__(self) -> str:
        """Never shows the connection string."""
        return f"StorageAccount({self.blobs.url!r})"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, setting: str = CONNECTION_SETTING
    ) -> "StorageAccount":
        """Read the setting. Raises SettingsError that says which forms are accepted."""
        if connection_string := environment.get(setting):
            return cls(connection_string=connection_string)
        urls = {s: environment.get(f"{setting}__{s}ServiceUri", "").rstrip("/") for s in _SERVICES}
        if name := environment.get(f"{setting}__accountName"):
            urls = {s: url or f"https://{name}.{s}.core.windows.net" for s, url in urls.items()}
        if not all(urls.values()):
            raise SettingsError(
                f"no storage account: set {setting} to a connection string, or {setting}__accountName, "
                f"or {setting}__blobServiceUri, __queueServiceUri and __tableServiceUri"
            )
        return cls(service_urls=urls, client_id=environment.get(f"{setting}__clientId", ""))

    @cached_property
    def credential(self) -> TokenCredential | None:
        """The identity, or None with a connection string."""
        if self.connection_string:
            return None
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential(managed_identity_client_id=self.client_id or None)

    @cached_property
    def blobs(self) -> BlobServiceClient:
        """The blob service."""
        if self.connection_string:
            return BlobServiceClient.from_connection_string(self.connection_string, **_BLOB_OPTIONS)
        return BlobServiceClient(self._url("blob"), credential=self.credential, **_BLOB_OPTIONS)

    @cached_property
    def queues(self) -> QueueServiceClient:
        """The queue service."""
        if self.connection_string:
            return QueueServiceClient.from_connection_string(self.connection_string)
        return QueueServiceClient(self._url("queue"), credential=self.credential)

    @cached_property
    def tables(self) -> TableServiceClient:
        """The table service."""
        if self.connection_string:
            return TableServiceClient.from_connection_string(self.connection_string)
        credential: Any = self.credential
        return TableServiceClient(self._url("table"), credential=credential)

    @cached_property
    def blob_url(self) -> str:
        """Blob service URL without a trailing slash."""
        return self.blobs.url.rstrip("/")

    @cached_property
    def is_on_loopback(self) -> bool:
        """Whether it is an emulator, which only this machine reaches."""
        return (urlsplit(self.blob_url).hostname or "") in {"127.0.0.1", "localhost", "::1"}

    @cached_property
    def account_name(self) -> str:
        """The account's name."""
        return str(self.blobs.account_name)

    def _url(self, service: str) -> str:
        assert self.service_urls is not None
        return self.service_urls[service]


@cache
def workspace_account() -> StorageAccount:
    """Return the storage account of this process."""
    return StorageAccount.from_environment()


def storage_suffix(account: StorageAccount) -> str:
    """Return the text that completes `https://<account>.blob.` to the address of the account's blob service.

    An emulator has the account in the path and no name in DNS. Then the text before `@` makes a user name of
    `<account>.blob.x`, and what follows is host, port and path: `x@127.0.0.1:10000/devstoreaccount1`.
    """
    parts = urlsplit(account.blob_url)
    host = parts.hostname or ""
    prefix = f"{account.account_name}.blob."
    if host.startswith(prefix):
        return parts.netloc.removeprefix(prefix)
    return f"x@{parts.netloc}{parts.path.rstrip('/')}"


def error_code(error: Exception) -> str:
    """Return storage's error code, such as `AuthorizationFailure`; empty if storage did not answer.

    For codes that it knows, the SDK has an enum whose text is `StorageErrorCode.…`.
    """
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "").strip()
