"""What the watcher has told of, over thousands of watched folders."""

from pathlib import Path

import pytest

from local.blob_events.watcher import Memory

pytestmark = pytest.mark.unit

PLACE = "http://storage/account/container"


def test_only_what_is_in_a_watched_folder_is_kept_however_many_there_are(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "seen.db")
    memory.remember(PLACE, [("in1/a", "1"), ("in1%/b", "2"), ("out/c", "3")])
    memory.remember("elsewhere", [("in1/a", "4")])
    memory.keep_only([(PLACE, f"in{number}/") for number in range(5_000)])
    assert memory.seen(PLACE, "") == {"in1/a": "1"}
    assert memory.seen("elsewhere", "") == {}
    memory.keep_only([])
    assert memory.seen(PLACE, "") == {}
    memory.close()
