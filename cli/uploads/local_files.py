"""The files of a folder (or one file) to upload, and the hash of their content.

`.amlignore` or `.gitignore` leaves files out as in the official client (`azure-ai-ml`, `_utils/_asset_utils.py`). Only
the file in the folder itself counts. `.amlignore` wins, even if it is empty. The last pattern that matches a file
decides: `!data/keep.csv` keeps a file of an ignored folder. A link is judged by its own path.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output.errors import InvalidInputError, NotFoundError
from cli.output.verbosity import progress_stream
from shared.contracts.names import fault_of_blob_name

if TYPE_CHECKING:
    from pathspec import PathSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

log = logging.getLogger(__name__)

NOT_CONTENT = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", ".DS_Store"})
"""Names that tools make. They would change the hash, although the user's files did not change."""

IGNORE_FILE_NAMES = (".amlignore", ".gitignore")
"""Names of ignore files; the first one that exists is used."""

_CHUNK_BYTES = 1 << 20
_UPLOAD_FOLDER = f"LocalUpload/{'0' * 64}"
"""As long as the prefix that an upload adds to the names of blobs."""


@dataclass(frozen=True)
class LocalFile:
    """A file and its path below the uploaded folder, with `/` between the parts."""

    path: Path
    relative_path: str
    size: int


@dataclass(frozen=True)
class LocalFiles:
    """A folder, or a single file, to upload."""

    root: Path
    files: tuple[LocalFile, ...]
    ignore_file: Path | None = None
    left_out: tuple[str, ...] = ()
    """Paths of the files that the ignore file leaves out."""

    @property
    def name(self) -> str:
        """The name of the folder or file, even if the path is `.`. A link has its own name."""
        return self.root.resolve().name if self.root.name in {"", ".."} else self.root.name

    @property
    def is_folder(self) -> bool:
        """True for a folder, False for a file."""
        return self.root.is_dir()

    def content_hash(self) -> str:
        """Return the SHA-256 of names and contents, as 64 hexadecimal digits."""
        whole = hashlib.sha256()
        for file in self.files:
            whole.update(f"{file.relative_path}\0{file.size}\0".encode())
            with file.path.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    whole.update(chunk)
        return whole.hexdigest()

    def tell_left_out(self) -> None:
        """Print on stderr how many files are left out; `--verbose` lists them."""
        if not self.left_out:
            return
        count = f"{len(self.left_out):,} file{'s' if len(self.left_out) > 1 else ''}"
        click.echo(f"{count} of {self.root} left out by {self.ignore_file}", file=progress_stream())
        for path in self.left_out:
            log.info("left out: %s", path.encode("utf-8", "backslashreplace").decode())


def local_files(root: Path) -> LocalFiles:
    """Return the files at `root` that its ignore file does not leave out, in a fixed order.

    Raise NotFoundError if `root` does not exist. Raise InvalidInputError if no file is left, for a file that cannot be
    read, and for a name that blob storage does not take.
    """
    if root.is_file():
        return _checked(LocalFiles(root, (LocalFile(root, root.name, root.stat().st_size),)))
    if not root.is_dir():
        if root.exists():
            raise InvalidInputError(f"{root} is neither a file nor a folder", hint="Name a file or a folder")
        raise NotFoundError(f"{root} does not exist")
    ignore_file = ignore_file_of(root)
    files: list[LocalFile] = []
    left_out: list[str] = []
    for path in _Walk(root, ignore_file).paths():
        relative_path = path.relative_to(root).as_posix()
        if ignore_file and ignore_file.ignores(relative_path):
            left_out.append(relative_path)
        else:
            files.append(LocalFile(path, relative_path, _size(path)))
    if ignore_file and left_out and all(file.relative_path in IGNORE_FILE_NAMES for file in files):
        raise InvalidInputError(f"every file of the folder {root} is left out by {ignore_file.path}")
    if not files:
        raise InvalidInputError(f"the folder {root} has no files")
    in_order = tuple(sorted(files, key=lambda file: file.relative_path))
    return _checked(LocalFiles(root, in_order, ignore_file.path if ignore_file else None, tuple(sorted(left_out))))


@dataclass(frozen=True)
class IgnoreFile:
    """The ignore file of a folder, parsed."""

    path: Path
    patterns: "PathSpec[GitIgnoreSpecPattern]"

    def ignores(self, relative_path: str) -> bool:
        """Return True if it leaves out the path: relative to the folder, and ending with a slash for a folder."""
        return self.patterns.match_file(relative_path)


def ignore_file_of(folder: Path) -> IgnoreFile | None:
    """Return the ignore file in `folder`; raise InvalidInputError if it is unreadable or has an invalid pattern."""
    path = next((folder / name for name in IGNORE_FILE_NAMES if (folder / name).is_file()), None)
    return IgnoreFile(path, _patterns(path)) if path else None


def check_kept(folder: Path, relative_path: str, what: str) -> None:
    """Raise InvalidInputError if the ignore file of `folder` leaves out this file; `what` describes the file."""
    ignore_file = ignore_file_of(folder)
    if ignore_file and ignore_file.ignores(relative_path):
        raise InvalidInputError(
            f"{what} {relative_path!r} is left out by {ignore_file.path}",
            hint=f"Take it out of {ignore_file.path.name}, or add a line !{relative_path}",
        )


def _patterns(path: Path) -> "PathSpec[GitIgnoreSpecPattern]":
    import re

    from pathspec import PathSpec
    from pathspec.patterns.gitignore.base import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise InvalidInputError(f"{path} is not UTF-8 text", hint="Save it as UTF-8") from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read ({(error.strerror or '').lower()})") from None
    patterns = []
    for number, line in enumerate(lines, 1):
        try:
            patterns.append(GitIgnoreSpecPattern(line))
        except (GitIgnorePatternError, re.error):
            raise InvalidInputError(f"{path}, line {number}: {line!r} is not a pattern") from None
    return PathSpec(patterns)


@dataclass(frozen=True)
class _Walk:
    """Walks over all files below a folder. Errors in folders that are left out do not count."""

    root: Path
    ignore_file: IgnoreFile | None

    def paths(self) -> Iterator[Path]:
        for folder, subfolders, names in os.walk(self.root, followlinks=True, onerror=self._refuse):
            if self._is_loop(Path(folder)):
                subfolders.clear()
                continue
            subfolders[:] = sorted(set(subfolders) - NOT_CONTENT)
            yield from (Path(folder, name) for name in sorted(set(names) - NOT_CONTENT))

    def _is_left_out(self, folder: Path) -> bool:
        if self.ignore_file is None or folder == self.root:
            return False
        return self.ignore_file.ignores(f"{folder.relative_to(self.root).as_posix()}/")

    def _refuse(self, error: OSError) -> None:
        if not self._is_left_out(Path(error.filename)):
            why = (error.strerror or "").lower()
            raise InvalidInputError(f"the folder {error.filename} cannot be read ({why})")

    def _is_loop(self, folder: Path) -> bool:
        """Return True for a left-out link to a folder that contains it; raise InvalidInputError for any other loop."""
        if not folder.is_symlink() or folder == self.root:
            return False
        real_root = self.root.resolve()
        above = (self.root.joinpath(part).resolve() for part in folder.relative_to(self.root).parents)
        if folder.resolve() not in {*real_root.parents, real_root, *above}:
            return False
        if not self._is_left_out(folder):
            raise InvalidInputError(f"{folder} is a link to a folder that contains it", hint="Remove the link")
        return True


def _size(path: Path) -> int:
    """Return the size in bytes; raise InvalidInputError if the path is not a readable file."""
    try:
        found = path.stat()
    except OSError as error:
        why = "is a link to nothing" if path.is_symlink() else f"cannot be read ({(error.strerror or '').lower()})"
        raise InvalidInputError(f"{path} {why}", hint="Remove it from the folder, or repair it") from None
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInputError(f"{path} is neither a file nor a folder", hint="Remove it from the folder")
    if not os.access(path, os.R_OK):
        raise InvalidInputError(
            f"{path} cannot be read (permission denied)", hint="Remove it from the folder, or repair it"
        )
    return found.st_size


def _checked(files: LocalFiles) -> LocalFiles:
    """Return `files`. Raise InvalidInputError for the first name that storage cannot take or list."""
    folder = f"{_UPLOAD_FOLDER}/{files.name}" if files.is_folder else _UPLOAD_FOLDER
    for file in files.files:
        if fault := fault_of_blob_name(f"{folder}/{file.relative_path}"):
            raise InvalidInputError(
                f"{str(file.path)!r} cannot be uploaded: as the name of a blob it {fault}", hint="Rename it"
            )
    return files
