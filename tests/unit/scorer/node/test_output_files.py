"""What a script leaves in its output folder, when it means to see other files of the node."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scorer_container.node.output_files import _opened

pytestmark = pytest.mark.unit


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("of the node")
    folder = tmp_path / "output"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "file").write_text("of the script")
    return folder


def test_a_file_below_the_folder_is_read(output: Path) -> None:
    with _opened(output, "part/file") as file:
        assert file.read() == b"of the script"


@pytest.mark.parametrize(
    "swap",
    [
        lambda file, secret: file.symlink_to(secret / "file"),
        lambda file, _: os.mkfifo(file),
        lambda file, _: file.mkdir(),
        lambda file, _: None,
    ],
    ids=["link", "pipe", "folder", "nothing"],
)
def test_a_file_that_became_something_else_is_none(output: Path, swap: Callable[[Path, Path], None]) -> None:
    file = output / "part" / "file"
    file.unlink()
    swap(file, output.parent / "secret")
    with pytest.raises(OSError, match="file"):
        _opened(output, "part/file")


def test_a_folder_that_became_a_link_leads_nowhere(output: Path) -> None:
    (output / "part").rename(output / "before")
    (output / "part").symlink_to(output.parent / "secret")
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        _opened(output, "part/file")
