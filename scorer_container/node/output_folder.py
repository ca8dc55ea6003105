"""The folder that a script writes its own files to, read without trust in what the script has made of it."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class OutputFolderError(Exception):
    """Something in the folder cannot be uploaded; the message says what and why."""


@dataclass(frozen=True)
class FoundFile:
    """A file as it was when the folder was listed."""

    path: str
    """Relative to the folder, with `/`."""
    modified_ns: int
    size: int


class OutputFolder:
    """Lists and opens what lies below a folder. No link is followed, at no place of a path.

    Each folder is opened part by part from the top: a path of any length works, and a folder that becomes a link
    meanwhile leads nowhere.
    """

    def __init__(self, root: Path, fault_of: Callable[[str], str], pass_over: Callable[[str, str], None]) -> None:
        """`fault_of` says why a path cannot be uploaded; empty when it can. It bounds how deep the folders may be.

        `pass_over` hears of what is neither file nor folder: its path, and what it is (`a link`).
        """
        self._root = root
        self._fault_of = fault_of
        self._pass_over = pass_over

    def files(self) -> Iterator[FoundFile]:
        """All files; raises OutputFolderError for the first that cannot be uploaded."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for name, status in self._listing(folder):
                path = f"{folder}/{name}" if folder else name
                if stat.S_ISDIR(status.st_mode):
                    self._check(path)
                    waiting.append(path)
                elif stat.S_ISREG(status.st_mode):
                    self._check(path)
                    yield FoundFile(path, status.st_mtime_ns, status.st_size)
                else:
                    self._pass_over(path, _KINDS.get(stat.S_IFMT(status.st_mode), "no file"))

    def open(self, path: str) -> BinaryIO:
        """The file at `path`.

        Raises FileNotFoundError when there is no file any more, OutputFolderError when it may not be read.
        """
        folder, _, name = path.rpartition("/")
        with self._readable(path), self._opened(folder) as descriptor:
            file = _open_below(descriptor, name, _FILE)
        if stat.S_ISREG(os.fstat(file).st_mode):
            return os.fdopen(file, "rb")
        os.close(file)
        raise FileNotFoundError(path)

    def _check(self, path: str) -> None:
        if fault := self._fault_of(path):
            raise OutputFolderError(f"{_shown(path)} cannot be uploaded: its path in the output {fault}")

    def _listing(self, folder: str) -> list[tuple[str, os.stat_result]]:
        """Name and status of what is in `folder`; nothing when the script has removed it again."""
        with suppress(FileNotFoundError), self._readable(folder), self._opened(folder) as descriptor:
            return list(_entries(descriptor))
        return []

    @contextmanager
    def _opened(self, folder: str) -> Iterator[int]:
        here = self._open_root()
        try:
            for part in filter(None, folder.split("/")):
                below = _open_below(here, part, _FOLDER)
                os.close(here)
                here = below
            yield here
        finally:
            os.close(here)

    def _open_root(self) -> int:
        try:
            return os.open(self._root, _FOLDER)
        except FileNotFoundError:
            raise
        except OSError:
            if self._root.is_symlink() or not self._root.is_dir():
                raise OutputFolderError(
                    "the folder itself was replaced by a link or a file: write into the folder that is there"
                ) from None
            raise

    @staticmethod
    @contextmanager
    def _readable(path: str) -> Iterator[None]:
        try:
            yield
        except PermissionError:
            raise OutputFolderError(f"{_shown(path)} may not be read: give its owner the right to do so") from None


def _entries(folder: int) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.name, entry.stat(follow_symlinks=False)


def _open_below(folder: int, name: str, flags: int) -> int:
    """Raises FileNotFoundError for a link, and where something else is now than was listed."""
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        raise
    except OSError:  # ELOOP, ENOTDIR, ENXIO of a socket: the script has changed it since
        raise FileNotFoundError(name) from None


def _shown(path: str) -> str:
    """In quotes, odd characters escaped; only the beginning and end of a long path."""
    return repr(path if len(path) <= 120 else f"{path[:60]}…{path[-60:]}") if path else "the folder itself"
