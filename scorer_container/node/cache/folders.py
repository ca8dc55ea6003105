"""Empties and removes folders, whatever a job left in them.

`shutil.rmtree` fails for a tree of a thousand levels and for folders that their owner may not read. The functions here
handle both. They follow no link, not even one that a process makes meanwhile.
"""

import os
import uuid
from contextlib import suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_LEVELS = 50
"""Folders that are open at the same time."""


def new_folder(folder: Path) -> None:
    """Make `folder` and remove what was there. A process that still uses the old folder does not see the new one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(folder):
        before = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
        folder.rename(before)
        with suppress(OSError):  # then it takes room until the node starts again
            remove(before)
    folder.mkdir()


def empty_folder(folder: Path) -> None:
    """Make `folder`, or remove everything in it. The folder itself stays: a running container has it mounted."""
    if folder.is_symlink() or not folder.is_dir():
        new_folder(folder)
    else:
        _empty(folder)


def remove(path: Path) -> None:
    """Remove the file, link or folder at `path`, if there is one; raise OSError if that fails."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    _empty(path)
    path.rmdir()


def _empty(folder: Path) -> None:
    top = _opened(str(folder))
    try:
        while _empty_levels(top, top, _LEVELS):
            pass
    finally:
        os.close(top)


def _empty_levels(folder: int, top: int, levels: int) -> bool:
    """Empty `folder` and move what is more than `levels` below it up to `top`. Return True if it had folders."""
    names = _remove_files(folder)
    for name in names:
        if not levels:
            os.rename(name, uuid.uuid4().hex, src_dir_fd=folder, dst_dir_fd=top)
            continue
        below = _opened(name, folder)
        try:
            _empty_levels(below, top, levels - 1)
        finally:
            os.close(below)
        os.rmdir(name, dir_fd=folder)
    return bool(names)


def _remove_files(folder: int) -> list[str]:
    """Remove everything in `folder` except its folders; return their names."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
    return [name for name, is_folder in found if is_folder]


def _opened(name: str, parent: int | None = None) -> int:
    """Open the folder and let its owner change it; refuse a link."""
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
    os.fchmod(descriptor, 0o700)
    return descriptor
