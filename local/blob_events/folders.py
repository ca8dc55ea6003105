"""The folders that enabled triggers watch. No folder is below another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from shared.contracts.automation import BlobTriggerProperties, Watched
from shared.contracts.job_spec import Location
from shared.storage.account import StorageAccount
from shared.storage.rows import RowTable, readable

_TABLE, _PARTITION = "resources", "blobTriggers"


class StoredTrigger(BaseModel):
    """The part of a trigger, as the application stores it, that matters here."""

    properties: BlobTriggerProperties


@dataclass(frozen=True)
class WatchedFolder:
    """A folder to list, with the folders below it whose blobs count, and since when."""

    account: str
    location: Location
    watches: tuple[tuple[str, datetime], ...]
    """The prefix of the names, and the moment from which on blobs count."""

    @property
    def prefix(self) -> str:
        """The prefix of its blobs' names."""
        return _prefix(self.location)

    @property
    def place(self) -> str:
        """A unique name of its container."""
        return f"{self.location.account_url}/{self.location.container}"

    def counts(self, name: str, modified: datetime) -> bool:
        """Return True if a blob is newer than a trigger that watches it. Storage reports times in whole seconds."""
        return any(name.startswith(start) and modified >= since.replace(microsecond=0) for start, since in self.watches)


def watched_folders(account: StorageAccount) -> list[WatchedFolder]:
    """Return the folders of all triggers that are enabled now."""
    rows = RowTable(account.tables, _TABLE, StoredTrigger).partition(_PARTITION)
    enabled = (row.document.properties for row in readable(rows))
    return outermost(one.watched for one in enabled if one.is_enabled and one.watched)


def outermost(watched: Iterable[Watched]) -> list[WatchedFolder]:
    """Return folders that contain all of `watched`; each blob is in only one of them."""
    found: list[WatchedFolder] = []
    for one in sorted(watched, key=lambda each: len(_prefix(each.folder))):
        prefix = _prefix(one.folder)
        place = (one.folder.account_url, one.folder.container)
        for index, outer in enumerate(found):
            if (outer.location.account_url, outer.location.container) == place and prefix.startswith(outer.prefix):
                found[index] = WatchedFolder(outer.account, outer.location, (*outer.watches, (prefix, one.since)))
                break
        else:
            found.append(WatchedFolder(one.account, one.folder, ((prefix, one.since),)))
    return found


def _prefix(folder: Location) -> str:
    return f"{folder.path}/" if folder.path else ""
