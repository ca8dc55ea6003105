"""Folders that stay while their contents change: a running container has them mounted."""

import shutil
from pathlib import Path


def empty_folder(folder: Path) -> None:
    """Make `folder`, or remove everything in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
