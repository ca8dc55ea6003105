"""Blobs that stand for folders: a hierarchical namespace has one for each, and some tools make them elsewhere."""

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties

_MARK = "hdi_isfolder"
"""Metadata of such a blob; source: https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-known-issues."""


def is_folder_blob(blob: BlobProperties) -> bool:
    """Whether a blob, got or listed with its metadata, is no file."""
    metadata = {name.lower(): value for name, value in (blob.metadata or {}).items()}
    return str(blob.name).endswith("/") or metadata.get(_MARK, "").lower() == "true"


def find_blob(client: BlobClient) -> BlobProperties | None:
    """A blob with its metadata; None when there is none."""
    try:
        return client.get_blob_properties()
    except ResourceNotFoundError:
        return None
