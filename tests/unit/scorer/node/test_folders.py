from __future__ import annotations

from pathlib import Path

import pytest

from scorer_container.node.folders import empty_folder

pytestmark = pytest.mark.unit


def test_a_folder_is_emptied_and_stays_the_same_folder(tmp_path: Path) -> None:
    """A container that has it mounted must see what is put into it later."""
    folder, elsewhere = tmp_path / "a" / "b", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    empty_folder(folder)
    before = folder.stat().st_ino
    (folder / "file").touch()
    (folder / "sub" / "sub").mkdir(parents=True)
    (folder / "link").symlink_to(elsewhere)
    empty_folder(folder)
    assert list(folder.iterdir()) == []
    assert folder.stat().st_ino == before
    assert (elsewhere / "kept").exists()
