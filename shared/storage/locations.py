"""From a resolved location to a client that may read or write it."""

from typing import Any, Literal
from urllib.parse import quote

from azure.storage.blob import BlobServiceClient, ContainerClient
from pydantic import Field

from shared.contracts.locations import Location
from shared.contracts.resources import ArmModel
from shared.storage.account import StorageAccount
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
        credential = datastore_secrets(account).get(SECRETS_PARTITION, name).document.credential
    return BlobServiceClient(location.account_url, credential=credential).get_container_client(location.container)


def blob_uri(location: Location) -> str:
    """The https address of a location, without any credential."""
    if location.kind == "url":
        return location.url
    return f"{location.account_url}/{location.container}/{quote(location.path)}"
