"""Inputs on the node's disk, fetched ahead of need."""

import contextlib
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

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

    def __init__(self, batch: MiniBatch, folder: Path, files: list["Future[LocalFile]"]) -> None:
        self.batch = batch
        self._folder = folder
        self._files = files

    def wait(self) -> list[LocalFile]:
        """The files in the order of the mini-batch, once all are here or have failed; raises StoppedError."""
        return [file.result() for file in self._files]

    def discard(self) -> None:
        """Remove the files from disk."""
        for file in self._files:
            file.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)


class InputFetcher:
    """Fetches the files of mini-batches with a few threads."""

    def __init__(self, sources: Sources, location: Location, folder: Path) -> None:
        """`folder` is emptied; each mini-batch gets one of its own below it."""
        self._sources = sources
        self._location = location
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._pool = ThreadPoolExecutor(_PARALLEL_FETCHES, "inputs")

    def begin(self, batch: MiniBatch, delivery: int) -> FetchedMiniBatch:
        """Start fetching; `delivery` tells deliveries of the same mini-batch apart."""
        folder = self._folder / f"{batch.number}-{delivery}"
        folder.mkdir(exist_ok=True)
        files = [self._pool.submit(self._fetch, name, folder, index) for index, name in enumerate(batch.files)]
        return FetchedMiniBatch(batch, folder, files)

    def close(self) -> None:
        """Stop fetching and remove everything."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _fetch(self, name: str, folder: Path, index: int) -> LocalFile:
        path = folder / _local_name(name, index)
        try:
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                path.parent.mkdir(parents=True, exist_ok=True)
            path = path if _is_free(path) else _own_folder(folder, index) / path.name
            with path.open("wb") as file:
                self._sources.fetch(self._location, name, file)
        except StoppedError:
            raise
        except (ProductError, OSError) as error:
            return LocalFile(name, problem=error)
        return LocalFile(name, str(path))


def _local_name(name: str, index: int) -> str:
    """The path below the mini-batch's folder; the file keeps its own name wherever that can be a file's name."""
    parts = PurePosixPath(name).parts
    plain = all(part not in {"..", "/"} and "\0" not in part for part in parts) and parts
    if plain and all(len(os.fsencode(part)) <= _LONGEST_NAME for part in parts):
        return os.path.join(*parts)  # noqa: PTH118 (a Path for each of millions of files costs too much)
    suffix = PurePosixPath(name).suffix[:20].replace("\0", "")
    return f"file-{index}{suffix}"


def _is_free(path: Path) -> bool:
    """Whether a file can be made here: blobs `a` and `a/b` may both exist, files cannot."""
    return path.parent.is_dir() and not path.exists()


def _own_folder(folder: Path, index: int) -> Path:
    own = folder / f".{index}"
    own.mkdir(exist_ok=True)
    return own
