"""Where the node reads a job's files and writes its results: the workspace's account, a datastore, a public URL."""

from typing import BinaryIO
from urllib.parse import quote, urlsplit

from azure.storage.blob import ContainerClient

from scorer_container.node.storage.authorization import (
    QUERY_CHARACTERS,
    Anonymous,
    Authorization,
    DatastoreAuthorization,
    account_authorization,
)
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Client, Connect
from scorer_container.node.storage.errors import StorageRefusedError
from scorer_container.node.storage.rows import Rows
from shared.contracts.job_spec import Location
from shared.errors import NotFoundError, ProductError
from shared.storage.account import StorageAccount
from shared.storage.blobs import SECRETS_PARTITION, DatastoreSecret, container_of

_DATASTORE = "datastore:"


class SourceError(ProductError):
    """A location cannot be read or written."""


class Sources:
    """Opens locations; one client for each account and credential."""

    def __init__(
        self,
        account: StorageAccount,
        own: Blobs,
        secrets: Rows[DatastoreSecret],
        connect: Connect,
        patience: float,
    ) -> None:
        """Read and write under the credentials that locations name.

        Args:
            account: the workspace's.
            own: its blobs under its own credential.
            secrets: the secrets of datastores.
            connect: returns the client of a further service.
            patience: seconds for which calls are tried again.
        """
        self._account = account
        self._secrets = secrets
        self._connect = connect
        self._patience = patience
        self._blobs: dict[tuple[str, str], Blobs] = {(account.blob_url, "account"): own}
        self._clients: dict[str, Client] = {}

    def blobs(self, location: Location) -> Blobs:
        """Return the client for the account and credential of `location`. A datastore's secret is read with first use.

        The calls raise NotFoundError if the secret is gone.
        """
        key = (location.account_url, location.credential)
        if key not in self._blobs:
            authorization = self._authorization(location)
            self._blobs[key] = Blobs(Calls(self._client(location.account_url), authorization, self._patience))
        return self._blobs[key]

    def read_secrets_again(self) -> None:
        """Forget the secrets of datastores: they may have been renewed since."""
        for key in [key for key in self._blobs if key[1].startswith(_DATASTORE)]:
            self._blobs.pop(key)  # whoever works with it now keeps it

    def container(self, location: Location) -> ContainerClient:
        """Return the SDK's client for the container of `location`, for listings. It blocks: call it in a thread."""
        return container_of(self._account, location)

    async def fetch(self, location: Location, relative_path: str, into: BinaryIO) -> None:
        """Write one file of a location to `into`; raise StorageError.

        `relative_path` matters only for a folder: a `blob` or `url` is one file.
        """
        if location.kind == "url":
            await UrlFile(location.url, self._connect, self._patience).fetch(into)
        else:
            name = location.child(relative_path) if location.kind == "blob_folder" else location.path
            await self.blobs(location).read_to(location.container, name, into)

    async def close(self) -> None:
        """Close the idle connections."""
        for client in self._clients.values():
            await client.close()

    def _client(self, url: str) -> Client:
        """Return the client of a service; a user named all but the workspace's own."""
        if url not in self._clients:
            self._clients[url] = self._connect(url, url != self._account.blob_url)
        return self._clients[url]

    def _authorization(self, location: Location) -> Authorization:
        if location.credential == "account":
            return account_authorization(self._account)
        if location.credential == "anonymous":
            return Anonymous()
        if not location.credential.startswith(_DATASTORE):
            raise SourceError(f"credential {location.credential!r} is unknown: account, anonymous or datastore:<name>")
        name = location.credential.removeprefix(_DATASTORE)
        return DatastoreAuthorization(location, lambda: self._secret(name, location))

    async def _secret(self, name: str, location: Location) -> DatastoreSecret:
        row = await self._secrets.find(SECRETS_PARTITION, name)
        if row is None:
            raise NotFoundError(
                f"datastore {name!r}, which knew the secret of {location.account_url}/{location.container}, is gone",
                target=name,
            )
        return row.document


class UrlFile:
    """One file at a plain URL, read without credentials."""

    def __init__(self, url: str, connect: Connect, patience: float) -> None:
        """`connect` returns the client of the URL's host, `patience` are the seconds for which it is asked again."""
        parts = urlsplit(url)
        self._url = url.partition("?")[0]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._target = quote(target, safe=QUERY_CHARACTERS)
        self._client = connect(f"{parts.scheme}://{parts.netloc}", True)
        self._calls = Calls(self._client, Anonymous(), patience)

    async def fetch(self, into: BinaryIO) -> None:
        """Write the file to `into`; raise StorageRefusedError.

        Do not follow redirects: read the very address that was checked when the job was made.
        """
        try:
            response = await self._calls.download(self._target, into)
        finally:
            await self._client.close()
        if response.status == 200:
            return
        to = response.headers.get("location")
        hint = f"; it redirects to {to}: name that address instead" if to else ""
        raise StorageRefusedError(
            f"{self._url} answered HTTP {response.status}{hint}", status=response.status, storage_code=""
        )
