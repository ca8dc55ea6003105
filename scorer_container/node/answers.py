"""Reads what a scoring process answers, with a deadline."""

import json
import os
import select
import struct
import subprocess
import time
from typing import Any

_LENGTHS = struct.Struct(">IQ")
_READ_BYTES = 1 << 20
_CHECK_SECONDS = 0.25
"""A process may be dead while a child of it keeps the pipe open: so the process itself is looked at, too."""

Answer = tuple[dict[str, Any], bytes]


class ProcessEndedError(Exception):
    """The scoring process ended without an answer."""


class DeadlinePassedError(Exception):
    """The scoring process did not answer in time."""


class AnswerReader:
    """The node's reading end of the pipe from one scoring process (format: driver/frames.py)."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._process = process
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._buffer = bytearray()

    def read(self, deadline: float) -> Answer:
        """The next answer; `deadline` is a time of `time.monotonic()`.

        Raises ProcessEndedError or DeadlinePassedError.
        """
        header_length, payload_length = _LENGTHS.unpack(self._exactly(_LENGTHS.size, deadline))
        header = json.loads(self._exactly(header_length, deadline))
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
