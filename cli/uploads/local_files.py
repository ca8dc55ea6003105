"""The files of a folder (or one file) and the hash of their content."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InvalidInputError, NotFoundError

NOT_CONTENT = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", ".DS_Store"})
"""Made by tools beside the content; they would change the hash without a change of the user's files."""

_CHUNK_BYTES = 1 << 20


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


def local_files(root: Path) -> LocalFiles:
    """The files at `root`, in a fixed order.

    Raises NotFoundError when there is nothing, InvalidInputError when the folder is empty.
    """
    if root.is_file():
        return LocalFiles(root, (LocalFile(root, root.name, root.stat().st_size),))
    if not root.is_dir():
        raise NotFoundError(f"{root} does not exist")
    files = []
    for folder, subfolders, names in os.walk(root, followlinks=True, onerror=_refuse):
        _refuse_loop(root, Path(folder))
        subfolders[:] = sorted(set(subfolders) - NOT_CONTENT)
        for name in sorted(set(names) - NOT_CONTENT):
            path = Path(folder, name)
            files.append(LocalFile(path, path.relative_to(root).as_posix(), _size(path)))
    if not files:
        raise InvalidInputError(f"the folder {root} has no files")
    return LocalFiles(root, tuple(sorted(files, key=lambda file: file.relative_path)))


def _size(path: Path) -> int:
    """In bytes; raises InvalidInputError for what is no file that can be read."""
    try:
        found = path.stat()
    except OSError as error:
        why = "is a link to nothing" if path.is_symlink() else f"cannot be read ({(error.strerror or '').lower()})"
        raise InvalidInputError(f"{path} {why}", mend="Remove it from the folder, or mend it") from None
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInputError(f"{path} is neither a file nor a folder", mend="Remove it from the folder")
    return found.st_size


def _refuse(error: OSError) -> None:
    raise InvalidInputError(f"the folder {error.filename} cannot be read ({(error.strerror or '').lower()})")


def _refuse_loop(root: Path, folder: Path) -> None:
    """A link to a folder that holds it would be followed without end."""
    if not folder.is_symlink() or folder == root:
        return
    real_root = root.resolve()
    holding = {
        *real_root.parents,
        real_root,
        *(root.joinpath(part).resolve() for part in folder.relative_to(root).parents),
    }
    if folder.resolve() in holding:
        raise InvalidInputError(f"{folder} is a link to a folder that holds it", mend="Remove the link")
