"""Which job made a blob. The blob's metadata says it, and a job overwrites and deletes only what it made."""

import uuid
from collections.abc import Mapping

from azure.storage.blob import BlobProperties

OWNER = "batchjob"
"""Metadata member: the id of the job that made the blob, without hyphens."""


def mark_of(job_id: str) -> dict[str, str]:
    """The metadata of a blob that the job makes."""
    return {OWNER: _plain(job_id)}


def is_made_by(metadata: Mapping[str, str], job_id: str) -> bool:
    """Whether a blob with this metadata was made by the job."""
    return _owner(metadata) == _plain(job_id)


def maker_of(blob: BlobProperties) -> str | None:
    """The id of the job that made the blob; None when no job did."""
    try:
        return str(uuid.UUID(_owner(blob.metadata or {})))
    except ValueError:
        return None


def _owner(metadata: Mapping[str, str]) -> str:
    """Storage keeps the case of metadata names, clients do not."""
    return next((value for name, value in metadata.items() if name.lower() == OWNER), "")


def _plain(job_id: str) -> str:
    return job_id.replace("-", "")
