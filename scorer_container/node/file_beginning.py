"""The first bytes of a file that somebody may be writing to."""

import io
from typing import BinaryIO


class FileChangedError(Exception):
    """The file has become another one while it was read."""


class FileBeginning(io.BufferedIOBase):
    """Reads exactly `length` bytes of a file, however much is appended to it meanwhile."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._length = length

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes; raises FileChangedError when the file has become shorter than `length`."""
        left = self._length - self._file.tell()
        wanted = left if size is None or size < 0 else min(size, left)
        data = self._file.read(wanted)
        if len(data) < wanted:
            raise FileChangedError
        return data

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Go to `position`, counted from the beginning."""
        assert whence == io.SEEK_SET
        return self._file.seek(position)

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True
