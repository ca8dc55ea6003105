"""The pipe between a node and its scoring process: frames of a JSON header and a payload of bytes.

A frame is the header's length (4 bytes), the payload's length (8 bytes), both big-endian, then header and payload.
"""

import json
import struct
from typing import Any, BinaryIO, Dict, Optional, Tuple

LENGTHS = struct.Struct(">IQ")
MAX_HEADER = 64 << 20
"""Bytes of an answer's header: the names of very many columns, or a message and a traceback that were cut."""
MAX_PAYLOAD = 4000 << 20
"""Bytes of an answer's payload: what one block of the output may have."""
LOST_PIPE = 74
"""Exit code of a scoring process that cannot use its pipe any more; source: EX_IOERR of sysexits.h."""

_PART = 1 << 20

Header = Dict[str, Any]


def write_frame(stream: BinaryIO, header: Header, payload: bytes = b"") -> None:
    """Write one frame and flush; raises BrokenPipeError when nobody reads."""
    text = json.dumps(header).encode("ascii")
    stream.write(LENGTHS.pack(len(text), len(payload)) + text)
    if payload:
        stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> Optional[Tuple[Header, bytes]]:
    """The next frame, or None at the end of the stream (also when it ends inside a frame)."""
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
    """In parts: a length is only a claim, and memory is taken for what has come."""
    data = bytearray()
    while len(data) < length:
        part = stream.read(min(length - len(data), _PART))
        if not part:
            return None
        data += part
    return bytes(data)
