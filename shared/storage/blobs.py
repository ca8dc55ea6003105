"""Blobs: clients of resolved locations, the service's own blobs, and which job made a blob."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient, BlockState, ContainerClient
from pydantic import Field

from shared.contracts.bodies import ArmModel
from shared.contracts.job_spec import Location
from shared.errors import NotFoundError
from shared.outbound import GuardedAdapter
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
        """The credential for the SDK's clients."""
        return self.sas_token.lstrip("?") if self.secrets_type == "Sas" else self.key


def datastore_secrets(account: StorageAccount) -> RowTable[DatastoreSecret]:
    """Return the table of datastore secrets."""
    return RowTable(account.tables, "datastoresecrets", DatastoreSecret)


def container_of(account: StorageAccount, location: Location) -> ContainerClient:
    """Return a client of the location's container with the credential that the location names.

    Raises NotFoundError if the secret of its datastore is gone.
    """
    if location.credential == "account":
        return account.blobs.get_container_client(location.container)
    credential: Any = None
    if location.credential != "anonymous":
        name = location.credential.removeprefix("datastore:")
        secret = datastore_secrets(account).find(SECRETS_PARTITION, name)
        if secret is None:
            raise NotFoundError(
                f"datastore {name!r} with the secret of {location.account_url}/{location.container} has been deleted",
                target=name,
            )
        credential = secret.document.credential
    foreign = foreign_blobs(account, Place.of(location), credential)
    return foreign.get_container_client(location.container)


def foreign_blobs(account: StorageAccount, place: Place, credential: Any) -> BlobServiceClient:
    """Return a client of a blob service that a user named. It never connects to a forbidden address.

    The workspace's own service may be named as well and needs no guard. A refusal of the service is raised as
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


CODE_CONTAINER_PREFIX = "code-"
"""Each upload of code gets its own container, whose name begins with this."""

DEFAULT_DATASTORE = "workspaceblobstore"
DEFAULT_DATASTORE_CONTAINER = "azureml-blobstore"
"""The container behind the default datastore: uploads and, by default, outputs."""

JOBS_CONTAINER = "batch-jobs"
"""Job internals: `<job id>/spec.json`, `<job id>/columns.json`, `<job id>/row-groups.jsonl`, `<job id>/manifest/…`,
`<job id>/logs/…`."""


def spec_name(job_id: str) -> str:
    """Return the blob name of the job spec."""
    return f"{job_id}/spec.json"


def columns_name(job_id: str) -> str:
    """Return the blob name of the output's columns. The first process that has a row writes it, once."""
    return f"{job_id}/columns.json"


def row_groups_name(job_id: str) -> str:
    """Return the blob name of a Parquet output's row groups (row_groups.py). It is a ledger like the output's own."""
    return f"{job_id}/row-groups.jsonl"


def log_name(job_id: str, path: str) -> str:
    """Return the blob name of a log file; users see `path`, such as `user/stdout/<node>/process000.stdout.txt`."""
    return f"{job_id}/logs/{path}"


def ensure_container(service: BlobServiceClient, name: str) -> ContainerClient:
    """Return the container, after creating it if it is missing."""
    container = service.get_container_client(name)
    with suppress(ResourceExistsError):
        container.create_container()
    return container


_MARK = "hdi_isfolder"
"""Metadata of folder blobs. Source: https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-known-issues."""


def is_folder_blob(blob: BlobProperties) -> bool:
    """Return whether a blob stands for a folder. The blob must come with its metadata."""
    metadata = {name.lower(): value for name, value in (blob.metadata or {}).items()}
    return str(blob.name).endswith("/") or metadata.get(_MARK, "").lower() == "true"


def find_blob(client: BlobClient) -> BlobProperties | None:
    """Return a blob with its metadata, or None if it does not exist."""
    try:
        return client.get_blob_properties()
    except ResourceNotFoundError:
        return None


def read_start(blob: BlobClient, length: int) -> bytes:
    """Return the first `length` bytes of a blob, or the whole blob. Raises ResourceNotFoundError."""
    try:
        return blob.download_blob(offset=0, length=length).readall()
    except HttpResponseError as error:
        if error.status_code == _NO_SUCH_RANGE:  # an empty blob has none
            return b""
        raise


_NO_SUCH_RANGE = 416

OWNER = "batchjob"
"""Metadata member: the id of the job that made the blob, without hyphens."""


def mark_of(job_id: str) -> dict[str, str]:
    """Return the metadata of a blob that the job makes."""
    return {OWNER: _plain(job_id)}


def is_made_by(metadata: Mapping[str, str], job_id: str) -> bool:
    """Return whether a blob with this metadata was made by the job."""
    return _owner(metadata) == _plain(job_id)


def maker_of(blob: BlobProperties) -> str | None:
    """Return the id of the job that made the blob, or None if no job made it."""
    try:
        return str(uuid.UUID(_owner(blob.metadata or {})))
    except ValueError:
        return None


def _owner(metadata: Mapping[str, str]) -> str:
    """Return the owner in the metadata. Storage keeps the case of metadata names, clients do not."""
    return next((value for name, value in metadata.items() if name.lower() == OWNER), "")


def _plain(job_id: str) -> str:
    return job_id.replace("-", "")


def staged_blocks(blob: BlobClient) -> set[str]:
    """Return the ids of the blob's blocks that are not committed."""
    try:
        _, uncommitted = blob.get_block_list(BlockState.UNCOMMITTED)
    except ResourceNotFoundError:
        return set()
    return {str(block.id) for block in uncommitted}
