import asyncio
from pathlib import Path
from typing import Any

import pytest

from scorer_container.node.cache.downloads import FolderCache
from scorer_container.node.cache.file_lock import file_lock
from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.storage.sources import SourceError
from shared.contracts.job_spec import Location
from tests.unit.scorer.node.cache.loaded_sources import LoadedSources

pytestmark = pytest.mark.unit

MODEL = Location(kind="blob_folder", account_url="http://host", container="c", path="models/taxi")
FILES = {f"part/{number}": b"%d" % number for number in range(20)}


class Machine:
    """The cache of a machine, and what one of its nodes logs."""

    def __init__(self, root: Path, files: dict[str, bytes]) -> None:
        self.root = root
        self.sources = LoadedSources(files)
        self.folders = FoldersInUse()
        self.log: list[str] = []

    async def fetched(self, location: Location = MODEL) -> Path:
        sources: Any = self.sources
        return await FolderCache(self.root, sources, self.folders, self.log.append).fetched(location)


def files_below(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


async def test_a_model_is_fetched_once_and_keeps_its_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path, FILES)
    folder = await machine.fetched()
    assert files_below(folder / "taxi") == FILES
    assert await machine.fetched() == folder
    assert sorted(machine.sources.fetched) == sorted(FILES)
    assert machine.log == ["fetching taxi (20 files)"]
    assert machine.folders.has_new
    assert machine.sources.most_at_once == 4


async def test_another_version_of_a_file_is_another_folder(tmp_path: Path) -> None:
    one, two = Machine(tmp_path, {"a": b"1"}), Machine(tmp_path, {"b": b"1"})
    assert await one.fetched() != await two.fetched()


async def test_a_failed_download_ends_the_others_and_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    machine = Machine(tmp_path, FILES)
    machine.sources.failing["part/1"] = OSError("gone")
    machine.sources.is_held = True
    async with asyncio.timeout(20):
        with pytest.raises(OSError, match="gone"):
            await machine.fetched()
    assert not machine.folders.has_new
    machine.sources.failing, machine.sources.is_held = {}, False
    assert files_below(await machine.fetched() / "taxi") == FILES


async def test_a_cancelled_download_frees_the_lock_for_the_next_job(tmp_path: Path) -> None:
    machine = Machine(tmp_path, FILES)
    machine.sources.is_held = True
    job = asyncio.create_task(machine.fetched())
    async with asyncio.timeout(20):
        while not machine.log:  # noqa: ASYNC110 (a state of the class under test)
            await asyncio.sleep(0.001)
        job.cancel()
        await asyncio.wait({job})
    assert job.cancelled()
    machine.sources.is_held = False
    async with asyncio.timeout(20):
        assert files_below(await machine.fetched() / "taxi") == FILES


async def test_a_node_waits_for_the_download_of_another_and_uses_it(tmp_path: Path) -> None:
    before, machine = Machine(tmp_path / "before", FILES), Machine(tmp_path / "models", FILES)
    folder = tmp_path / "models" / (await before.fetched()).name
    folder.parent.mkdir()
    with file_lock(folder.with_name(folder.name + ".lock"), lambda: None, lambda: None):
        job = asyncio.create_task(machine.fetched())
        async with asyncio.timeout(20):
            while not machine.log:  # noqa: ASYNC110 (a state of the class under test)
                await asyncio.sleep(0.001)
        folder.mkdir()
    assert await job == folder
    assert (machine.log, machine.sources.fetched) == (["another node fetches taxi"], [])


async def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="leads out of its folder"):
        await Machine(tmp_path / "models", {"../../out": b"x"}).fetched()
    assert files_below(tmp_path).keys().isdisjoint({"out", "models/out"})


async def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no file at http://host/c/models/taxi"):
        await Machine(tmp_path, {}).fetched()


async def test_one_file_of_any_address_lies_under_its_own_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"": b"x"})
    folder = await machine.fetched(Location(kind="url", url="https://example.org/models/m.pkl?sig=1"))
    assert files_below(folder) == {"m.pkl": b"x"}
