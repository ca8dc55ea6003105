"""Where the node reads a job's files and writes its results: the workspace's account, a datastore, a public URL."""

from functools import cached_property
from typing import BinaryIO
from urllib.parse import urlsplit

from azure.storage.blob import ContainerClient

from shared.contracts.job_spec import Location
from shared.errors import ProductError
from shared.outbound import guarded_pools
from shared.storage.account import StorageAccount
from shared.storage.blobs import SECRETS_PARTITION, container_of, datastore_secrets
from shared.storage.hot_path.authorization import AccountKeySas, Anonymous, Authorization, GivenSas
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.connect import account_authorization
from shared.storage.hot_path.errors import StorageRefusedError
from shared.storage.hot_path.transport import Patience, Pools, Transport

_DATASTORE = "datastore:"


class SourceError(ProductError):
    """A location cannot be read or written."""


class Sources:
    """Opens locations; one keep-alive client for each account and credential."""

    def __init__(self, account: StorageAccount, patience: Patience) -> None:
        self._account = account
        self._patience = patience
        self._blobs: dict[tuple[str, str], HotBlobs] = {}

    def blobs(self, location: Location) -> HotBlobs:
        """Return the hot-path client for the account and credential of `location`."""
        key = (location.account_url, location.credential)
        if key not in self._blobs:
            self._blobs[key] = HotBlobs(self._transport(location))
        return self._blobs[key]

    def read_secrets_again(self) -> None:
        """Drop the clients that hold a datastore's secret: it may have been renewed since."""
        for key in [key for key in self._blobs if key[1].startswith(_DATASTORE)]:
            self._blobs.pop(key, None)  # whoever works with it now keeps it

    def container(self, location: Location) -> ContainerClient:
        """Return the SDK's client for the container of `location`, for listings."""
        return container_of(self._account, location)

    def fetch(self, location: Location, relative_path: str, into: BinaryIO) -> None:
        """Write one file of a location to `into`; raise HotPathError.

        `relative_path` matters only for a folder: a `blob` or `url` is one file.
        """
        if location.kind == "url":
            UrlFile(location.url, self._patience, self._guarded).fetch(into)
        else:
            name = location.child(relative_path) if location.kind == "blob_folder" else location.path
            self.blobs(location).read_to(location.container, name, into)

    def _transport(self, location: Location) -> Transport:
        authorization = self._authorization(location)
        if location.account_url == self._account.blob_url:
            return Transport(location.account_url, authorization, self._patience)
        return Transport(location.account_url, authorization, self._patience, self._guarded)

    @property
    def _guarded(self) -> Pools:
        return guarded_pools(allow_loopback=self._account.is_on_loopback)

    def _authorization(self, location: Location) -> Authorization:
        if location.credential == "account":
            return self._account_authorization
        if location.credential == "anonymous":
            return Anonymous()
        if not location.credential.startswith(_DATASTORE):
            raise SourceError(f"credential {location.credential!r} is unknown: account, anonymous or datastore:<name>")
        name = location.credential.removeprefix(_DATASTORE)
        secret = datastore_secrets(self._account).get(SECRETS_PARTITION, name).document
        if secret.secrets_type == "Sas":
            return GivenSas(secret.sas_token)
        return AccountKeySas(_account_name(location), secret.key)

    @cached_property
    def _account_authorization(self) -> Authorization:
        return account_authorization(self._account)


class UrlFile:
    """One file at a plain URL, read without credentials."""

    def __init__(self, url: str, patience: Patience, pools: Pools) -> None:
        parts = urlsplit(url)
        self._url = url.partition("?")[0]
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._transport = Transport(f"{parts.scheme}://{parts.netloc}", Anonymous(), patience, pools)

    def fetch(self, into: BinaryIO) -> None:
        """Write the file to `into`; raise StorageRefusedError.

        Do not follow redirects: read the very address that was checked when the job was made.
        """
        try:
            response = self._transport.download(self._target, into)
        finally:
            self._transport.close()
        if response.status == 200:
            return
        to = response.headers.get("Location")
        hint = f"; it redirects to {to}: name that address instead" if to else ""
        raise StorageRefusedError(
            f"{self._url} answered HTTP {response.status}{hint}", status=response.status, storage_code=""
        )


def _account_name(location: Location) -> str:
    """Read the name from `https://<account>.blob…`, or from the path of an emulator's address."""
    parts = urlsplit(location.account_url)
    return parts.path.strip("/") or (parts.hostname or "").partition(".")[0]
