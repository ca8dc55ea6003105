"""What comes through the pipe of a scoring process is an answer of a driver, or ends the process with a reason."""

import io
import json
import os
import time
import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import pytest

from scorer_container.driver.frames import LENGTHS, MAX_HEADER, MAX_PAYLOAD, read_frame, write_frame
from scorer_container.node.answers import AnswerReader, BadAnswerError, DeadlinePassedError
from shared.storage.hot_path.blobs import MAX_PUT_BYTES

pytestmark = pytest.mark.unit

RESULT = {"type": "result", "seconds": 0.5, "rows": 1, "succeeded": 1}
FAILED = {"type": "failed", "seconds": 0.5, "error_type": "E", "message": "m", "traceback": ""}


class Pipe:
    """A pipe whose one end a script has; its process is alive."""

    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        self._reading = reading
        process: Any = SimpleNamespace(poll=lambda: None)
        self.reader = AnswerReader(reading, process)

    def read(self, *kinds: str) -> tuple[dict[str, Any], bytes]:
        return self.reader.read(time.monotonic() + 30, *kinds)

    def close(self) -> None:
        os.close(self._reading)
        os.close(self.writing)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def frame(header: object, payload: bytes = b"") -> bytes:
    stream = io.BytesIO()
    write_frame(stream, cast(Any, header), payload)
    return stream.getvalue()


def test_answers_come_one_after_the_other(pipe: Pipe) -> None:
    os.write(pipe.writing, frame(RESULT, b"row\n") + frame(FAILED))
    assert pipe.read("result", "failed") == (RESULT, b"row\n")
    assert pipe.read("result", "failed") == (FAILED, b"")


@pytest.mark.parametrize(
    ("header", "payload", "said"),
    [
        (1 << 31, 0, "claims to have 2,147,483,648 bytes (67,108,864 are allowed)"),
        (10, 1 << 60, "claims to have 1,152,921,504,606,846,976 bytes (4,194,304,000 are allowed)"),
        (10, MAX_PAYLOAD + 1, "4,194,304,001 bytes"),
        (MAX_HEADER + 1, 0, "67,108,865 bytes"),
    ],
)
def test_a_claim_of_more_than_an_answer_may_have_is_refused_at_once(
    pipe: Pipe, header: int, payload: int, said: str
) -> None:
    os.write(pipe.writing, LENGTHS.pack(header, payload))
    with pytest.raises(BadAnswerError) as caught:
        pipe.read("result")
    assert said in str(caught.value)


@pytest.mark.parametrize("lengths", [(MAX_HEADER, 0), (2, MAX_PAYLOAD)])
def test_memory_is_taken_for_what_has_come_and_not_for_what_is_claimed(pipe: Pipe, lengths: tuple[int, int]) -> None:
    text = json.dumps(RESULT).encode()
    os.write(pipe.writing, LENGTHS.pack(lengths[0] if lengths[1] == 0 else len(text), lengths[1]) + text)
    tracemalloc.start()
    with pytest.raises(DeadlinePassedError):
        pipe.reader.read(time.monotonic(), "result")
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
def test_what_no_driver_answers_is_refused(pipe: Pipe, header: object) -> None:
    os.write(pipe.writing, frame(header))
    with pytest.raises(BadAnswerError, match="the script must leave the descriptors alone"):
        pipe.read("columns", "result", "failed")


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe", b"[" * 50_000, b"1" * 5_000], ids=lambda text: str(text[:4]))
def test_what_is_no_json_is_refused(pipe: Pipe, text: bytes) -> None:
    os.write(pipe.writing, LENGTHS.pack(len(text), 0) + text)
    with pytest.raises(BadAnswerError, match="which is no answer"):
        pipe.read("result")


def test_a_print_into_the_pipe_is_refused(pipe: Pipe) -> None:
    os.write(pipe.writing, b"hello world, this is what a script prints\n")
    with pytest.raises(BadAnswerError, match="claims to have"):
        pipe.read("result")


def test_a_payload_may_be_as_large_as_a_block_of_the_output() -> None:
    assert MAX_PAYLOAD == MAX_PUT_BYTES
