"""Fetches the files of mini-batches to the node's disk, ahead of need.

The code uses text paths and `os` functions: each `Path` costs as much as a system call, and this runs for every file.
"""

import asyncio
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO

from scorer_container.node.reporting.failure import DISK_IS_FULL
from scorer_container.node.scope import in_thread
from scorer_container.node.storage.sources import Sources
from scorer_container.node.tasks.mini_batches import LocalFile, MiniBatch
from scorer_container.node.tasks.task_folder import TaskFolder, TaskFolders
from shared.contracts.job_spec import Location
from shared.errors import ProductError

PARALLEL_FETCHES = 8
_FULL_DISK_TRIES = 13
_FULL_DISK_PAUSE_SECONDS = 5.0
_LARGE_BYTES = 16 << 20
"""Files with more bytes in all are removed in a thread: a file system may take its time for them."""
_LONGEST_NAME = 255
"""Bytes of a file's name; source: `NAME_MAX` of Linux and macOS."""
_BYTES_OF_CHARACTER = 4
"""The most bytes of a character in UTF-8."""


class UnusableNameError(ProductError):
    """A file of this machine cannot have the name."""


class FetchedMiniBatch:
    """A mini-batch whose files are on their way to disk."""

    def __init__(self, batch: MiniBatch, folder: TaskFolder) -> None:
        self.batch = batch
        self.folder = folder
        """The folder of the task's files."""
        self.size = 0
        self._files: list[LocalFile | None] = [None] * len(batch.files)
        self._missing = len(batch.files)
        self._is_here = asyncio.Event()
        if not self._missing:
            self._is_here.set()

    def set(self, index: int, file: LocalFile, size: int) -> None:
        """Note that a file is here, or why it is not."""
        self._files[index] = file
        self.size += size
        self._missing -= 1
        if not self._missing:
            self._is_here.set()

    async def wait(self) -> list[LocalFile]:
        """Wait until every file is here or has failed; return them in the mini-batch's order."""
        await self._is_here.wait()
        return [file for file in self._files if file is not None]

    async def discard(self) -> None:
        """Remove the fetched files from disk."""
        paths = [file.path for file in self._files if file is not None and file.path]
        if self.size > _LARGE_BYTES:
            await in_thread(_remove_files, paths)
        else:
            _remove_files(paths)


class InputFetcher:
    """Fetches the files of mini-batches in the order in which they were asked for, a few at the same time."""

    def __init__(self, sources: Sources, location: Location, folder: Path) -> None:
        """Fetch from `location`; each task gets a folder of its own below `folder`."""
        self._sources = sources
        self._location = location
        self._folders = TaskFolders(folder)
        self._wanted: asyncio.Queue[tuple[FetchedMiniBatch, int]] = asyncio.Queue()

    async def empty(self) -> None:
        """Empty the folder. Nothing may be fetching."""
        await self._folders.empty()

    async def run(self) -> None:
        """Fetch one file after the other for ever. Run PARALLEL_FETCHES of these.

        Raise OSError if the disk stays full for a minute.
        """
        while True:
            fetched, index = await self._wanted.get()
            await self._fetch(fetched, index)

    def open_task(self) -> TaskFolder:
        """Return a folder for one delivery of a task; raise OSError. One for each mini-batch would cost too much."""
        return self._folders.take()

    def fetch(self, batch: MiniBatch, folder: TaskFolder) -> FetchedMiniBatch:
        """Start fetching into the folder of the mini-batch's task."""
        fetched = FetchedMiniBatch(batch, folder)
        for index in range(len(batch.files)):
            self._wanted.put_nowait((fetched, index))
        return fetched

    async def _fetch(self, fetched: FetchedMiniBatch, index: int) -> None:
        name = fetched.batch.files[index]
        try:
            path, size = await self._when_disk_has_room(fetched, index)
        except (ProductError, OSError) as error:
            if isinstance(error, OSError) and error.errno in DISK_IS_FULL:
                raise  # the fault of the node, not of the file
            fetched.set(index, LocalFile(name, problem=error), 0)
        else:
            fetched.set(index, LocalFile(name, path), size)

    async def _when_disk_has_room(self, fetched: FetchedMiniBatch, index: int) -> tuple[str, int]:
        """Return path and size of the file, once it is here. A full disk may have room again after a while."""
        for _ in range(_FULL_DISK_TRIES - 1):
            try:
                return await self._fetched(fetched, index)
            except OSError as error:
                if error.errno not in DISK_IS_FULL:
                    raise
            await asyncio.sleep(_FULL_DISK_PAUSE_SECONDS)
        return await self._fetched(fetched, index)

    async def _fetched(self, fetched: FetchedMiniBatch, index: int) -> tuple[str, int]:
        name = fetched.batch.files[index]
        with _created(fetched.folder.path, _local_name(name), f"{fetched.batch.number}-{index}") as file:
            await self._fill(file, name)
            return file.name, file.tell()

    async def _fill(self, file: BinaryIO, name: str) -> None:
        try:
            await self._sources.fetch(self._location, name, file)
        except Exception:
            _remove_files([file.name])
            raise


def _remove_files(paths: list[str]) -> None:
    for path in paths:
        with suppress(OSError):  # what is left goes with the task's folder
            os.unlink(path)


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
