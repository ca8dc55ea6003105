"""Files of the data folder that other users must not read, written whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from local.errors import StackStateError


def write_private(file: Path, content: bytes) -> None:
    """Replace `file` by `content` for its owner only. A reader sees either the old or the new content."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(content)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_private_json(file: Path, document: Any) -> None:
    """Write a JSON document as `write_private` does."""
    write_private(file, json.dumps(document, indent=2).encode())


def read_json(file: Path) -> dict[str, Any] | None:
    """Return the JSON object in `file`, or None if there is no such file.

    Raises:
        StackStateError: the file is damaged.
    """
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise StackStateError(file, str(problem)) from problem
    if not isinstance(document, dict):
        raise StackStateError(file, "a JSON object was expected")
    return document
