import json
from pathlib import Path

import pytest

from scorer_container.agent.requests import BadRequestError, Request

pytestmark = pytest.mark.unit


def parse(root: Path, **values: object) -> Request:
    return Request.parse(json.dumps({"kind": "score", **values}).encode(), root)


def test_folders_below_the_root_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    assert parse(tmp_path, read_only=[f"{tmp_path}/a b"]).read_only == (tmp_path / "a b",)


@pytest.mark.parametrize("folder", ["/etc", "{root}/../..", "{root}/link", "{root}/a:b", "a", "{root}/none", "/", ""])
@pytest.mark.parametrize("use", ["read_only", "writable"])
def test_other_folders_are_refused(tmp_path: Path, folder: str, use: str) -> None:
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "a:b").mkdir()
    with pytest.raises(BadRequestError, match="folder"):
        parse(tmp_path, **{use: [folder.replace("{root}", str(tmp_path))]})


@pytest.mark.parametrize("image", ["--privileged", "a b", "-v/:/host", "a\nb", "x" * 600])
def test_images_that_could_be_options_are_refused(tmp_path: Path, image: str) -> None:
    with pytest.raises(BadRequestError, match="image"):
        parse(tmp_path, image=image)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "exec"},
        {"environment": {"A=B": "c"}},
        {"environment": {"": "c"}},
        {"environment": {"A": "x\0y"}},
        {"environment": {"A\0": "x"}},
        {"environment": {"A": "\ud800"}},
        {"environment": [1]},
        {"command": 5},
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, values: dict[str, object]) -> None:
    with pytest.raises(BadRequestError):
        parse(tmp_path, **values)


def test_a_variable_may_have_any_name_that_a_process_can_have(tmp_path: Path) -> None:
    assert parse(tmp_path, environment={"my setting-1.é": "x"}).environment == {"my setting-1.é": "x"}


def test_a_request_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="not understood"):
        Request.parse(b"[" * 100_000, tmp_path)


def test_a_message_that_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="not understood"):
        Request.parse(b"\xff{", tmp_path)
