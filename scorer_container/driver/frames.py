"""The pipe between a node and its scoring process: frames of a JSON header and a payload of bytes.

A frame consists of the header's length (4 bytes), the payload's length (8 bytes), both big-endian, header and payload.
"""

import json
import os
import queue
import struct
import sys
import threading
from typing import Any, BinaryIO, Dict, Optional, Tuple

LENGTHS = struct.Struct(">IQ")
MAX_HEADER = 64 << 20
"""Bytes of an answer's header: the names of very many columns, or a message and a traceback that were cut."""
MAX_PAYLOAD = 4000 << 20
"""Bytes of an answer's payload: the limit of one block of the output."""
LOST_PIPE = 74
"""Exit code of a scoring process that cannot use its pipe any more; source: EX_IOERR of sysexits.h."""

_PART = 1 << 20
"""Bytes that are read at once."""
_LONGEST_TEXT = 1 << 20
"""Most characters of a message or traceback; of a longer one only the beginning and the end are sent."""

Header = Dict[str, Any]


def write_frame(stream: BinaryIO, header: Header, payload: bytes = b"") -> None:
    """Write one frame and flush; raise BrokenPipeError if the other end is closed."""
    text = json.dumps(header).encode("ascii")
    stream.write(LENGTHS.pack(len(text), len(payload)) + text)
    if payload:
        stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> Optional[Tuple[Header, bytes]]:
    """Return the next frame, or None at the end of the stream (also if it ends inside a frame)."""
    lengths = _read(stream, LENGTHS.size)
    if lengths is None:
        return None
    header_length, payload_length = LENGTHS.unpack(lengths)
    text = _read(stream, header_length)
    payload = _read(stream, payload_length)
    if text is None or payload is None:
        return None
    return json.loads(text.decode("ascii")), payload


def _read(stream: BinaryIO, length: int) -> Optional[bytes]:
    """Read in parts: a length is only a claim, so memory is taken only for what has arrived."""
    data = bytearray()
    while len(data) < length:
        part = stream.read(min(length - len(data), _PART))
        if not part:
            return None
        data += part
    return bytes(data)


class Channel:
    """The scoring process's end of the pipe: commands come in, answers go out.

    A thread of its own reads the commands: the end of the pipe (the node is gone) ends the process even while the
    user's code runs.
    """

    def __init__(self, commands_fd: int, answers_fd: int) -> None:
        self._commands = os.fdopen(commands_fd, "rb")
        self._answers = os.fdopen(answers_fd, "wb")
        self._process = os.getpid()
        self._received: "queue.Queue[Tuple[Header, bytes]]" = queue.Queue()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def receive(self) -> Header:
        """Wait for the next command and return it."""
        return self._received.get()[0]

    def send(self, header: Header, payload: bytes = b"") -> None:
        """Send one answer."""
        if os.getpid() != self._process:
            os._exit(0)  # a fork of the user's code has come out of it: only one process answers
        try:
            write_frame(self._answers, {name: _cut(value) for name, value in header.items()}, payload)
        except BrokenPipeError:
            os._exit(0)
        except OSError as error:
            _end("answer", error)

    def _read(self) -> None:
        while True:
            try:
                frame = read_frame(self._commands)
            except (OSError, ValueError) as error:
                _end("hear", error)
            if frame is None:
                os._exit(0)
            self._received.put(frame)


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[: _LONGEST_TEXT // 2] + " … " + value[-_LONGEST_TEXT // 2 :]
    return value


def _end(what: str, error: Exception) -> None:
    """End the process: the pipe is unusable, e.g. because a script closed all descriptors."""
    print("the scoring process cannot {} its node any more: {}".format(what, error), file=sys.stderr, flush=True)
    os._exit(LOST_PIPE)
