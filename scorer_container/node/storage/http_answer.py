"""Reads HTTP/1.1 answers (RFC 9112) from bytes. It knows nothing of sockets."""

import re
from collections.abc import Callable
from functools import lru_cache

_LONGEST_HEAD = 64 << 10
"""Bytes of a status line with its headers, and of the lines around chunks."""

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5]\d\d)(?: .*)?")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_WITHOUT_BODY = frozenset({204, 304})


class BadAnswerError(Exception):
    """The bytes are not an HTTP answer, or end before it does."""


class Answer:
    """One answer, complete after enough calls of `feed`."""

    def __init__(self, method: str, take: Callable[[bytes], None]) -> None:
        """`method` is the request's; `take` gets the pieces of the body, in order."""
        self.status = 0
        """0 until the headers are here."""
        self.headers: dict[str, str] = {}
        """With names in lower case. Values of a repeated header are joined with commas."""
        self.is_complete = False
        self.keeps_alive = False
        """True when the connection can carry another request after this complete answer."""
        self._has_body = method != "HEAD"
        self._take = take
        self._step = self._head
        self._rest = b""
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the connection; raise BadAnswerError."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        at = 0
        while at < len(data) and not self.is_complete:
            at = self._step(data, at)
        if at < len(data):  # more than we asked for
            self.keeps_alive = False

    def end(self) -> None:
        """Note that the server has closed the connection; raise BadAnswerError if the answer needs more bytes."""
        self.keeps_alive = False
        if self._step == self._until_end:
            self.is_complete = True
        if not self.is_complete:
            raise BadAnswerError("the connection was closed before the answer was complete")

    def _head(self, data: bytes, at: int) -> int:
        end = data.find(b"\r\n\r\n", at)
        if end < 0:
            return self._more(data, at)
        first, *lines = data[at:end].decode("latin-1").split("\r\n")
        match = _STATUS_LINE.fullmatch(first)
        if match is None:
            raise BadAnswerError(f"{first[:80]!r} is not the status line of an HTTP/1.1 answer")
        status, headers = int(match[2]), _headers(lines)
        if 100 <= status < 200 and status != 101:  # the answer itself is still to come
            return end + 4
        self.status, self.headers = status, headers
        self._frame(is_modern=match[1] == "1")
        return end + 4

    def _frame(self, *, is_modern: bool) -> None:
        """Decide where the body ends."""
        wishes = {wish.strip() for wish in self.headers.get("connection", "").lower().split(",")}
        self.keeps_alive = "close" not in wishes if is_modern else "keep-alive" in wishes
        encoding, length = self.headers.get("transfer-encoding"), self.headers.get("content-length")
        if not self._has_body or self.status in _WITHOUT_BODY:
            self.is_complete = True
        elif encoding is not None:
            if encoding.lower() != "chunked":
                raise BadAnswerError(f"the transfer encoding {encoding[:80]!r} was not asked for")
            self.keeps_alive = self.keeps_alive and length is None
            self._step = self._chunk_size
        elif length is not None:
            self._left = _length(length)
            self._step = self._sized
            self.is_complete = not self._left
        else:
            self.keeps_alive = False
            self._step = self._until_end

    def _sized(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        self._left -= len(piece)
        self.is_complete = not self._left
        self._take(piece)
        return at + len(piece)

    def _until_end(self, data: bytes, at: int) -> int:
        self._take(data[at:])
        return len(data)

    def _chunk_size(self, data: bytes, at: int) -> int:
        end = data.find(b"\r\n", at)
        if end < 0:
            return self._more(data, at)
        match = _CHUNK_SIZE.fullmatch(data, at, end)
        if match is None:
            raise BadAnswerError(f"{data[at:end][:80]!r} is not the size of a chunk")
        self._left = int(match[1], 16)
        self._step = self._chunk if self._left else self._trailers
        return end + 2

    def _chunk(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        self._left -= len(piece)
        if not self._left:
            self._step = self._chunk_end
        self._take(piece)
        return at + len(piece)

    def _chunk_end(self, data: bytes, at: int) -> int:
        if len(data) - at < 2:
            return self._more(data, at)
        if data[at : at + 2] != b"\r\n":
            raise BadAnswerError("a chunk is longer than it says")
        self._step = self._chunk_size
        return at + 2

    def _trailers(self, data: bytes, at: int) -> int:
        """Skip the headers after the last chunk, up to an empty line."""
        end = data.find(b"\r\n", at)
        if end < 0:
            return self._more(data, at)
        self.is_complete = end == at
        return end + 2

    def _more(self, data: bytes, at: int) -> int:
        """Keep what is left of `data` until more has come."""
        if len(data) - at > _LONGEST_HEAD:
            raise BadAnswerError(f"more than {_LONGEST_HEAD:,} bytes of headers")
        self._rest = data[at:]
        return len(data)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadAnswerError(f"{line[:80]!r} is not a header")
        name, value = _header_name(name), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


@lru_cache(maxsize=256)
def _header_name(name: str) -> str:
    """Return a header's name in lower case. A service sends the same names again and again."""
    if not _NAME.fullmatch(name):
        raise BadAnswerError(f"{name[:80]!r} is not the name of a header")
    return name.lower()


def _length(text: str) -> int:
    """Return the length that a header names; it may name the same one several times (RFC 9112, 6.3)."""
    lengths = {part.strip() for part in text.split(",")}
    if len(lengths) != 1 or not _LENGTH.fullmatch(length := lengths.pop()):
        raise BadAnswerError(f"the content length {text[:80]!r} is not one number")
    return int(length)
