from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def working_python() -> Callable[[Path, int], Path]:
    """Makes a program that answers like CPython 3.`minor` when it is asked for its version."""

    def make(folder: Path, minor: int) -> Path:
        folder.mkdir(parents=True)
        path = folder / "python"
        path.write_text(f"#!/bin/sh\necho cpython 3 {minor}\n")
        path.chmod(0o755)
        return path

    return make
