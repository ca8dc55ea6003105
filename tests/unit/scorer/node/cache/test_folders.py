import inspect
import os
import shutil
import sys
from pathlib import Path

import pytest

from scorer_container.node.cache.folders import empty_folder, new_folder, remove
from tests.unit.scorer.node.file_modes import file_modes_apply

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


def test_a_new_folder_is_another_one_than_that_of_the_same_name(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "work"
    new_folder(folder)
    (folder / "usercustomize.py").touch()
    still_used = os.open(folder, os.O_RDONLY)
    new_folder(folder)
    assert folder.stat().st_ino != os.fstat(still_used).st_ino
    os.close(still_used)
    assert list((tmp_path / "a").rglob("*")) == [folder]


@pytest.mark.parametrize("make", [new_folder, empty_folder])
def test_a_link_in_the_place_of_a_folder_goes_and_what_it_leads_to_stays(tmp_path: Path, make) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    (tmp_path / "work").symlink_to(tmp_path / "elsewhere")
    make(tmp_path / "work")
    assert not (tmp_path / "work").is_symlink()
    assert list((tmp_path / "work").iterdir()) == []
    assert (tmp_path / "elsewhere" / "kept").exists()


def test_a_tree_that_is_deeper_than_calls_may_nest_is_removed(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    nest(deep, 200)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)  # as a thousand levels are for the usual limit, but faster
    try:
        remove(deep)
        was_removed = not list(tmp_path.iterdir())
    finally:
        sys.setrecursionlimit(before)
        shutil.rmtree(deep, ignore_errors=True)  # if it is still there: pytest has trouble with deep folders
    assert was_removed


def test_folders_that_may_not_be_read_are_removed(tmp_path: Path) -> None:
    (tmp_path / "work" / "closed" / "inner").mkdir(parents=True)
    (tmp_path / "work" / "closed" / "inner" / "file").touch()
    for closed in ("work/closed/inner", "work/closed", "work"):
        (tmp_path / closed).chmod(0)
    with file_modes_apply():
        remove(tmp_path / "work")
    assert not list(tmp_path.iterdir())


def test_files_links_and_nothing_are_removed_alike(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link", "nothing"):
        remove(tmp_path / name)
    assert not list(tmp_path.iterdir())


def nest(folder: Path, depth: int) -> None:
    """Folders in folders, deeper than a path can say."""
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
