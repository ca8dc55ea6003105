"""Keeps a machine's cache within its size: evicts the least recently used entries first, and none that is in use."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scorer_container.node.cache.file_lock import file_lock, free_file_lock, shared_lock


def use_file(folder: Path) -> Path:
    """Return the file whose lock marks a cache folder as in use; its time says when the folder was last used."""
    return folder.with_name(f"{folder.name}.use")


class FoldersInUse:
    """The cache folders of one job."""

    def __init__(self) -> None:
        self.has_new = False
        """True when the job has added something to the cache."""
        self._held: dict[Path, int] = {}

    def hold(self, folder: Path) -> None:
        """Protect a cache folder from eviction. Call this before you check that the folder exists.

        This waits while another node evicts the folder: call it in a thread.
        """
        if folder in self._held:
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._held[folder] = shared_lock(use_file(folder))
        os.utime(self._held[folder])

    def release(self) -> None:
        """Let all folders be evicted. Twice is harmless. No thread may hold another one after this."""
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()


_KINDS = ("models", "code", "environments", "uv")
"""Folders of the cache; `uv` holds uv's downloads unless they are kept elsewhere."""
_MOST_OF_DISK = 1 / 2
_FREE_OF_DISK = 1 / 10
_REMOVED = ".removed"
_BLOCK_BYTES = 512


@dataclass(frozen=True)
class _Entry:
    """A folder of the cache, with the remains of builds of it that were killed."""

    folder: Path
    last_used: float
    size: int


def make_room(
    cache: Path, limit: int | None, log: Callable[[str], None], check: Callable[[], None] = lambda: None
) -> None:
    """Evict entries until the cache takes at most `limit` bytes.

    Without a limit the cache may take half of its disk and leaves a tenth of it free. Nodes of a machine do this one
    after another: the node before may have listed the cache before the last folder was made.

    `check` is called often, and raises an error to end the work early.
    """
    with file_lock(cache / "room.lock", lambda: log("another node tidies up the cache"), check):
        _make_room(cache, limit, log, check)


def _make_room(cache: Path, limit: int | None, log: Callable[[str], None], check: Callable[[], None]) -> None:
    for leftover in cache.glob(f"*/*{_REMOVED}"):
        check()
        shutil.rmtree(leftover, ignore_errors=True)
    entries = sorted(_entries(cache, check), key=lambda entry: entry.last_used)
    used = sum(entry.size for entry in entries)
    limit = _share_of_disk(cache, used) if limit is None else limit
    for entry in entries:
        check()
        if used <= limit:
            return
        if entry.size and _remove(entry):
            used -= entry.size
            log(f"removed {entry.folder.relative_to(cache)} ({entry.size >> 20} MB) from the cache")


def _share_of_disk(cache: Path, used: int) -> int:
    disk = shutil.disk_usage(cache)
    return min(int(disk.total * _MOST_OF_DISK), used + disk.free - int(disk.total * _FREE_OF_DISK))


def _entries(cache: Path, check: Callable[[], None]) -> Iterator[_Entry]:
    for kind in _KINDS:
        for path in (cache / kind).glob("*.use"):
            folder = path.with_suffix("")
            size = sum(_size(part, check) for part in _parts(folder))
            yield _Entry(folder, path.stat().st_mtime, size)


def _parts(folder: Path) -> list[Path]:
    """Return the folder and what a killed node left of it."""
    parts = [folder, folder.with_name(f"{folder.name}.partial"), *folder.parent.glob(f"{folder.name}.building-*")]
    return [part for part in parts if part.is_dir()]


def _remove(entry: _Entry) -> bool:
    """Remove an entry unless it is in use. Rename it first: nobody may take a half-removed folder for a whole one."""
    with free_file_lock(use_file(entry.folder)) as is_free:
        if not is_free:
            return False
        removed = [part.rename(part.with_name(part.name + _REMOVED)) for part in _parts(entry.folder)]
    for part in removed:
        shutil.rmtree(part, ignore_errors=True)
    return True


def _size(folder: Path, check: Callable[[], None]) -> int:
    """Return the bytes on disk. A file with several names, as uv makes them of its downloads, is shared among them."""
    total = 0.0
    for parent, _, names in os.walk(folder):
        check()
        for name in names:
            with suppress(FileNotFoundError):
                status = os.lstat(f"{parent}/{name}")
                total += status.st_blocks * _BLOCK_BYTES / status.st_nlink
    return int(total)
