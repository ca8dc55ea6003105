import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scorer_container.node.tasks.task_folder import TaskFolders
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit


def names_in(folder: Path | str) -> list[str]:
    return [path.name for path in Path(folder).iterdir()]


def is_there(path: str) -> bool:
    return os.path.lexists(path)


async def made(root: Path) -> TaskFolders:
    folders = TaskFolders(root / "inputs")
    await folders.empty()
    return folders


def test_two_deliveries_never_share_a_folder_and_an_empty_one_is_used_again(tmp_path: Path) -> None:
    async def work() -> None:
        folders = await made(tmp_path)
        first, second = folders.take(), folders.take()
        assert first.path != second.path
        await first.close()
        again, third = folders.take(), folders.take()
        assert again.path == first.path
        assert third.path not in {first.path, second.path}
        assert all(names_in(folder.path) == [] for folder in (again, second, third))

    run(work())


def _leave_file(folder: Path) -> None:
    (folder / "left").touch()


def _nest(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)


def _close(folder: Path) -> None:
    folder.chmod(0o500)


def _replace_by_file(folder: Path) -> None:
    folder.rmdir()
    folder.touch()


def _replace_by_link(folder: Path) -> None:
    folder.rmdir()
    folder.symlink_to(folder.parent.parent / "elsewhere")


@pytest.mark.parametrize("spoil", [_leave_file, _nest, _close, _replace_by_file, _replace_by_link, Path.rmdir])
def test_a_folder_that_a_script_has_changed_is_removed(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    async def work() -> None:
        (tmp_path / "elsewhere").mkdir()
        folders = await made(tmp_path)
        folder = folders.take()
        spoil(Path(folder.path))
        await folder.close()
        assert not is_there(folder.path)
        assert folders.take().path != folder.path
        assert is_there(str(tmp_path / "elsewhere"))

    run(work())


def test_a_folder_into_which_files_still_come_is_not_used_again(tmp_path: Path) -> None:
    async def work() -> None:
        folders = await made(tmp_path)
        folder = folders.take()
        await folder.remove()
        assert folders.take().path != folder.path
        assert not is_there(folder.path)

    run(work())


def test_all_folders_are_removed_at_the_end(tmp_path: Path) -> None:
    async def work() -> None:
        folders = await made(tmp_path)
        folder = folders.take()
        await folder.close()
        await folders.empty()
        assert names_in(tmp_path / "inputs") == []
        assert names_in(folders.take().path) == []

    run(work())


def test_a_script_that_removes_or_fills_the_root_hinders_no_task(tmp_path: Path) -> None:
    async def work() -> None:
        folders = await made(tmp_path)
        shutil.rmtree(Path(folders.take().path).parent)
        (tmp_path / "inputs" / "1").mkdir(parents=True)
        (tmp_path / "inputs" / "1" / "left").touch()
        assert names_in(folders.take().path) == []
        shutil.rmtree(tmp_path / "inputs")
        assert names_in(folders.take().path) == []

    run(work())
