"""An MLflow model on this machine: which of its files must not be left out."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from cli.uploads.ignore_file import check_kept

MLMODEL = "MLmodel"


def check_mlflow_kept(folder: Path) -> None:
    """Raise InvalidInputError when the ignore file of `folder` leaves out `MLmodel`, or a file that it names."""
    for name in (MLMODEL, *_named_files(folder)):
        check_kept(folder, f"{name}/" if (folder / name).is_dir() else name, "the model's")


def _named_files(folder: Path) -> Iterator[str]:
    """Paths in `MLmodel` of files and folders that are there; nothing when it cannot be read: the service says why."""
    try:
        content = yaml.safe_load((folder / MLMODEL).read_bytes())
    except (OSError, ValueError, yaml.YAMLError):
        return
    for text in _texts(content):
        path = PurePosixPath(text)
        if text and not path.is_absolute() and ".." not in path.parts and _exists(folder / path):
            yield path.as_posix()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a NUL: some other text
        return False


def _texts(content: Any) -> Iterator[str]:
    """All texts in the content."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)
