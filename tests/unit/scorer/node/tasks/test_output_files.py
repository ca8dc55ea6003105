"""What a script leaves in its output folder: all of it is uploaded, or the job fails with what cannot be."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from scorer_container.node.cache.folders import remove
from scorer_container.node.reporting.failure import FatalProblemError
from scorer_container.node.storage.blobs import MAX_PUT_BYTES
from scorer_container.node.storage.errors import StorageRefusedError
from scorer_container.node.tasks.output_files import OutputFiles
from shared.contracts.job_spec import Location, OutputSpec
from tests.unit.scorer.node.cache.test_folders import nest
from tests.unit.scorer.node.file_modes import file_modes_apply
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

PLACE = Location(kind="blob_folder", account_url="http://host", container="c", path="out")


class Blobs:
    """What was uploaded, in memory. As storage does, a body that is read twice must be the same each time."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.puts = 0
        self.meanwhile: Callable[[], object] = lambda: None
        """Called between the two readings."""

    async def put(self, _container: str, name: str, body: BinaryIO, **_: object) -> None:
        self.puts += 1
        announced = body.read()
        self.meanwhile()
        body.seek(0)
        if (sent := body.read()) != announced:
            raise StorageRefusedError("HTTP 400 Md5Mismatch", status=400, storage_code="Md5Mismatch")
        self.kept[name.removeprefix("out/")] = sent


class Output:
    """A script's output folder, and its uploads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "output"
        self.folder.mkdir()
        self.blobs = Blobs()
        self.log: list[str] = []
        blobs: Any = self.blobs
        output = OutputSpec(folder=PLACE, file_name="predictions.csv")
        self.files = OutputFiles(self.folder, blobs, output, "0123abcd-0000-0000-0000-000000000001", self.log.append)

    def upload(self) -> None:
        run(self.files.upload())

    def write(self, path: str, content: str = "x") -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def failure(self) -> str:
        with pytest.raises(FatalProblemError) as caught:
            self.upload()
        assert caught.value.failure.step == "output"
        return caught.value.failure.message


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("of the node")
    output = Output(tmp_path)
    yield output
    remove(output.folder)  # pytest has trouble with the deep ones


def test_files_of_all_folders_are_uploaded_once_and_again_when_they_have_changed(output: Output) -> None:
    output.write("a.txt", "one")
    file = output.write("deep/er/ü b.txt", "two")
    output.upload()
    output.upload()
    assert output.blobs.kept == {"a.txt": b"one", "deep/er/ü b.txt": b"two"}
    assert output.blobs.puts == 2
    file.write_text("two and more")
    output.upload()
    assert output.blobs.kept["deep/er/ü b.txt"] == b"two and more"


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a socket"])
def test_what_is_no_file_is_passed_over_and_the_log_says_so_once(output: Output, kind: str) -> None:
    odd = output.folder / "part" / "odd"
    output.write("part/kept")
    if kind == "a link":
        odd.symlink_to(output.folder.parent / "secret" / "file")
    elif kind == "a pipe":
        os.mkfifo(odd)
    else:
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(os.path.relpath(odd))  # a socket's name may be 107 bytes long
        bound.close()
    output.upload()
    output.upload()
    assert list(output.blobs.kept) == ["part/kept"]
    assert output.log == [f"AZUREML_BI_OUTPUT_PATH: 'part/odd' is {kind} and is not uploaded"]


def test_a_linked_folder_is_not_followed(output: Output) -> None:
    (output.folder / "part").symlink_to(output.folder.parent / "secret")
    output.upload()
    assert not output.blobs.kept


def test_a_folder_that_becomes_a_link_while_it_is_read_leads_nowhere(output: Output) -> None:
    output.write("part/file", "of the script")
    folder = output.files._folder
    (found,) = folder.files(lambda *_: None)
    (output.folder / "part").rename(output.folder / "before")
    (output.folder / "part").symlink_to(output.folder.parent / "secret")
    with pytest.raises(FileNotFoundError):
        folder.open(found.path)


def test_an_output_folder_that_was_replaced_by_a_link_fails_the_job(output: Output) -> None:
    output.folder.rmdir()
    output.folder.symlink_to(output.folder.parent / "secret")
    assert "the folder itself was replaced by a link" in output.failure()
    assert not output.blobs.kept


def test_an_output_folder_that_the_script_has_removed_holds_nothing(output: Output) -> None:
    output.folder.rmdir()
    output.upload()
    assert not output.blobs.kept


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"a\xff.txt", r"'a\udcff.txt' cannot be uploaded: its path in the output has a byte that is not UTF-8"),
        (b"a\x01.txt", r"'a\x01.txt' cannot be uploaded: its path in the output has the control character U+0001"),
        (b"two\nlines", "has the control character U+000A"),
        (b"a\\b", "has a backslash"),
        (b"dot.", "has a part that ends with a dot: 'dot.'"),
    ],
)
def test_a_name_that_no_blob_can_have_fails_the_job_with_the_reason(output: Output, name: bytes, reason: str) -> None:
    (output.folder / os.fsdecode(name)).touch()
    assert reason in output.failure()


def test_folders_that_are_nested_too_deeply_fail_the_job_with_the_reason(output: Output) -> None:
    nest(output.folder / "d", 260)
    assert "has 255 parts between '/'; storage allows 254" in output.failure()


@pytest.mark.parametrize("path", ["part/file", "part"])
def test_what_may_not_be_read_fails_the_job_with_the_reason(output: Output, path: str) -> None:
    output.write("part/file")
    (output.folder / path).chmod(0)
    with file_modes_apply():
        assert f"'{path}' may not be read" in output.failure()


def test_a_file_too_large_for_a_blob_is_refused_before_it_is_read(output: Output) -> None:
    with output.write("huge").open("wb") as file:
        file.truncate(MAX_PUT_BYTES + 1)
    assert "'huge' has 4,194,304,001 bytes; a file may have 4,194,304,000" in output.failure()


def test_a_name_of_the_jobs_own_fails_the_job(output: Output) -> None:
    output.write("errors.jsonl")
    assert "errors.jsonl to AZUREML_BI_OUTPUT_PATH, which is the job's own file" in output.failure()


def test_what_is_appended_during_an_upload_is_left_for_the_next(output: Output) -> None:
    file = output.write("log", "one")

    def append() -> None:
        with file.open("a") as opened:
            opened.write("+")

    output.blobs.meanwhile = append
    output.upload()
    assert output.blobs.kept["log"] == b"one"
    output.blobs.meanwhile = lambda: None
    output.upload()
    assert output.blobs.kept["log"] == b"one+"


@pytest.mark.parametrize("change", ["other", ""], ids=["written anew", "cut"])
def test_a_file_that_keeps_changing_is_left_for_the_next_upload(output: Output, change: str) -> None:
    file = output.write("state", "first")

    def rewrite() -> None:
        file.write_text("first" if file.read_text() == change else change)

    output.blobs.meanwhile = rewrite
    output.upload()
    assert output.log == ["AZUREML_BI_OUTPUT_PATH: 'state' changes while it is uploaded; it is left for the next time"]
    output.blobs.meanwhile = lambda: None
    file.write_text("last")
    output.upload()
    assert output.blobs.kept["state"] == b"last"


def test_a_file_that_is_removed_while_it_is_listed_is_none(output: Output) -> None:
    first, second = output.write("1"), output.write("2")
    output.blobs.meanwhile = lambda: [file.unlink(missing_ok=True) for file in (first, second)]
    output.upload()
    assert len(output.blobs.kept) == 1
