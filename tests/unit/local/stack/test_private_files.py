import stat

import pytest

from local.errors import StackStateError
from local.private_files import read_json, write_private_json

pytestmark = pytest.mark.unit


def test_only_the_owner_can_read_what_was_written(tmp_path):
    file = tmp_path / "deeper" / "secret.json"
    write_private_json(file, {"key": "value"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_json(file) == {"key": "value"}


def test_a_failed_write_keeps_the_old_content_and_leaves_nothing_else(tmp_path):
    file = tmp_path / "state.json"
    write_private_json(file, {"version": 1})
    with pytest.raises(TypeError):
        write_private_json(file, {"version": object()})
    assert read_json(file) == {"version": 1}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("damaged", ["", '{"cut', "[]", "null"])
def test_a_damaged_file_is_named(tmp_path, damaged):
    file = tmp_path / "state.json"
    file.write_text(damaged)
    with pytest.raises(StackStateError, match=str(file)):
        read_json(file)


def test_a_missing_file_is_none(tmp_path):
    assert read_json(tmp_path / "state.json") is None
