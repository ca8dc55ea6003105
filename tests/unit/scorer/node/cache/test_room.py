import os
import queue
import subprocess
import sys
import threading

import pytest

from scorer_container.node.cache.file_lock import file_lock
from scorer_container.node.cache.room import FoldersInUse, make_room, use_file

pytestmark = pytest.mark.unit

KB = 1024

HOLD = """
import sys
from pathlib import Path
from scorer_container.node.cache.room import FoldersInUse

FoldersInUse().hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def put(tmp_path):
    """Puts a folder of 100 kB into the cache that was used at second `when`."""

    def put(path, when):
        folder = tmp_path / path
        in_use = FoldersInUse()
        in_use.hold(folder)
        in_use.release()
        folder.mkdir()
        (folder / "file").write_bytes(bytes(100 * KB))
        os.utime(use_file(folder), (when, when))
        return folder

    return put


def nothing():
    pass


def folders(cache):
    return {path.name for kind in cache.iterdir() if kind.is_dir() for path in kind.iterdir() if path.is_dir()}


def test_what_was_used_least_lately_goes_first(tmp_path, put):
    for path, when in (("models/m2", 2), ("models/m4", 4), ("environments/python3.11-e1", 1), ("code/c3", 3)):
        put(path, when)
    make_room(tmp_path, 250 * KB, print)
    assert folders(tmp_path) == {"c3", "m4"}
    make_room(tmp_path, 1, print)
    assert folders(tmp_path) == set()


def test_what_another_node_uses_stays_until_it_ends(tmp_path, put):
    folder = put("models/m1", 1)
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout.readline() == "held\n"
        put("models/m0", 0)
        make_room(tmp_path, 1, print)
        assert folders(tmp_path) == {"m1"}
        node.kill()
    make_room(tmp_path, 1, print)
    assert folders(tmp_path) == set()


def test_while_another_node_makes_room_one_waits_for_its_turn(tmp_path, put):
    said = queue.Queue()
    with file_lock(tmp_path / "room.lock", nothing, nothing):
        room = threading.Thread(target=make_room, args=(tmp_path, 1, said.put))
        room.start()
        assert said.get(timeout=60) == "another node tidies up the cache"
        put("models/m1", 1)
    room.join()
    assert folders(tmp_path) == set()


def test_what_a_killed_node_left_goes_with_its_folder(tmp_path, put):
    put("environments/e", 1)
    put("environments/e-in-an-image", 2)
    for leftover in ("environments/e.building-x1", "models/m.removed"):
        (tmp_path / leftover).mkdir(parents=True)
        (tmp_path / leftover / "file").write_bytes(bytes(100 * KB))
    make_room(tmp_path, 250 * KB, print)
    assert folders(tmp_path) == {"e-in-an-image"}


def test_a_cache_has_its_share_of_the_disk_when_nothing_is_said(tmp_path, put, monkeypatch):
    put("models/m1", 1)
    put("models/m2", 2)
    disk = type("Disk", (), {"total": 3000 * KB, "free": 200 * KB})
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    make_room(tmp_path, None, print)
    assert folders(tmp_path) == {"m2"}


class GivenUpError(Exception):
    pass


def give_up():
    raise GivenUpError


def test_it_can_be_ended_at_any_time(tmp_path, put):
    put("models/m1", 1)
    with pytest.raises(GivenUpError):
        make_room(tmp_path, 1, print, give_up)
    with file_lock(tmp_path / "room.lock", nothing, nothing), pytest.raises(GivenUpError):
        make_room(tmp_path, 1, print, give_up)
    assert folders(tmp_path) == {"m1"}
