"""Events of new blobs in Event Grid's own schema."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from azure.storage.blob import BlobProperties

from shared.contracts.blob_events import BLOB_CREATED

_EVENTS = uuid.UUID("5b0c3c9a-8b0e-5a2b-9d0f-9c5e1f6c2a47")


def blob_created(account_id: str, container_url: str, container: str, blob: BlobProperties) -> dict[str, Any]:
    """The event that tells of a blob's content; the same content has the same event.

    Source: "Azure Blob Storage as an Event Grid source" (learn.microsoft.com).
    """
    url, etag = f"{container_url}/{blob.name}", str(blob.etag).strip('"')
    modified = as_utc(blob.last_modified)
    return {
        "topic": account_id,
        "subject": f"/blobServices/default/containers/{container}/blobs/{blob.name}",
        "eventType": BLOB_CREATED,
        "eventTime": modified.isoformat().replace("+00:00", "Z"),
        "id": str(uuid.uuid5(_EVENTS, f"{url}\n{etag}")),
        "data": {
            "api": "PutBlob",
            "eTag": etag,
            "contentType": blob.content_settings.content_type or "application/octet-stream",
            "contentLength": blob.size,
            "blobType": str(getattr(blob.blob_type, "value", blob.blob_type)),
            "url": url,
            "sequencer": f"{int(modified.timestamp()):032X}",
        },
        "dataVersion": "",
        "metadataVersion": "1",
    }


def as_utc(time: datetime) -> datetime:
    """The moment, in UTC."""
    return time.astimezone(UTC)
