"""What comes through the pipe of a scoring process is an answer of a driver, or ends the process with a reason."""

import asyncio
import io
import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from scorer_container.driver.frames import LENGTHS, MAX_HEADER, MAX_PAYLOAD, read_frame, write_frame
from scorer_container.node.processes.answers import BadAnswerError, ProcessEndedError
from scorer_container.node.processes.pipes import AnswerPipe, CommandPipe
from scorer_container.node.storage.blobs import MAX_PUT_BYTES

pytestmark = pytest.mark.unit

RESULT = {"type": "result", "seconds": 0.5, "rows": 1, "succeeded": 1}
FAILED = {"type": "failed", "seconds": 0.5, "error_type": "E", "message": "m", "traceback": ""}


class Exit:
    """The end of a process, when the test wants it."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._callbacks: list[Callable[[], None]] = []

    def on_end(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def forget(self, callback: Callable[[], None]) -> None:
        self._callbacks.remove(callback)

    @property
    def is_awaited(self) -> bool:
        return bool(self._callbacks)

    def end(self) -> None:
        self.code = 0
        for callback in list(self._callbacks):
            callback()


class Pipe:
    """A pipe whose one end a script has; its process is alive."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.exit = Exit()

    def answers(self) -> AnswerPipe:
        return AnswerPipe(os.dup(self.reading), cast(Any, self.exit))

    def commands(self) -> CommandPipe:
        return CommandPipe(os.dup(self.writing), cast(Any, self.exit))

    async def read(self, *kinds: str) -> tuple[dict[str, Any], bytes]:
        pipe = self.answers()
        try:
            return await pipe.read(*kinds)
        finally:
            pipe.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reading)
    os.close(pipe.writing)


def frame(header: object, payload: bytes = b"") -> bytes:
    stream = io.BytesIO()
    write_frame(stream, cast(Any, header), payload)
    return stream.getvalue()


async def test_answers_come_one_after_the_other(pipe: Pipe) -> None:
    answers = pipe.answers()
    os.write(pipe.writing, frame(RESULT, b"row\n") + frame(FAILED))
    assert await answers.read("result", "failed") == (RESULT, b"row\n")
    assert await answers.read("result", "failed") == (FAILED, b"")
    answers.close()


async def test_an_answer_may_come_in_pieces(pipe: Pipe) -> None:
    reading = asyncio.create_task(pipe.read("result"))
    for byte in frame(RESULT, b"row\n"):
        os.write(pipe.writing, bytes([byte]))
        await asyncio.sleep(0)
    assert await reading == (RESULT, b"row\n")


async def test_what_a_process_has_answered_before_its_end_is_not_lost(pipe: Pipe) -> None:
    answers = pipe.answers()
    os.write(pipe.writing, frame(RESULT) + frame(FAILED))
    pipe.exit.end()
    assert await answers.read("result") == (RESULT, b"")
    assert await answers.read("failed") == (FAILED, b"")
    with pytest.raises(ProcessEndedError):
        await answers.read("result")
    answers.close()


async def test_the_end_of_the_process_ends_the_wait_though_the_pipe_stays_open(pipe: Pipe) -> None:
    reading = asyncio.create_task(pipe.read("result"))
    await asyncio.sleep(0)
    pipe.exit.end()
    with pytest.raises(ProcessEndedError):
        await reading


async def test_a_pipe_that_is_closed_ends_the_wait(pipe: Pipe) -> None:
    answers = pipe.answers()
    reading = asyncio.create_task(answers.read("result"))
    await asyncio.sleep(0)
    answers.close()
    answers.close()
    for call in (reading, answers.read("result")):
        with pytest.raises(ProcessEndedError):
            await call


async def test_a_wait_that_is_cancelled_leaves_nothing_behind(pipe: Pipe) -> None:
    answers = pipe.answers()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await answers.read("result")
    assert not pipe.exit.is_awaited
    answers.close()


async def test_a_large_answer_leaves_the_loop_time_for_its_other_work(pipe: Pipe, tmp_path: Path) -> None:
    """A file is always ready to be read, as is the pipe of a process that writes faster than we read."""
    (tmp_path / "answer").write_bytes(frame(RESULT, bytes(8 << 20)))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    answers = AnswerPipe(os.open(tmp_path / "answer", os.O_RDONLY), cast(Any, pipe.exit))
    _, payload = await answers.read("result")
    other.cancel()
    answers.close()
    assert len(payload) == 8 << 20
    assert turns >= 8


async def test_a_command_waits_for_room_in_the_pipe_and_arrives_whole(pipe: Pipe) -> None:
    header = {"type": "run", "files": ["a" * 100] * 10_000}
    commands = pipe.commands()
    writing = asyncio.create_task(commands.write(header))
    whole = frame(header)
    received = bytearray()
    os.set_blocking(pipe.reading, False)
    while len(received) < len(whole):
        await asyncio.sleep(0)
        try:
            received += os.read(pipe.reading, 1 << 16)
        except BlockingIOError:
            continue
    await writing
    commands.close()
    assert received == whole


async def test_a_command_to_a_process_that_ends_is_given_up(pipe: Pipe) -> None:
    commands = pipe.commands()
    writing = asyncio.create_task(commands.write({"files": ["a" * 100] * 10_000}))
    await asyncio.sleep(0)
    pipe.exit.end()
    with pytest.raises(ProcessEndedError):
        await writing
    commands.close()
    with pytest.raises(ProcessEndedError):
        await commands.write({})


@pytest.mark.parametrize(
    ("header", "payload", "said"),
    [
        (1 << 31, 0, "claims to have 2,147,483,648 bytes (67,108,864 are allowed)"),
        (10, 1 << 60, "claims to have 1,152,921,504,606,846,976 bytes (4,194,304,000 are allowed)"),
        (10, MAX_PAYLOAD + 1, "4,194,304,001 bytes"),
        (MAX_HEADER + 1, 0, "67,108,865 bytes"),
    ],
)
async def test_a_claim_of_more_than_an_answer_may_have_is_refused_at_once(
    pipe: Pipe, header: int, payload: int, said: str
) -> None:
    os.write(pipe.writing, LENGTHS.pack(header, payload))
    with pytest.raises(BadAnswerError) as caught:
        await pipe.read("result")
    assert said in str(caught.value)


@pytest.mark.parametrize("lengths", [(MAX_HEADER, 0), (2, MAX_PAYLOAD)])
async def test_memory_is_taken_for_what_has_come_and_not_for_what_is_claimed(
    pipe: Pipe, lengths: tuple[int, int]
) -> None:
    text = json.dumps(RESULT).encode()
    os.write(pipe.writing, LENGTHS.pack(lengths[0] if lengths[1] == 0 else len(text), lengths[1]) + text)
    tracemalloc.start()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await pipe.read("result")
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_a_driver_takes_memory_for_what_has_come_too() -> None:
    stream: BinaryIO = io.BytesIO(LENGTHS.pack(0xFFFFFFFF, 1 << 60) + b"{}")
    tracemalloc.start()
    assert read_frame(stream) is None
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    "header",
    [
        5,
        [],
        None,
        {},
        {"type": 5},
        {"type": ["result"]},
        {"type": "ready", "has_shutdown": True},
        {"type": "no such"},
        {**RESULT, "rows": -1},
        {**RESULT, "rows": "1"},
        {**RESULT, "rows": 10**30},
        {**RESULT, "succeeded": None},
        {**RESULT, "seconds": float("nan")},
        {**RESULT, "seconds": float("inf")},
        {**RESULT, "seconds": 10**400},
        {"type": "result"},
        {**FAILED, "message": 5},
        {**FAILED, "traceback": None},
        {"type": "columns"},
        {"type": "columns", "proposed": {"columns": "abc"}},
        {"type": "columns", "proposed": {"columns": [1]}},
    ],
    ids=str,
)
async def test_what_no_driver_answers_is_refused(pipe: Pipe, header: object) -> None:
    os.write(pipe.writing, frame(header))
    with pytest.raises(BadAnswerError, match="the script must leave the descriptors alone"):
        await pipe.read("columns", "result", "failed")


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe", b"[" * 50_000, b"1" * 5_000], ids=lambda text: str(text[:4]))
async def test_what_is_no_json_is_refused(pipe: Pipe, text: bytes) -> None:
    os.write(pipe.writing, LENGTHS.pack(len(text), 0) + text)
    with pytest.raises(BadAnswerError, match="which is no answer"):
        await pipe.read("result")


async def test_a_print_into_the_pipe_is_refused(pipe: Pipe) -> None:
    os.write(pipe.writing, b"hello world, this is what a script prints\n")
    with pytest.raises(BadAnswerError, match="claims to have"):
        await pipe.read("result")


def test_a_payload_may_be_as_large_as_a_block_of_the_output() -> None:
    assert MAX_PAYLOAD == MAX_PUT_BYTES
