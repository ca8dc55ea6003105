"""The containers that the product itself needs, and the names inside them."""

from contextlib import suppress

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient

DEFAULT_DATASTORE = "workspaceblobstore"
DEFAULT_DATASTORE_CONTAINER = "azureml-blobstore"
"""The container behind the default datastore: uploads and, by default, outputs."""

JOBS_CONTAINER = "batch-jobs"
"""Job internals: `<job id>/spec.json`, `<job id>/columns.json`, `<job id>/row-groups.jsonl`, `<job id>/manifest/…`,
`<job id>/logs/…`."""


def spec_name(job_id: str) -> str:
    """Blob name of the job spec."""
    return f"{job_id}/spec.json"


def columns_name(job_id: str) -> str:
    """Blob name of the columns of the output; written once by the first process that has a row."""
    return f"{job_id}/columns.json"


def row_groups_name(job_id: str) -> str:
    """Blob name of what a Parquet output's footer will say (row_groups.py); a ledger like the output's own."""
    return f"{job_id}/row-groups.jsonl"


def log_name(job_id: str, path: str) -> str:
    """Blob name of a log file; `path` is what users see, such as `user/stdout/<node>/process000.stdout.txt`."""
    return f"{job_id}/logs/{path}"


def ensure_container(service: BlobServiceClient, name: str) -> ContainerClient:
    """The container, created when it is not there yet."""
    container = service.get_container_client(name)
    with suppress(ResourceExistsError):
        container.create_container()
    return container
