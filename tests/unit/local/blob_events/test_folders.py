"""What the events of new blobs are made from: folders, and what was told of already."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.blob_events.folders import outermost
from local.blob_events.watcher import Memory
from shared.contracts.automation import Watched
from shared.contracts.job_spec import Location

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)
HOUR = timedelta(hours=1)


def watched(path: str, since: datetime = NOON, container: str = "data") -> Watched:
    folder = Location(kind="blob_folder", account_url="http://store", container=container, path=path)
    return Watched(account="store", folder=folder, since=since)


def test_folders_below_others_are_listed_with_those() -> None:
    found = outermost([watched("in/deep"), watched("in"), watched("in-old"), watched("in", container="other")])
    assert [(one.place, one.prefix) for one in found] == [
        ("http://store/data", "in/"),
        ("http://store/other", "in/"),
        ("http://store/data", "in-old/"),
    ]
    (whole,) = outermost([watched("in"), watched("")])
    assert whole.prefix == ""


def test_a_blob_counts_when_it_came_after_a_trigger_that_watches_it() -> None:
    (folder,) = outermost([watched("in", NOON), watched("in/late", NOON - HOUR)])
    assert folder.counts("in/a.csv", NOON.replace(microsecond=0))
    assert not folder.counts("in/a.csv", NOON - HOUR)
    assert folder.counts("in/late/a.csv", NOON - HOUR)


def test_what_was_told_of_is_remembered_until_it_is_gone_or_watched_no_more(tmp_path: Path) -> None:
    Memory(tmp_path / "folder/seen.db").remember("p", [("in/a", "1"), ("in/b", "1"), ("in-old/c", "1"), ("in_/d", "1")])
    memory = Memory(tmp_path / "folder/seen.db")
    memory.remember("p", [("in/a", "2")], gone=["in/b"])
    assert memory.seen("p", "in/") == {"in/a": "2"}
    assert memory.seen("q", "in/") == {}
    memory.keep_only([("p", "in-old/"), ("q", "")])
    assert memory.seen("p", "") == {"in-old/c": "1"}
    memory.keep_only([])
    assert memory.seen("p", "") == {}
