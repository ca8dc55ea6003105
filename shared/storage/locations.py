"""From a resolved location to a client that may read or write it."""

from typing import Any, Literal
from urllib.parse import quote

import requests
from azure.storage.blob import BlobServiceClient, ContainerClient
from pydantic import Field

from shared.contracts.locations import Location
from shared.contracts.resources import ArmModel
from shared.errors import NotFoundError
from shared.security.outbound_connections import GuardedAdapter
from shared.storage.account import StorageAccount
from shared.storage.refusals import PATIENCE, NamedTransport, Place
from shared.storage.rows import RowTable

SECRETS_PARTITION = "datastore"


class DatastoreSecret(ArmModel):
    """The secret of a datastore. Table `datastoresecrets`, partition `datastore`, row = the datastore's name."""

    secrets_type: Literal["Sas", "AccountKey"]
    sas_token: str = Field(default="", repr=False)
    key: str = Field(default="", repr=False)

    @property
    def credential(self) -> str:
        """What the SDK's clients take."""
        return self.sas_token.lstrip("?") if self.secrets_type == "Sas" else self.key


def datastore_secrets(account: StorageAccount) -> RowTable[DatastoreSecret]:
    """The table of datastore secrets."""
    return RowTable(account.tables, "datastoresecrets", DatastoreSecret)


def container_of(account: StorageAccount, location: Location) -> ContainerClient:
    """A client of the location's container with the credential that the location names.

    Raises NotFoundError when it names a datastore whose secret is gone.
    """
    if location.credential == "account":
        return account.blobs.get_container_client(location.container)
    credential: Any = None
    if location.credential != "anonymous":
        name = location.credential.removeprefix("datastore:")
        secret = datastore_secrets(account).find(SECRETS_PARTITION, name)
        if secret is None:
            raise NotFoundError(
                f"datastore {name!r}, which knew the secret of {location.account_url}/{location.container}, is gone",
                target=name,
            )
        credential = secret.document.credential
    foreign = foreign_blobs(account, Place.of(location), credential)
    return foreign.get_container_client(location.container)


def foreign_blobs(account: StorageAccount, place: Place, credential: Any) -> BlobServiceClient:
    """A client of a blob service that a user named, which connects to no address that the service must not call.

    The workspace's own service, which may be named as well, needs no such care. What the service refuses is raised as
    DataRefusedError.
    """
    session = requests.Session()
    if place.account_url != account.blob_url:
        for scheme in ("http://", "https://"):
            session.mount(scheme, GuardedAdapter(allow_loopback=account.is_on_loopback))
    return BlobServiceClient(
        place.account_url,
        credential=credential,
        transport=NamedTransport(place, session=session),
        raw_response_hook=place.check,
        **PATIENCE,
    )


def blob_uri(location: Location) -> str:
    """The https address of a location, without any credential: what follows the question mark of a URL is hidden."""
    if location.kind == "url":
        return without_signature(location.url)
    return f"{location.account_url}/{location.container}/{quote(location.path)}"


def without_signature(url: str) -> str:
    """A URL to show: its query, which may be a shared access signature, is hidden."""
    address, mark, _ = url.partition("?")
    return f"{address}?***" if mark else address
