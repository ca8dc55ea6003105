"""Looks for new blobs and puts their events on the queue, once for each content of a blob."""

import json
import logging
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, BlobType, ContainerClient

from local.blob_events.folders import WatchedFolder, watched_folders
from shared.contracts.blob_events import BLOB_CREATED
from shared.contracts.messages import BLOB_EVENTS
from shared.errors import ProductError
from shared.storage.account import StorageAccount
from shared.storage.blobs import container_of
from shared.storage.queues import NEVER, ensure_queue

log = logging.getLogger(__name__)

_REST_FOR_EACH_SECOND = 10.0
"""A folder rests ten times as long as its listing took. A large one therefore costs a tenth of a core at most."""

_REST_AFTER_TROUBLE_SECONDS = 15.0
_CONNECTION_TIMEOUT_SECONDS = 5


class Watcher:
    """Looks for blobs, one look after the other. Each content of a blob gets one event."""

    def __init__(self, account: StorageAccount, memory: "Memory", accounts_id: str) -> None:
        """`accounts_id` is the text in front of a storage account's name in the events."""
        self._account = account
        self._memory = memory
        self._accounts_id = accounts_id
        self._folders: list[tuple[str, str]] | None = None
        self._resting: dict[tuple[str, str], float] = {}
        """The time until which each folder rests."""

    def look(self) -> None:
        """List all folders that do not rest. An error in one folder does not stop the others."""
        folders = watched_folders(self._account)
        self._forget_others([(folder.place, folder.prefix) for folder in folders])
        for folder in folders:
            began, key = time.monotonic(), (folder.place, folder.prefix)
            if began < self._resting.get(key, 0):
                continue
            try:
                self._look_into(folder)
                rest = _REST_FOR_EACH_SECOND * (time.monotonic() - began)
            except (AzureError, ProductError) as problem:
                log.warning("%s/%s cannot be listed: %s", folder.place, folder.prefix, problem)
                rest = _REST_AFTER_TROUBLE_SECONDS
            self._resting[key] = time.monotonic() + rest

    def _forget_others(self, folders: list[tuple[str, str]]) -> None:
        if folders != self._folders:
            self._memory.keep_only(folders)
            self._folders = folders

    def _look_into(self, folder: WatchedFolder) -> None:
        container = container_of(self._account, folder.location)
        seen = self._memory.seen(folder.place, folder.prefix)
        gone = set(seen)
        for page in _pages(container, folder.prefix):
            gone.difference_update(blob.name for blob in page)
            changed = [blob for blob in page if seen.get(blob.name) != str(blob.etag)]
            self._tell(folder, container, [blob for blob in changed if _is_new(folder, blob, seen)])
            # Remember them last. After a crash in between, the same event comes again, but starts no second job.
            self._memory.remember(folder.place, [(blob.name, str(blob.etag)) for blob in changed])
        self._memory.remember(folder.place, (), gone)

    def _tell(self, folder: WatchedFolder, container: ContainerClient, blobs: list[BlobProperties]) -> None:
        if not blobs:
            return
        queue = ensure_queue(self._account.queues, BLOB_EVENTS)
        for blob in blobs:
            event = blob_created(
                f"{self._accounts_id}/{folder.account}", container.url, folder.location.container, blob
            )
            queue.send_message(json.dumps(event), time_to_live=NEVER)
            log.info("%s is new", event["subject"])


def _pages(container: ContainerClient, prefix: str) -> Iterator[list[BlobProperties]]:
    options: Any = {"retry_total": 0, "connection_timeout": _CONNECTION_TIMEOUT_SECONDS}
    try:
        for page in container.list_blobs(name_starts_with=prefix, **options).by_page():
            yield list(page)
    except ResourceNotFoundError:
        return  # a container that does not exist yet has no blobs


def _is_new(folder: WatchedFolder, blob: BlobProperties, seen: dict[str, str]) -> bool:
    """Return True if a blob counts. As in Azure, an append blob counts when it is made, not with each block."""
    grows = blob.blob_type == BlobType.APPENDBLOB and blob.name in seen
    return not grows and folder.counts(blob.name, as_utc(blob.last_modified))


_EVENTS = uuid.UUID("5b0c3c9a-8b0e-5a2b-9d0f-9c5e1f6c2a47")


def blob_created(account_id: str, container_url: str, container: str, blob: BlobProperties) -> dict[str, Any]:
    """Return the event for a blob's content. The same content always has the same event.

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
    """Return the moment in UTC."""
    return time.astimezone(UTC)


_SCHEMA = "CREATE TABLE IF NOT EXISTS seen (place TEXT, name TEXT, etag TEXT, PRIMARY KEY (place, name)) WITHOUT ROWID"
_BELOW = "SELECT name, etag FROM seen WHERE place = ? AND substr(name, 1, length(?)) = ?"
_FORGET_OTHERS = """DELETE FROM seen WHERE NOT EXISTS (
    SELECT 1 FROM watched WHERE watched.place = seen.place AND substr(name, 1, length(prefix)) = prefix)"""


class Memory:
    """One file in the data folder. Used by one thread at a time."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(_SCHEMA)

    def seen(self, place: str, prefix: str) -> dict[str, str]:
        """Return the container's blobs whose name begins with `prefix`, each with the ETag of its last event."""
        return dict(self._database.execute(_BELOW, (place, prefix, prefix)))

    def remember(self, place: str, etags: Iterable[tuple[str, str]], gone: Iterable[str] = ()) -> None:
        """Remember names with their ETags, and forget blobs that no longer exist."""
        with self._database:
            self._database.executemany("REPLACE INTO seen VALUES (?, ?, ?)", [(place, *one) for one in etags])
            self._database.executemany("DELETE FROM seen WHERE place = ? AND name = ?", [(place, one) for one in gone])

    def keep_only(self, watched: Iterable[tuple[str, str]]) -> None:
        """Forget every blob that is not in one of these places below its prefix."""
        with self._database:
            self._database.execute("CREATE TEMP TABLE watched (place TEXT, prefix TEXT)")
            self._database.executemany("INSERT INTO watched VALUES (?, ?)", watched)
            self._database.execute(_FORGET_OTHERS)
            self._database.execute("DROP TABLE watched")

    def close(self) -> None:
        """Release the file."""
        self._database.close()
