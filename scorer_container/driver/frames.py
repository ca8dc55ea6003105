"""The pipe between a node and its scoring process: frames of a JSON header and a payload of bytes.

A frame is the header's length (4 bytes), the payload's length (8 bytes), both big-endian, then header and payload.
"""

import json
import struct
from typing import Any, BinaryIO, Dict, Optional, Tuple

_LENGTHS = struct.Struct(">IQ")

Header = Dict[str, Any]


def write_frame(stream: BinaryIO, header: Header, payload: bytes = b"") -> None:
    """Write one frame and flush; raises BrokenPipeError when nobody reads."""
    text = json.dumps(header).encode("ascii")
    stream.write(_LENGTHS.pack(len(text), len(payload)) + text)
    if payload:
        stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> Optional[Tuple[Header, bytes]]:
    """The next frame, or None at the end of the stream (also when it ends inside a frame)."""
    lengths = _read(stream, _LENGTHS.size)
    if lengths is None:
        return None
    header_length, payload_length = _LENGTHS.unpack(lengths)
    text = _read(stream, header_length)
    payload = _read(stream, payload_length)
    if text is None or payload is None:
        return None
    return json.loads(text.decode("ascii")), payload


def _read(stream: BinaryIO, length: int) -> Optional[bytes]:
    data = stream.read(length)
    return data if data is not None and len(data) == length else None
