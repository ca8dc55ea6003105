"""The files that a script writes to `AZUREML_BI_OUTPUT_PATH` itself."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from scorer_container.node.failure import fatal
from scorer_container.node.sources import Sources
from shared.contracts.job_spec import OutputSpec

_FOLDER = os.O_RDONLY | os.O_DIRECTORY


class OutputFiles:
    """Uploads what one scoring process wrote to its output folder.

    Files stay on disk until the job ends, as a script may go on appending to them; a changed file is uploaded again.
    """

    def __init__(self, folder: Path, sources: Sources, output: OutputSpec) -> None:
        self._folder = folder
        self._sources = sources
        self._output = output
        self._uploaded: dict[str, tuple[int, int]] = {}
        self._lock = Lock()

    def upload(self) -> None:
        """Upload what is new or has changed since the last call; raises HotPathError or FatalProblemError."""
        with self._lock:
            for entry in _files(self._folder):
                with suppress(FileNotFoundError, NotADirectoryError):  # the script has removed it again
                    self._upload(entry)

    def _upload(self, entry: "os.DirEntry[str]") -> None:
        status = entry.stat()
        seen = (status.st_mtime_ns, status.st_size)
        if self._uploaded.get(entry.path) == seen:
            return
        folder = self._output.folder
        name = folder.child(os.path.relpath(entry.path, self._folder).replace(os.sep, "/"))
        if name in {self._output.file_path, self._output.errors_path}:
            raise fatal(
                "output",
                f"the script wrote {entry.name} to AZUREML_BI_OUTPUT_PATH, which is the job's own file there: "
                "write under another name",
            )
        with _opened(self._folder, os.path.relpath(entry.path, self._folder)) as file:
            self._sources.blobs(folder).put(folder.container, name, file)
        self._uploaded[entry.path] = seen


def _opened(root: Path, relative: str) -> BinaryIO:
    """The file below `root`, reached by no link: a script that made one just now could show us the node's own files.

    Raises FileNotFoundError where there is no such file any more.
    """
    *folders, name = Path(relative).parts
    here = os.open(root, _FOLDER)
    try:
        for folder in folders:
            below = _open_below(here, folder, _FOLDER)
            os.close(here)
            here = below
        file = _open_below(here, name, os.O_RDONLY | os.O_NONBLOCK)
    finally:
        os.close(here)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return os.fdopen(file, "rb")
    os.close(file)
    raise FileNotFoundError(relative)


def _open_below(folder: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileNotFoundError(name) from None
        raise


def _files(folder: str | Path) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            elif entry.is_file(follow_symlinks=False):
                yield entry
