import os
import re
import shutil
from pathlib import Path

import pytest

from cli.output.errors import InvalidInputError, NotFoundError
from cli.uploads.container import safe_path, whole_file
from cli.uploads.local_files import local_files

pytestmark = pytest.mark.unit


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_hash_is_of_names_and_contents_alone(tmp_path: Path) -> None:
    one = write(tmp_path / "one", a="1", sub__b="2")
    two = write(tmp_path / "two", sub__b="2", a="1")
    assert local_files(one).content_hash() == local_files(two).content_hash()
    other_content = write(tmp_path / "three", a="1", sub__b="3")
    other_name = write(tmp_path / "four", a="1", sub__c="2")
    moved_border = write(tmp_path / "five", a="12", sub__b="")
    hashes = {local_files(folder).content_hash() for folder in (one, other_content, other_name, moved_border)}
    assert len(hashes) == 4


def test_what_tools_leave_behind_is_not_content(tmp_path: Path) -> None:
    folder = write(tmp_path / "code", **{"score.py": "x"})
    before = local_files(folder).content_hash()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "score.cpython-311.pyc").write_text("y")
    assert local_files(folder).content_hash() == before
    assert [file.relative_path for file in local_files(folder).files] == ["score.py"]


def test_a_single_file_is_its_own_name(tmp_path: Path) -> None:
    files = local_files(write(tmp_path, **{"rows.csv": "a\n"}) / "rows.csv")
    assert (files.name, files.is_folder, [file.relative_path for file in files.files]) == (
        "rows.csv",
        False,
        ["rows.csv"],
    )


def test_a_link_to_a_file_or_folder_has_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, **{"january.csv": "a\n", "v3__a": "1"})
    for link, target in (("latest.csv", "january.csv"), ("latest", "v3")):
        (tmp_path / link).symlink_to(target)
        assert local_files(tmp_path / link).name == link
    assert [file.relative_path for file in local_files(tmp_path / "latest.csv").files] == ["latest.csv"]


def test_a_pipe_given_as_the_path_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInputError, match="pipe is neither a file nor a folder"):
        local_files(tmp_path / "pipe")


def test_a_folder_given_as_dot_has_its_real_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "mymodel", MLmodel="x"))
    assert local_files(Path()).name == "mymodel"


def test_nothing_to_upload_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="has no files"):
        local_files(tmp_path / "empty")
    with pytest.raises(NotFoundError, match="does not exist"):
        local_files(tmp_path / "missing")


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/passwd", "", "a//b", "a/./b", "a\0b", "a/"])
def test_a_blob_cannot_leave_the_download_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="does not name a file below"):
        safe_path(tmp_path, name)


def test_a_download_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, rows="old") / "rows"
    with pytest.raises(OSError, match="gone"), whole_file(path) as stream:
        stream.write(b"half")
        raise OSError("gone")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("rows", "old")]


def test_a_download_replaces_a_link_and_not_the_file_behind_it(tmp_path: Path) -> None:
    precious = write(tmp_path, precious="old") / "precious"
    link = tmp_path / "new" / "rows"
    link.parent.mkdir()
    link.symlink_to(precious)
    with whole_file(link) as stream:
        stream.write(b"new")
    assert (link.read_text(), link.is_symlink(), precious.read_text()) == ("new", False, "old")


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    (tmp_path / "broken").symlink_to("missing")
    with pytest.raises(InvalidInputError, match="broken is a link to nothing"):
        local_files(tmp_path)


@pytest.mark.parametrize("target", [".", "..", "../..", "/"])
def test_a_link_back_up_is_not_followed_without_end(tmp_path: Path, target: str) -> None:
    write(tmp_path / "data", sub__a="1")
    (tmp_path / "data" / "sub" / "loop").symlink_to(target)
    with pytest.raises(InvalidInputError, match="loop is a link to a folder that contains it"):
        local_files(tmp_path / "data")


def test_a_link_to_a_neighbouring_folder_is_followed(tmp_path: Path) -> None:
    write(tmp_path, data__a="1", beside__b="2")
    (tmp_path / "data" / "linked").symlink_to("../beside")
    (tmp_path / "link").symlink_to("data")
    assert [file.relative_path for file in local_files(tmp_path / "link").files] == ["a", "linked/b"]


def test_a_pipe_in_the_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInputError, match="pipe is neither a file nor a folder"):
        local_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"a\x01b", "control character U\\+0001"),
        (b"a\nb", "control character U\\+000A"),
        (b"a\xff", "not UTF-8"),
        ("a\uffff".encode(), "XML cannot hold"),
        (b"a\\b", "backslash"),
        (b"a.", "ends with a dot"),
    ],
)
def test_a_file_whose_name_cannot_be_a_blobs_is_refused_by_name(tmp_path: Path, name: bytes, reason: str) -> None:
    path = tmp_path / os.fsdecode(name)
    write(tmp_path, fine="1")
    path.write_text("x")
    for root in (tmp_path, path):
        with pytest.raises(
            InvalidInputError, match=f"{re.escape(repr(str(path)))} cannot be uploaded: .*{reason}"
        ) as refused:
            local_files(root)
        refused.value.as_line().encode()


def test_a_path_that_storage_could_not_take_is_refused(tmp_path: Path) -> None:
    long = tmp_path.joinpath("data", *["x" * 200] * 5)
    write(long, a="1")
    with pytest.raises(InvalidInputError, match="storage allows 1,024"):
        local_files(tmp_path / "data")
    deep = tmp_path.joinpath("deep", *["x"] * 252)
    write(deep, a="1")
    try:
        with pytest.raises(InvalidInputError, match="storage allows 254"):
            local_files(tmp_path / "deep")
    finally:
        shutil.rmtree(tmp_path / "deep")  # pytest may fail to remove so many levels
