import asyncio
import os
from collections.abc import Iterator

import pytest

from scorer_container.node.processes.output import OutputCopy

pytestmark = pytest.mark.unit


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A descriptor that belongs to the copy, and the end that a process writes to."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)


class Log:
    """Takes what is copied. It may be full."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.room: asyncio.Future[None] | None = None

    def write(self, data: bytes) -> "asyncio.Future[None] | None":
        self.data += data
        return self.room


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_a_process_prints_is_copied_until_the_end() -> None:
    reading, writing = os.pipe()
    log, ended = Log(), asyncio.Event()
    copy = OutputCopy(reading, ended.set)
    os.write(writing, b"before ")
    await turns()
    copy.redirect(log.write)
    os.write(writing, b"after")
    os.close(writing)
    await ended.wait()
    assert (bytes(log.data), copy.is_done) == (b"before after", True)


async def test_between_two_jobs_nothing_is_kept(pipe) -> None:
    first, second = Log(), Log()
    copy = OutputCopy(pipe[0], lambda: None)
    for log, text in ((first, b"one"), (None, b"between"), (second, b"two")):
        copy.redirect(log and log.write)
        os.write(pipe[1], text)
        await turns()
    assert (first.data, second.data) == (b"one", b"two")
    copy.close()


async def test_a_full_log_stops_the_process_and_not_the_node(pipe) -> None:
    log = Log()
    room = log.room = asyncio.get_running_loop().create_future()
    copy = OutputCopy(pipe[0], lambda: None)
    copy.redirect(log.write)
    for text in (b"one", b"two"):
        os.write(pipe[1], text)
        await turns()
    assert log.data == b"one"
    log.room = None
    room.set_result(None)
    await turns()
    assert log.data == b"onetwo"
    copy.close()


async def test_the_last_output_is_copied_although_the_log_is_full(pipe) -> None:
    log, ends = Log(), []
    room = log.room = asyncio.get_running_loop().create_future()
    copy = OutputCopy(pipe[0], lambda: ends.append("end"))
    copy.redirect(log.write)
    for text in (b"one", b"two"):
        os.write(pipe[1], text)
        await turns()
    copy.close()
    copy.close()
    room.set_result(None)
    await turns()
    assert (log.data, ends) == (b"onetwo", ["end"])


async def test_a_log_that_stays_full_hinders_no_later_job(pipe) -> None:
    """The log of a job that has ended is written no more: nobody makes room in it."""
    first, second = Log(), Log()
    first.room = asyncio.get_running_loop().create_future()
    copy = OutputCopy(pipe[0], lambda: None)
    copy.redirect(first.write)
    for text in (b"one", b" two"):
        os.write(pipe[1], text)
        await turns()
    for target in (None, second.write):
        copy.redirect(target)
        os.write(pipe[1], b"three")
        await turns()
    assert (first.data, second.data) == (b"one two", b"three")
    copy.close()


async def test_room_in_the_log_of_an_earlier_job_does_not_fill_that_of_the_present_one(pipe) -> None:
    first, second = Log(), Log()
    for log in (first, second):
        log.room = asyncio.get_running_loop().create_future()
    copy = OutputCopy(pipe[0], lambda: None)
    for log in (first, second):
        copy.redirect(log.write)
        os.write(pipe[1], b"one")
        await turns()
    first.room.set_result(None)
    os.write(pipe[1], b"two")
    await turns()
    assert second.data == b"one"
    copy.close()


async def test_what_was_printed_last_goes_to_the_job_that_printed_it(pipe) -> None:
    first, second = Log(), Log()
    copy = OutputCopy(pipe[0], lambda: None)
    copy.redirect(first.write)
    os.write(pipe[1], b"one")
    copy.redirect(second.write)
    await turns()
    assert (first.data, second.data) == (b"one", b"")
    copy.close()
