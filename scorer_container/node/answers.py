"""Reads the answers of a scoring process, with a deadline. It trusts nothing: the script can write to the pipe too."""

import json
import os
import select
import subprocess
import time
from collections.abc import Callable
from typing import Any

from scorer_container.driver.frames import LENGTHS, MAX_HEADER, MAX_PAYLOAD

_READ_BYTES = 1 << 20
_CHECK_SECONDS = 0.25
"""Seconds between checks of the process itself: it may be dead while a child of it keeps the pipe open."""

_LONGEST_SECONDS = 1e9

Answer = tuple[dict[str, Any], bytes]


class ProcessEndedError(Exception):
    """The scoring process ended without an answer."""


class BadAnswerError(ProcessEndedError):
    """What came through the pipe is not from a driver; the caller must kill the process. The message says what came."""

    def __init__(self, what: str) -> None:
        super().__init__(f"sent {what} to its node: the script must leave the descriptors alone that it has not opened")


class DeadlinePassedError(Exception):
    """The scoring process did not answer in time."""


class AnswerReader:
    """The node's reading end of the pipe from one scoring process (format: driver/frames.py)."""

    def __init__(self, descriptor: int, process: "subprocess.Popen[bytes]") -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._process = process
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._buffer = bytearray()

    def read(self, deadline: float, *kinds: str) -> Answer:
        """Return the next answer, which is of one of these kinds; `deadline` is a time of `time.monotonic()`.

        Raises:
            DeadlinePassedError: the process did not answer in time.
            ProcessEndedError: the process ended without an answer.
            BadAnswerError: a driver does not send what came.
        """
        header_length, payload_length = LENGTHS.unpack(self._exactly(LENGTHS.size, deadline))
        for length, most in ((header_length, MAX_HEADER), (payload_length, MAX_PAYLOAD)):
            if length > most:
                raise BadAnswerError(f"an answer that claims to have {length:,} bytes ({most:,} are allowed)")
        header = _header(self._exactly(header_length, deadline), kinds)
        return header, self._exactly(payload_length, deadline)

    def _exactly(self, length: int, deadline: float) -> bytes:
        while len(self._buffer) < length:
            self._more(deadline)
        data = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return data

    def _more(self, deadline: float) -> None:
        ended = self._process.poll() is not None  # before the read, so that nothing written before the end is missed
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            remaining = deadline - time.monotonic()
            if ended:
                raise ProcessEndedError from None
            if remaining <= 0:
                raise DeadlinePassedError from None
            self._poll.poll(min(remaining, _CHECK_SECONDS) * 1000)
            return
        if not data:
            raise ProcessEndedError
        self._buffer += data


def _header(data: bytes, kinds: tuple[str, ...]) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(data)
        kind = header["type"]
        if kind not in kinds:
            raise BadAnswerError(f"{kind!r} where {' or '.join(kinds)} was expected")
    except (ValueError, RecursionError, TypeError, KeyError):
        raise BadAnswerError(f"{data[:40]!r}, which is no answer,") from None
    for name, fits in _FIELDS[kind].items():
        if not fits(header.get(name)):
            raise BadAnswerError(f"{kind} with {name} {str(header.get(name))[:80]!r}")
    return header


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < _LONGEST_SECONDS


def _is_count(value: object) -> bool:
    return isinstance(value, int) and 0 <= value <= MAX_PAYLOAD  # each row has a byte at least


def _is_proposal(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    columns = value.get("columns")
    return columns is None or (isinstance(columns, list) and all(map(_is_text, columns)))


_ERROR: dict[str, Callable[[object], bool]] = {"error_type": _is_text, "message": _is_text, "traceback": _is_text}
_RESULT: dict[str, Callable[[object], bool]] = {"seconds": _is_seconds, "rows": _is_count, "succeeded": _is_count}
_FIELDS: dict[str, dict[str, Callable[[object], bool]]] = {
    "ready": {"has_shutdown": _is_flag},
    "unusable": {"step": _is_text, **_ERROR},
    "init_failed": _ERROR,
    "columns": {"proposed": _is_proposal},
    "result": _RESULT,
    "file": _RESULT,
    "failed": {"seconds": _is_seconds, **_ERROR},
    "done": {},
    "shut_down": {},
    "shutdown_failed": _ERROR,
}
"""The fields of each kind of answer (driver/service.py)."""
