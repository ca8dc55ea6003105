"""Models and code on the node's disk, fetched once and shared by all nodes of a machine."""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from scorer_container.node.cache.file_lock import awaited_file_lock
from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.scope import in_thread
from scorer_container.node.storage.sources import SourceError, Sources
from shared.contracts.job_spec import Location
from shared.storage.blobs import is_folder_blob

_PARALLEL_DOWNLOADS = 4


class FolderCache:
    """Downloaded locations; the name of each folder is made from its content."""

    def __init__(self, root: Path, sources: Sources, folders: FoldersInUse, log: Callable[[str], None]) -> None:
        """Keep the folders below `root`; `folders` protects from eviction what was asked for."""
        self._root = root
        self._sources = sources
        self._folders = folders
        self._log = log

    async def fetched(self, location: Location) -> Path:
        """Return a folder that holds `location` under its own last name; fetch it if it is missing.

        Raises:
            SourceError: the location is empty.
            StorageError: storage failed.
            AzureError: storage failed.
        """
        names = await asyncio.to_thread(self._listing, location)  # a cancelled job need not wait for it
        folder = self._root / _key(location, names)
        await in_thread(self._folders.hold, folder)
        lock = folder.with_name(folder.name + ".lock")
        async with awaited_file_lock(lock, lambda: self._log(f"another node fetches {location.base_name}")):
            if not folder.exists():
                self._log(f"fetching {location.base_name} ({len(names)} files)")
                await self._fetch(location, list(names), folder)
        return folder

    def _listing(self, location: Location) -> dict[str, str]:
        """Return relative path (empty for a single file) and ETag of each file."""
        if location.kind == "url":
            return {"": location.url}
        if location.kind == "blob":
            with self._sources.container(location) as container:
                return {"": str(container.get_blob_client(location.path).get_blob_properties().etag)}
        prefix = location.child("")
        with self._sources.container(location) as container:
            blobs = container.list_blobs(name_starts_with=prefix or None, include=["metadata"])
            names = {blob.name.removeprefix(prefix): str(blob.etag) for blob in blobs if not is_folder_blob(blob)}
        if not names:
            raise SourceError(f"there is no file at {location.account_url}/{location.container}/{location.path}")
        return names

    async def _fetch(self, location: Location, names: list[str], folder: Path) -> None:
        partial = folder.with_name(folder.name + ".partial")
        await in_thread(_remove, partial)
        target = partial / (location.base_name or location.container)
        waiting = iter(names)
        try:
            async with asyncio.TaskGroup() as downloads:
                for _ in range(_PARALLEL_DOWNLOADS):
                    downloads.create_task(self._fetch_some(location, waiting, target))
        except BaseExceptionGroup as group:  # the downloads beside the failed one are cancelled
            raise group.exceptions[0] from None
        partial.rename(folder)
        self._folders.has_new = True

    async def _fetch_some(self, location: Location, waiting: Iterator[str], target: Path) -> None:
        for name in waiting:
            await self._fetch_one(location, name, target)

    async def _fetch_one(self, location: Location, name: str, target: Path) -> None:
        path = _below(target, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            await self._sources.fetch(location, name, file)


def _below(folder: Path, name: str) -> Path:
    path = Path(os.path.normpath(folder / name)) if name else folder
    if not path.is_relative_to(folder):
        raise SourceError(f"file name {name!r} leads out of its folder")
    return path


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _key(location: Location, names: dict[str, str]) -> str:
    content = [location.model_dump(exclude={"credential"}), sorted(names.items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
