"""Models and code on the node's disk, fetched once and shared by all nodes of a machine."""

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scorer_container.node.file_lock import file_lock
from scorer_container.node.sources import SourceError, Sources
from scorer_container.node.workbench import Workbench
from shared.contracts.job_spec import Location
from shared.storage.blobs import is_folder_blob

_PARALLEL_DOWNLOADS = 4


class FolderCache:
    """Downloaded locations; the name of each folder is made from its content."""

    def __init__(self, root: Path, sources: Sources, bench: Workbench) -> None:
        """Fetch for `bench`, which protects the folders from eviction."""
        self._root = root
        self._sources = sources
        self._bench = bench

    def fetched(self, location: Location) -> Path:
        """Return a folder that holds `location` under its own last name; fetch it if it is missing.

        Raises:
            SourceError: the location is empty.
            HotPathError: storage failed.
            AzureError: storage failed.
        """
        names = self._listing(location)
        folder = self._root / _key(location, names)
        self._bench.hold(folder)
        lock = folder.with_name(folder.name + ".lock")
        with file_lock(lock, lambda: self._bench.log(f"another node fetches {location.base_name}")):
            if not folder.exists():
                self._bench.log(f"fetching {location.base_name} ({len(names)} files)")
                self._fetch(location, list(names), folder)
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

    def _fetch(self, location: Location, names: list[str], folder: Path) -> None:
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        target = partial / (location.base_name or location.container)
        with ThreadPoolExecutor(_PARALLEL_DOWNLOADS, "cache") as pool:
            list(pool.map(lambda name: self._fetch_one(location, name, target), names))
        partial.rename(folder)
        self._bench.has_new = True

    def _fetch_one(self, location: Location, name: str, target: Path) -> None:
        self._bench.check()
        path = Path(os.path.normpath(target / name)) if name else target
        if not path.is_relative_to(target):
            raise SourceError(f"file name {name!r} leads out of its folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            self._sources.fetch(location, name, file)


def _key(location: Location, names: dict[str, str]) -> str:
    content = [location.model_dump(exclude={"credential"}), sorted(names.items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
