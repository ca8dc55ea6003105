"""The files of a folder (or one file) that are uploaded, and the hash of their content."""

import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from cli.output.errors import InvalidInputError, NotFoundError
from cli.output.verbosity import progress_stream
from cli.uploads.ignore_file import IgnoreFile, ignore_file_of
from shared.contracts.blob_names import fault_of_blob_name

log = logging.getLogger(__name__)

NOT_CONTENT = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", ".DS_Store"})
"""Made by tools beside the content; they would change the hash without a change of the user's files."""

_CHUNK_BYTES = 1 << 20
_UPLOAD_FOLDER = f"LocalUpload/{'0' * 64}"
"""As long as what stands before the folder's name in a blob's name."""


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
        """The folder's (or file's) own name, also for `.`."""
        return self.root.resolve().name

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.root.is_dir()

    def content_hash(self) -> str:
        """SHA-256 over names and contents, as 64 hexadecimal digits."""
        whole = hashlib.sha256()
        for file in self.files:
            whole.update(f"{file.relative_path}\0{file.size}\0".encode())
            with file.path.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    whole.update(chunk)
        return whole.hexdigest()

    def tell_left_out(self) -> None:
        """Say on stderr how many files are left out; `--verbose` lists them."""
        if not self.left_out:
            return
        count = f"{len(self.left_out):,} file{'s' if len(self.left_out) > 1 else ''}"
        click.echo(f"{count} of {self.root} left out by {self.ignore_file}", file=progress_stream())
        for path in self.left_out:
            log.info("left out: %s", path.encode("utf-8", "backslashreplace").decode())


def local_files(root: Path) -> LocalFiles:
    """The files at `root` without what its ignore file leaves out, in a fixed order.

    Raises NotFoundError when there is nothing; InvalidInputError when no file is left, and for a file that cannot be
    read or whose name cannot be a blob's.
    """
    if root.is_file():
        return _checked(LocalFiles(root, (LocalFile(root, root.name, root.stat().st_size),)))
    if not root.is_dir():
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
    if not files:
        if ignore_file and left_out:
            raise InvalidInputError(f"every file of the folder {root} is left out by {ignore_file.path}")
        raise InvalidInputError(f"the folder {root} has no files")
    in_order = tuple(sorted(files, key=lambda file: file.relative_path))
    return _checked(LocalFiles(root, in_order, ignore_file.path if ignore_file else None, tuple(sorted(left_out))))


@dataclass(frozen=True)
class _Walk:
    """All files below a folder. Trouble with a folder that is left out does no harm."""

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
        """Whether it is a link to a folder that holds it, which would be followed without end; such is refused."""
        if not folder.is_symlink() or folder == self.root:
            return False
        real_root = self.root.resolve()
        above = (self.root.joinpath(part).resolve() for part in folder.relative_to(self.root).parents)
        if folder.resolve() not in {*real_root.parents, real_root, *above}:
            return False
        if not self._is_left_out(folder):
            raise InvalidInputError(f"{folder} is a link to a folder that holds it", hint="Remove the link")
        return True


def _size(path: Path) -> int:
    """In bytes; raises InvalidInputError for what is no file that can be read."""
    try:
        found = path.stat()
    except OSError as error:
        why = "is a link to nothing" if path.is_symlink() else f"cannot be read ({(error.strerror or '').lower()})"
        raise InvalidInputError(f"{path} {why}", hint="Remove it from the folder, or mend it") from None
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInputError(f"{path} is neither a file nor a folder", hint="Remove it from the folder")
    if not os.access(path, os.R_OK):
        raise InvalidInputError(
            f"{path} cannot be read (permission denied)", hint="Remove it from the folder, or mend it"
        )
    return found.st_size


def _checked(files: LocalFiles) -> LocalFiles:
    """Return `files`; raises InvalidInputError for the first whose name storage cannot take or cannot list."""
    folder = f"{_UPLOAD_FOLDER}/{files.name}" if files.is_folder else _UPLOAD_FOLDER
    for file in files.files:
        if fault := fault_of_blob_name(f"{folder}/{file.relative_path}"):
            raise InvalidInputError(
                f"{str(file.path)!r} cannot be uploaded: as the name of a blob it {fault}", hint="Rename it"
            )
    return files
