"""Azurite killed at any moment: whatever it acknowledged is there when it is started again."""

import contextlib
import random
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from azure.core.exceptions import HttpResponseError

from local.azurite.temporary import temporary_azurite
from local.errors import UnhealthyChildError
from tests.integration.local.stack.storage_users import BlobUser, Kill, QueueUser, StorageUser, TableUser

pytestmark = pytest.mark.integration

FULL_JOURNAL = 4 * 1024 * 1024
ROUNDS = 2


@contextlib.contextmanager
def azurite_of(folder: Path, users: list[StorageUser]) -> Iterator[psutil.Process]:
    """An Azurite on the data of `folder`, to which `users` are connected."""
    with temporary_azurite(folder, persistent=True) as endpoints:
        for user in users:
            user.connect(endpoints.connection_string)
        yield next(child for child in psutil.Process().children() if str(folder) in command_line(child))


def command_line(process: psutil.Process) -> str:
    """The command line of a process; empty if it has ended, as a child of another test may have."""
    return " ".join(process.as_dict(["cmdline"], ad_value=[])["cmdline"])


def kill_while(azurite: psutil.Process, users: list[StorageUser], answers: int) -> None:
    kill = Kill(answers, azurite.kill)
    with ThreadPoolExecutor(len(users)) as pool:
        for done in [pool.submit(user.work, kill.answered) for user in users]:
            done.result()


def journals(folder: Path) -> list[Path]:
    return sorted((folder / "data").glob("*.journal"))


def test_what_was_acknowledged_outlives_kills_at_random_moments(tmp_path):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    users = [BlobUser(seed), QueueUser(seed), TableUser(seed)]
    moments = random.Random(seed)
    for _ in range(ROUNDS):
        with azurite_of(tmp_path, users) as azurite:
            for user in users:
                user.check()
            kill_while(azurite, users, moments.randrange(50, 300))
        assert max(file.stat().st_size for file in journals(tmp_path)) < 2 * FULL_JOURNAL
        cut_off(journals(tmp_path)[-1])
    as_if_killed_between_a_save_and_the_end_of_its_journal(tmp_path)
    with azurite_of(tmp_path, users):
        for user in users:
            user.check()


def test_a_full_disk_refuses_changes_and_loses_nothing_that_was_acknowledged(tmp_path):
    users: list[StorageUser] = [BlobUser(1), TableUser(1)]
    with azurite_of(tmp_path, users) as azurite:
        azurite.rlimit(resource.RLIMIT_FSIZE, (SMALL_DISK, resource.RLIM_INFINITY))
        for user in users:
            work_until_refused(user)
        azurite.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for user in users:
            user.check()
        kill_while(azurite, users, 20)
    with azurite_of(tmp_path, users):
        for user in users:
            user.check()
    with disk_of(SMALL_DISK // 4), pytest.raises(UnhealthyChildError, match="EFBIG"), azurite_of(tmp_path, []):
        pass
    assert not list((tmp_path / "data").glob("*~")), "half a database takes the space that its journal needs"


SMALL_DISK = 60_000
"""Bytes that a file may have: the system refuses more, as it does when the disk is full."""


def work_until_refused(user: StorageUser) -> None:
    with pytest.raises(HttpResponseError) as refused:
        while True:
            user.change()
    assert refused.value.status_code == 500
    assert refused.value.response.headers["x-ms-error-code"] == "InternalError"


@contextlib.contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Files of processes that begin meanwhile may have this many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def cut_off(journal: Path) -> None:
    with journal.open("a") as lines:
        lines.write('{"in": "what was being written')


def as_if_killed_between_a_save_and_the_end_of_its_journal(folder: Path) -> None:
    copies = {file: file.read_bytes() for file in journals(folder)}
    with azurite_of(folder, []):
        pass  # it saves its databases and empties its journals
    for file, content in copies.items():
        file.write_bytes(content)
