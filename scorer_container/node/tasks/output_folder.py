"""The folder that a script writes its own files to. Nothing that the script did to the folder is trusted."""

import io
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


class FileChangedError(Exception):
    """The file changed while it was read."""


@dataclass(frozen=True)
class FoundFile:
    """A file as it was when the folder was listed."""

    path: str
    """Relative to the folder, with `/`."""
    modified_ns: int
    size: int


class OutputFolder:
    """Lists and opens the files below a folder. It never follows a link, at any place of a path.

    It opens a path part by part from the top: a path of any length works, and a folder that the script replaces by
    a link meanwhile leads nowhere.
    """

    def __init__(self, root: Path, fault_of: Callable[[str], str]) -> None:
        """Read the folder `root`.

        `fault_of` returns why a path cannot be uploaded, or an empty text. It limits how deep folders may nest.
        """
        self._root = root
        self._fault_of = fault_of

    @property
    def is_empty(self) -> bool:
        """True when there is nothing in the folder. Raise OutputFolderError if something else is in its place."""
        with suppress(FileNotFoundError), self._readable(""), self._opened("") as descriptor:
            return next(_entries(descriptor), None) is None
        return True

    def files(self, pass_over: Callable[[str, str], None]) -> Iterator[FoundFile]:
        """Yield all files; raise OutputFolderError for the first one that cannot be uploaded.

        `pass_over` is called for what is neither file nor folder, with its path and what it is (`a link`).
        """
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
                    pass_over(path, _KINDS.get(stat.S_IFMT(status.st_mode), "no file"))

    def open(self, path: str) -> BinaryIO:
        """Open the file at `path`.

        Raises:
            FileNotFoundError: the file is gone, or something else is in its place.
            OutputFolderError: the file may not be read.
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
        """Return name and status of each entry of `folder`; an empty list if the script has removed the folder."""
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


class FileBeginning(io.BufferedIOBase):
    """The first `length` bytes of a file, however much is appended to it meanwhile."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._length = length

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes; raise FileChangedError if the file is now shorter than `length`."""
        left = self._length - self._file.tell()
        wanted = left if size is None or size < 0 else min(size, left)
        data = self._file.read(wanted)
        if len(data) < wanted:
            raise FileChangedError
        return data

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Go to `position`, counted from the beginning of the file."""
        assert whence == io.SEEK_SET
        return self._file.seek(position)

    def tell(self) -> int:
        """Return the current position."""
        return self._file.tell()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True


def _entries(folder: int) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.name, entry.stat(follow_symlinks=False)


def _open_below(folder: int, name: str, flags: int) -> int:
    """Open `name`; raise FileNotFoundError if it is a link, or not what was listed."""
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        raise
    except OSError:  # ELOOP, ENOTDIR, ENXIO of a socket: the script has changed it since
        raise FileNotFoundError(name) from None


def _shown(path: str) -> str:
    """Return the path in quotes with odd characters escaped; of a long path only its beginning and end."""
    return repr(path if len(path) <= 120 else f"{path[:60]}…{path[-60:]}") if path else "the folder itself"
