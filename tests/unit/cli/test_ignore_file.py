from pathlib import Path

import pytest

from cli.deploy.local_assets import check_mlflow_kept
from cli.output.errors import InvalidInputError
from cli.uploads.local_files import check_kept, local_files

pytestmark = pytest.mark.unit


def folder_with(root: Path, files: list[str], **ignore_files: str) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for name, text in ignore_files.items():
        (root / f".{name}").write_text(text)
    return root


def sent(folder: Path) -> list[str]:
    return [file.relative_path for file in local_files(folder).files if not file.relative_path.endswith("ignore")]


@pytest.mark.parametrize("name", ["amlignore", "gitignore"])
def test_what_an_ignore_file_lists_is_left_out_and_counted(tmp_path: Path, name: str) -> None:
    folder = folder_with(tmp_path, ["score.py", "secret.env", "sub/secret.env"], **{name: "secret.env\n"})
    assert sent(folder) == ["score.py"]
    files = local_files(folder)
    assert (files.ignore_file, files.left_out) == (folder / f".{name}", ("secret.env", "sub/secret.env"))


def test_amlignore_wins_even_when_it_is_empty(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ["a", "b"], amlignore="", gitignore="a\n")
    assert sent(folder) == ["a", "b"]


def test_only_the_ignore_file_of_the_folder_itself_counts(tmp_path: Path) -> None:
    folder_with(tmp_path, ["code/a", "code/sub/b"], gitignore="*\n")
    folder_with(tmp_path / "code" / "sub", [], gitignore="b\n")
    assert sent(tmp_path / "code") == ["a", "sub/b"]


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        ("data/\n", ["a.py", "lib/data.csv"]),
        ("data/\n!data/keep.csv\n", ["a.py", "data/keep.csv", "lib/data.csv"]),
        ("/a.py\n", ["data/big.bin", "data/keep.csv", "lib/data.csv"]),
        ("**/*.csv\n", ["a.py", "data/big.bin"]),
        ("# *\n\n*.bin  \n", ["a.py", "data/keep.csv", "lib/data.csv"]),
        ("\ufeffdata\n", ["a.py", "lib/data.csv"]),
        ("data/\u2028*.py\x0c*.py\n", ["a.py", "data/big.bin", "data/keep.csv", "lib/data.csv"]),
        ("data/*\r\n!*.csv\r\n", ["a.py", "data/keep.csv", "lib/data.csv"]),
    ],
)
def test_patterns_mean_what_they_mean_to_the_official_client(tmp_path: Path, patterns: str, kept: list[str]) -> None:
    files = ["a.py", "data/big.bin", "data/keep.csv", "lib/data.csv"]
    assert sent(folder_with(tmp_path, files, amlignore=patterns)) == kept


def test_the_hash_is_of_what_is_uploaded(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ["score.py", "secret.env"], amlignore="secret.env\n")
    before = local_files(folder).content_hash()
    (folder / "secret.env").write_text("changed")
    assert local_files(folder).content_hash() == before
    (folder / "score.py").write_text("changed")
    assert local_files(folder).content_hash() != before


def test_broken_files_that_are_left_out_do_no_harm(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ["a", "old/b"], amlignore="old\nlost\nodd*\n")
    (folder / "lost").symlink_to("nowhere")
    (folder / "old" / "loop").symlink_to("..")
    (folder / "odd\x01").write_text("x")
    assert sent(folder) == ["a"]


@pytest.mark.parametrize("pattern", ["*", "/**", "a\n.gitignore", "a"])
def test_a_folder_of_which_nothing_is_left_is_refused_with_the_ignore_file(tmp_path: Path, pattern: str) -> None:
    folder = folder_with(tmp_path, ["a"], gitignore=pattern)
    with pytest.raises(InvalidInputError, match=r"every file of the folder .* is left out by .*\.gitignore"):
        local_files(folder)


@pytest.mark.parametrize("pattern", ["!", "a\\", "[z-a]"])
def test_a_line_that_is_not_a_pattern_is_refused_with_its_number(tmp_path: Path, pattern: str) -> None:
    folder = folder_with(tmp_path, ["a"], amlignore=f"b\n{pattern}\n")
    with pytest.raises(InvalidInputError, match=r"\.amlignore, line 2: .* is not a pattern"):
        local_files(folder)


def test_an_ignore_file_in_another_encoding_is_refused_by_name(tmp_path: Path) -> None:
    (folder_with(tmp_path, ["a"]) / ".amlignore").write_bytes("secret\n".encode("utf-16"))
    with pytest.raises(InvalidInputError, match=r"\.amlignore is not UTF-8 text"):
        local_files(tmp_path)


def test_a_script_that_is_left_out_is_refused_with_the_ignore_file(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ["score.py"], gitignore="*.py\n")
    with pytest.raises(InvalidInputError, match=r"the scoring script 'score.py' is left out by .*\.gitignore"):
        check_kept(folder, "score.py", "the scoring script")


@pytest.mark.parametrize(
    ("pattern", "named"),
    [("MLmodel", "MLmodel"), ("*.pkl", "model.pkl"), ("extra", "extra/"), ("c*.yaml", "conda.yaml")],
)
def test_a_file_that_an_mlflow_model_needs_is_not_left_out(tmp_path: Path, pattern: str, named: str) -> None:
    folder = folder_with(tmp_path, ["model.pkl", "conda.yaml", "extra/code.py", "notes.txt"], amlignore="notes.txt\n")
    flavor = "{model_path: model.pkl, code: extra, env: {conda: conda.yaml}, x: ../outside, y: /etc/passwd}"
    (folder / "MLmodel").write_text(f"flavors: {{python_function: {flavor}}}\n")
    check_mlflow_kept(folder)
    (folder / ".amlignore").write_text(f"{pattern}\n")
    with pytest.raises(InvalidInputError, match=f"{named!r} is left out by"):
        check_mlflow_kept(folder)
