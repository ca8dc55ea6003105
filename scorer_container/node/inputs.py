"""The files of a job's mini-batches: read from the manifest, then fetched to the node's disk ahead of need.

The code uses text paths and `os` functions: each `Path` costs as much as a system call, and this runs for every file.
"""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

from scorer_container.node.folders import empty_folder, remove
from scorer_container.node.sources import Sources
from shared.contracts.job_spec import JobSpec, Location
from shared.errors import ProductError
from shared.storage.blobs import JOBS_CONTAINER
from shared.storage.hot_path.connect import HotAccount
from shared.storage.hot_path.errors import StoppedError
from shared.storage.manifest import ManifestReader

_PARALLEL_FETCHES = 8
_LONGEST_NAME = 255
"""Bytes of a file's name; source: `NAME_MAX` of Linux and macOS."""
_BYTES_OF_CHARACTER = 4
"""The most bytes of a character in UTF-8."""


@dataclass(frozen=True)
class MiniBatch:
    """The files of one `run()`."""

    number: int
    files: Sequence[str]
    """Paths relative to the input, in the order of the manifest."""


class MiniBatches:
    """Reads mini-batches from the manifest; all lanes share it."""

    def __init__(self, hot: HotAccount, spec: JobSpec) -> None:
        self._reader = ManifestReader(lambda name: hot.blobs.read(JOBS_CONTAINER, name), spec.job_id)
        self._work = spec.work
        self._lock = threading.Lock()

    def mini_batch(self, number: int) -> MiniBatch:
        """Return the mini-batch of this number; raise HotPathError."""
        first, end = self._work.file_range(number)
        with self._lock:
            return MiniBatch(number, self._reader.paths(first, end))


class UnusableNameError(ProductError):
    """A file of this machine cannot have the name."""


@dataclass(frozen=True)
class LocalFile:
    """One input file: where it lies here, or why it could not be fetched."""

    name: str
    """Path relative to the input."""
    path: str = ""
    problem: Exception | None = None


class FetchedMiniBatch:
    """A mini-batch whose files are on their way to disk."""

    def __init__(self, batch: MiniBatch, files: list["Future[LocalFile]"]) -> None:
        self.batch = batch
        self._files = files

    def wait(self) -> list[LocalFile]:
        """Wait until every file is here or has failed; return them in the mini-batch's order. Raise StoppedError."""
        return [file.result() for file in self._files]

    def discard(self) -> None:
        """Remove the fetched files from disk."""
        for file in self._files:
            with suppress(OSError):  # what is left goes with the task's folder
                os.unlink(file.result().path)


class InputFetcher:
    """Fetches the files of mini-batches with a few threads."""

    def __init__(self, sources: Sources, location: Location, folder: Path) -> None:
        """Empty `folder`; each task gets a folder of its own below it."""
        self._sources = sources
        self._location = location
        self._folder = folder
        empty_folder(folder)
        self._pool = ThreadPoolExecutor(_PARALLEL_FETCHES, "inputs")

    def open_task(self, task: int, attempt: int) -> str:
        """Make a folder for one delivery of a task; return its path. One for each mini-batch would cost too much."""
        folder = f"{self._folder}/{task}-{attempt}"
        os.makedirs(folder, exist_ok=True)
        return folder

    def begin(self, batch: MiniBatch, folder: str) -> FetchedMiniBatch:
        """Start fetching into the folder of the mini-batch's task."""
        files = [
            self._pool.submit(self._fetch, name, folder, f"{batch.number}-{index}")
            for index, name in enumerate(batch.files)
        ]
        return FetchedMiniBatch(batch, files)

    @staticmethod
    def close_task(folder: str) -> None:
        """Remove a task's folder with all that is left in it."""
        with suppress(OSError):  # what is left goes with the job
            remove(Path(folder))

    def close(self) -> None:
        """Stop fetching and remove everything."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        empty_folder(self._folder)

    def _fetch(self, name: str, folder: str, index: str) -> LocalFile:
        try:
            with _created(folder, _local_name(name), index) as file:
                self._sources.fetch(self._location, name, file)
        except StoppedError:
            raise
        except (ProductError, OSError) as error:
            return LocalFile(name, problem=error)
        return LocalFile(name, file.name)


def _local_name(name: str) -> str:
    """Return the file's path below the task's folder; raise UnusableNameError."""
    parts = name.split("/")
    if not all(_is_plain(part) for part in parts):
        _check(parts)
        parts = [part for part in parts if part]  # for files `a//b` and `a/b` are the same
    return "/".join(parts)


def _is_plain(part: str) -> bool:
    return part not in {"", ".", ".."} and "\0" not in part and len(part) <= _LONGEST_NAME // _BYTES_OF_CHARACTER


def _check(parts: list[str]) -> None:
    for part in parts:
        if part in {".", ".."}:
            raise UnusableNameError(f"its path has the part {part!r}, which leads elsewhere; rename it")
        if "\0" in part:
            raise UnusableNameError("its path has a NUL character; rename it")
        if (length := len(os.fsencode(part))) > _LONGEST_NAME:
            raise UnusableNameError(
                f"a part of its path has {length} bytes, {part[:20]!r} … {part[-20:]!r}; the name of a file or folder "
                f"has at most {_LONGEST_NAME} in UTF-8; rename it"
            )
    if not parts[-1]:
        raise UnusableNameError("its path ends with '/', as only that of a folder does; rename it")


def _created(folder: str, local_name: str, index: str) -> BinaryIO:
    """Open a new file in `folder`, or in a folder of its own if another file has its place.

    Blobs `a` and `a/b` both want to be `a`, and so do `A` and `a` on file systems that do not tell them apart.
    """
    try:
        return _new_file(f"{folder}/{local_name}")
    except (FileExistsError, NotADirectoryError):
        return _new_file(f"{_own_folder(folder, index)}/{local_name}")


def _new_file(path: str) -> BinaryIO:
    try:
        return open(path, "xb", buffering=0)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return open(path, "xb", buffering=0)


def _own_folder(folder: str, index: str) -> str:
    """Make a new folder for one file; a blob may already have its name."""
    for number in count():
        own = f"{folder}/.{index}-{number}"
        with suppress(FileExistsError):
            os.mkdir(own)
            return own
    raise AssertionError("one number is free")
