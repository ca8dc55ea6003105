"""Inputs keep their names on the node's disk, or are refused by name."""

import asyncio
import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from scorer_container.node.storage.errors import StorageUnavailableError
from scorer_container.node.tasks.fetch import PARALLEL_FETCHES, InputFetcher
from scorer_container.node.tasks.mini_batches import LocalFile, MiniBatch
from shared.contracts.job_spec import Location
from tests.unit.scorer.node.stored import MemoryBlobs, MemorySources
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

PLACE = Location(kind="blob_folder", account_url="http://host", container="c", path="in")


class Names(dict[str, bytes]):
    """Each blob holds its own name."""

    def __contains__(self, name: object) -> bool:
        return name not in {"gone", "gone too"}

    def __getitem__(self, name: str) -> bytes:
        return name.encode()


class Fetching:
    """A fetcher that fetches until the block ends."""

    def __init__(self, folder: Path) -> None:
        self.sources = MemorySources(MemoryBlobs())
        self.sources.files = Names()
        self.fetcher = InputFetcher(self.sources, PLACE, folder / "inputs")

    async def __aenter__(self) -> "Fetching":
        await self.fetcher.empty()
        self._activities = [asyncio.ensure_future(self.fetcher.run()) for _ in range(PARALLEL_FETCHES)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for activity in self._activities:
            activity.cancel()
        await asyncio.wait(self._activities)


def fetched(folder: Path, names: Sequence[str]) -> dict[str, LocalFile]:
    """One file after the other, so that the order is known."""

    async def work() -> dict[str, LocalFile]:
        files: dict[str, LocalFile] = {}
        async with Fetching(folder) as fetching:
            place = fetching.fetcher.open_task()
            for number, name in enumerate(names):
                (files[name],) = await fetching.fetcher.fetch(MiniBatch(number, [name]), place).wait()
        return files

    return run(work())


def names_in(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_files_come_in_the_order_of_their_mini_batch_and_a_few_at_a_time(tmp_path: Path) -> None:
    async def work() -> None:
        async with Fetching(tmp_path) as fetching:
            slow = asyncio.Event()
            fetching.sources.fail["f00"] = [slow]
            names = [f"f{number:02}" for number in range(20)]
            batch = fetching.fetcher.fetch(MiniBatch(3, names), fetching.fetcher.open_task())
            await asyncio.sleep(1)
            assert fetching.sources.fetched == names[1:]
            slow.set()
            assert [file.name for file in await batch.wait()] == names

    run(work())


def test_a_file_that_cannot_be_fetched_fails_alone(tmp_path: Path) -> None:
    async def work() -> None:
        async with Fetching(tmp_path) as fetching:
            fetching.sources.fail["bad"] = [StorageUnavailableError("no answer")]
            batch = fetching.fetcher.fetch(MiniBatch(0, ["gone", "good", "bad"]), fetching.fetcher.open_task())
            files = await batch.wait()
            assert [str(file.problem) for file in files] == ["gone does not exist", "None", "no answer"]

    run(work())


def test_a_disk_that_is_full_for_a_while_costs_no_file(tmp_path: Path) -> None:
    async def work() -> None:
        async with Fetching(tmp_path) as fetching:
            fetching.sources.fail["a"] = [OSError(errno.ENOSPC, "No space left on device")] * 12
            (file,) = await fetching.fetcher.fetch(MiniBatch(0, ["a"]), fetching.fetcher.open_task()).wait()
            assert (file.problem, fetching.sources.fetched) == (None, ["a"])

    run(work())


def test_a_disk_that_stays_full_is_the_fault_of_the_node(tmp_path: Path) -> None:
    async def work() -> None:
        fetching = Fetching(tmp_path)
        await fetching.fetcher.empty()
        fetching.sources.fail["a"] = [OSError(errno.ENOSPC, "No space left on device")] * 100
        fetching.fetcher.fetch(MiniBatch(0, ["a"]), fetching.fetcher.open_task())
        with pytest.raises(OSError, match="No space left"):
            await fetching.fetcher.run()

    run(work())


def test_a_mini_batch_without_files_is_there_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        fetcher = Fetching(tmp_path).fetcher
        await fetcher.empty()
        assert await fetcher.fetch(MiniBatch(0, []), "").wait() == []

    run(work())


def test_nothing_is_left_of_a_mini_batch_that_is_done(tmp_path: Path) -> None:
    async def work() -> None:
        async with Fetching(tmp_path) as fetching:
            folder = fetching.fetcher.open_task()
            batch = fetching.fetcher.fetch(MiniBatch(0, ["a", "b", "gone"]), folder)
            await batch.wait()
            assert names_in(folder.path) == ["a", "b"], "and no part of what could not be fetched"
            await batch.discard()
            assert names_in(folder.path) == []

    run(work())


def test_the_folder_of_inputs_is_emptied(tmp_path: Path) -> None:
    async def work() -> None:
        (tmp_path / "inputs" / "old").mkdir(parents=True)
        await Fetching(tmp_path).fetcher.empty()
        assert list((tmp_path / "inputs").iterdir()) == []

    run(work())


@pytest.mark.parametrize(
    "name",
    [
        "x" * 201 + ".csv",
        "x" * 255,
        "ü" * 127 + "x",
        "😀" * 63 + "abc",
        "日" * 85,
        "e\u0301.txt",
        "two\nlines",
        "CON",
        "a\\b.txt",
        " . ",
        "...",
        "-rf *",
        f"{'d' * 255}/{'e' * 255}/f",
    ],
    ids=lambda name: f"{name[:12]!a}-{len(os.fsencode(name))}",
)
def test_a_file_keeps_its_path(tmp_path: Path, name: str) -> None:
    file = fetched(tmp_path, [name])[name]
    assert file.path.endswith(f"/inputs/0/{name}")
    assert Path(file.path).read_bytes() == name.encode()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "x" * 256,
            "a part of its path has 256 bytes, 'xxxxxxxxxxxxxxxxxxxx' … 'xxxxxxxxxxxxxxxxxxxx'; the name",
        ),
        ("ü" * 128, "a part of its path has 256 bytes"),
        (f"{'d' * 300}/f", "a part of its path has 300 bytes"),
        ("a/../b", "its path has the part '..', which leads elsewhere"),
        ("./a", "its path has the part '.', which leads elsewhere"),
        ("../../a", "its path has the part '..', which leads elsewhere"),
        ("a\0b", "its path has a NUL character"),
        ("a/", "its path ends with '/', as only that of a folder does"),
        ("/".join(["d" * 200] * 25), "File name too long"),
    ],
    ids=lambda text: f"{text[:12]!a}",
)
def test_a_name_that_no_file_can_have_fails_that_file_with_the_reason(tmp_path: Path, name: str, problem: str) -> None:
    files = fetched(tmp_path, [name, "good"])
    assert problem in str(files[name].problem)
    assert files["good"].problem is None


@pytest.mark.parametrize(
    "names",
    [
        ["a", "a/b", "a/b/c"],
        ["a/b/c", "a/b", "a"],
        ["A.txt", "a.txt"],
        ["\u00e9", "e\u0301"],
        ["a/b", "a//b", "/a/b"],
        ["a/b", "a", ".1-0/a", ".1-1/a"],
        [".1-0/a", "a/b", "a"],
        ["x" * 254 + "1", "x" * 254 + "2"],
    ],
    ids=lambda names: f"{','.join(names)[:20]!a}",
)
def test_files_that_want_the_same_place_are_all_there_under_their_own_names(tmp_path: Path, names: list[str]) -> None:
    files = fetched(tmp_path, names)
    assert [file.problem for file in files.values()] == [None] * len(names)
    assert {name: Path(file.path).read_text() for name, file in files.items()} == {name: name for name in names}
    for name, file in files.items():
        assert file.path.endswith("/" + "/".join(filter(None, name.split("/"))))
