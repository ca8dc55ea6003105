import asyncio
import threading

import pytest

from scorer_container.node.cache.file_lock import awaited_file_lock, file_lock, free_file_lock

pytestmark = pytest.mark.unit


class GivenUpError(Exception):
    pass


def nothing():
    pass


def test_a_thread_that_waits_for_another_node_can_give_up(tmp_path):
    waits = []

    def give_up():
        raise GivenUpError

    with (
        file_lock(tmp_path / "lock", nothing, nothing),
        pytest.raises(GivenUpError),
        file_lock(tmp_path / "lock", lambda: waits.append("waits"), give_up),
    ):
        pass
    assert waits == ["waits"]
    with free_file_lock(tmp_path / "lock") as is_free:
        assert is_free


def test_a_thread_gets_the_lock_when_the_other_node_has_ended(tmp_path):
    is_waiting, is_got = threading.Event(), threading.Event()

    def other():
        with file_lock(tmp_path / "lock", is_waiting.set, nothing):
            is_got.set()

    thread = threading.Thread(target=other)
    with file_lock(tmp_path / "lock", nothing, nothing):
        thread.start()
        assert is_waiting.wait(20)
        assert not is_got.is_set()
    thread.join(20)
    assert is_got.is_set()


async def test_the_loop_goes_on_while_a_job_waits_for_another_node(tmp_path):
    is_waiting, is_got = asyncio.Event(), asyncio.Event()

    async def other():
        async with awaited_file_lock(tmp_path / "lock", is_waiting.set):
            is_got.set()

    with file_lock(tmp_path / "lock", nothing, nothing):
        waiting = asyncio.create_task(other())
        async with asyncio.timeout(20):
            await is_waiting.wait()
        assert not is_got.is_set()
    async with asyncio.timeout(20):
        await waiting
    assert is_got.is_set()


async def test_a_job_that_is_cancelled_does_not_wait_for_the_lock_any_more(tmp_path):
    async def other():
        async with awaited_file_lock(tmp_path / "lock", nothing):
            pass

    with file_lock(tmp_path / "lock", nothing, nothing):
        waiting = asyncio.create_task(other())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting}, timeout=20)
        assert waiting.cancelled()
    with free_file_lock(tmp_path / "lock") as is_free:
        assert is_free
