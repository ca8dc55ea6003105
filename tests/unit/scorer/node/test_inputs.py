"""Inputs keep their names on the node's disk, or are refused by name."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from scorer_container.node.inputs import InputFetcher, LocalFile, MiniBatch
from shared.contracts.job_spec import Location

pytestmark = pytest.mark.unit

PLACE = Location(kind="blob_folder", account_url="http://host", container="c", path="in")


class Sources:
    """Each blob holds its own name."""

    def fetch(self, _location: Location, name: str, into: BinaryIO) -> None:
        into.write(name.encode())


@pytest.fixture
def fetcher(tmp_path: Path) -> Iterator[InputFetcher]:
    sources: Any = Sources()
    fetcher = InputFetcher(sources, PLACE, tmp_path / "inputs")
    yield fetcher
    fetcher.close()


def fetched(fetcher: InputFetcher, names: Sequence[str]) -> dict[str, LocalFile]:
    """One file after the other, so that the order is known."""
    folder = fetcher.open_task(0, 1)
    files: dict[str, LocalFile] = {}
    for number, name in enumerate(names):
        (files[name],) = fetcher.begin(MiniBatch(number, [name]), folder).wait()
    return files


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
def test_a_file_keeps_its_path(fetcher: InputFetcher, name: str) -> None:
    file = fetched(fetcher, [name])[name]
    assert file.path.endswith(f"/inputs/0-1/{name}")
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
def test_a_name_that_no_file_can_have_fails_that_file_with_the_reason(
    fetcher: InputFetcher, name: str, problem: str
) -> None:
    files = fetched(fetcher, [name, "good"])
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
def test_files_that_want_the_same_place_are_all_there_under_their_own_names(
    fetcher: InputFetcher, names: list[str]
) -> None:
    files = fetched(fetcher, names)
    assert [file.problem for file in files.values()] == [None] * len(names)
    assert {name: Path(file.path).read_text() for name, file in files.items()} == {name: name for name in names}
    for name, file in files.items():
        assert file.path.endswith("/" + "/".join(filter(None, name.split("/"))))
