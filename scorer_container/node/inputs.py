"""Inputs on the node's disk, fetched ahead of need.

Plain paths and `os` functions here: each `Path` costs as much as a system call, and this runs for every file.
"""

import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scorer_container.node.folders import empty_folder
from scorer_container.node.sources import Sources
from scorer_container.node.work import MiniBatch
from shared.contracts.locations import Location
from shared.errors import ProductError
from shared.storage.hot_path.errors import StoppedError

_PARALLEL_FETCHES = 8
_LONGEST_NAME = 200


@dataclass(frozen=True)
class LocalFile:
    """One input file: where it lies here, or why it could not be fetched."""

    name: str
    """Path relative to the input."""
    path: str = ""
    problem: Exception | None = None


class FetchedMiniBatch:
    """A mini-batch whose files are on their way to disk."""

    def __init__(self, batch: MiniBatch, folder: str, files: list["Future[LocalFile]"]) -> None:
        self.batch = batch
        self._folder = folder
        self._files = files

    def wait(self) -> list[LocalFile]:
        """The files in the order of the mini-batch, once all are here or have failed; raises StoppedError."""
        return [file.result() for file in self._files]

    def discard(self) -> None:
        """Remove the fetched files from disk."""
        try:
            for file in self._files:
                os.unlink(file.result().path)
            os.rmdir(self._folder)
        except OSError:  # folders below, files that are missing, or what the script put beside them
            shutil.rmtree(self._folder, ignore_errors=True)


class InputFetcher:
    """Fetches the files of mini-batches with a few threads."""

    def __init__(self, sources: Sources, location: Location, folder: Path) -> None:
        """`folder` is emptied; each mini-batch gets one of its own below it."""
        self._sources = sources
        self._location = location
        self._folder = folder
        empty_folder(folder)
        self._pool = ThreadPoolExecutor(_PARALLEL_FETCHES, "inputs")

    def begin(self, batch: MiniBatch, delivery: int) -> FetchedMiniBatch:
        """Start fetching; `delivery` tells deliveries of the same mini-batch apart."""
        folder = f"{self._folder}/{batch.number}-{delivery}"
        os.makedirs(folder, exist_ok=True)
        files = [self._pool.submit(self._fetch, name, folder, index) for index, name in enumerate(batch.files)]
        return FetchedMiniBatch(batch, folder, files)

    def close(self) -> None:
        """Stop fetching and remove everything."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        empty_folder(self._folder)

    def _fetch(self, name: str, folder: str, index: int) -> LocalFile:
        try:
            with _created(folder, _local_name(name, index), index) as file:
                self._sources.fetch(self._location, name, file)
        except StoppedError:
            raise
        except (ProductError, OSError) as error:
            return LocalFile(name, problem=error)
        return LocalFile(name, file.name)


def _local_name(name: str, index: int) -> str:
    """The path below the mini-batch's folder; the file keeps its own name wherever that can be a file's name."""
    parts = name.split("/")
    if all(
        part not in {"", ".", ".."} and "\0" not in part and len(os.fsencode(part)) <= _LONGEST_NAME for part in parts
    ):
        return name
    suffix = os.path.splitext(parts[-1])[1][:20].replace("\0", "")
    return f"file-{index}{suffix}"


def _is_plain(part: str) -> bool:
    return part not in {"", ".", ".."} and "\0" not in part and len(os.fsencode(part)) <= _LONGEST_NAME


def _created(folder: str, local_name: str, index: int) -> BinaryIO:
    """A new file in `folder`; in a folder of its own where blobs `a` and `a/b` both want to be."""
    path = f"{folder}/{local_name}"
    try:
        if "/" in local_name:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        return open(path, "xb", buffering=0)
    except (FileExistsError, NotADirectoryError):
        own = f"{folder}/.{index}"
        os.makedirs(own, exist_ok=True)
        return open(f"{own}/{os.path.basename(path)}", "wb", buffering=0)
