"""One connection to a server. It carries one request after the other."""

import asyncio
import re
from functools import lru_cache
from typing import BinaryIO, cast

from scorer_container.node.scope import in_thread
from scorer_container.node.storage.client import Response
from scorer_container.node.storage.errors import NoAnswerError
from scorer_container.node.storage.http_answer import Answer, BadAnswerError
from scorer_container.node.storage.http_request import Request

CHUNK_BYTES = 1 << 20
"""Bytes that are sent, or written to disk, in one step. What is longer is read and written in a thread."""
RECEIVE_BYTES = 64 << 10
_IDLE_SECONDS = 60.0
"""Longer idle connections are not used again. Some routers forget those that are idle for minutes and tell nobody."""
_IDLE_HINT = re.compile(r"(?:.*[,\s])?timeout=(\d{1,6})\b.*", re.IGNORECASE)
_HINT_MARGIN_SECONDS = 1.0


class Connection(asyncio.BufferedProtocol):
    """Sends a request and reads its answer. Whatever goes wrong closes the connection."""

    def __init__(self, buffer: bytearray | None = None) -> None:
        """`buffer` may be shared by all connections of an event loop."""
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(RECEIVE_BYTES) if buffer is None else buffer)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._is_open = False
        self._is_full = False
        self._is_paused = False
        self._unsent = 0
        self._answer: Answer | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._problem = ""
        self._changed: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._silence = 0.0
        self._progress_at = 0.0
        self._usable_until = float("inf")

    @property
    def is_reusable(self) -> bool:
        """True while the connection can carry another request."""
        return self._is_open and self._answer is None and self._loop.time() < self._usable_until

    def close(self) -> None:
        """Close the connection at once."""
        self._is_open = False
        self._unwatch()
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, request: Request) -> Response:
        """Send `request` and return the answer; raise NoAnswerError."""
        answer = self._answer = Answer(request.method, self._take)
        self._watch(request)
        try:
            is_sent = await self._send(request)
            body = await self._receive(answer, request.into)
        except BaseException:
            self.close()
            raise
        finally:
            self._pieces, self._size, self._answer = [], 0, None
        self._retire(answer, is_sent=is_sent)
        return Response(answer.status, answer.headers, body)

    async def _send(self, request: Request) -> bool:
        """Send the request; return False if the answer came before all of it was sent."""
        body = request.body
        if body is None or (isinstance(body, bytes) and request.length <= CHUNK_BYTES):
            self._transport.write(request.head + body if body else request.head)
            return True
        self._transport.write(request.head)
        position = 0
        while position < request.length:
            chunk = await self._chunk(body, position, request.length)
            self._transport.write(chunk)
            position += len(chunk)
            while self._is_full and not self._is_over:
                await self._change()
            if self._is_over:
                return False
        return True

    async def _chunk(self, body: bytes | BinaryIO, position: int, length: int) -> bytes:
        size = min(CHUNK_BYTES, length - position)
        if isinstance(body, bytes):
            return body[position : position + size]
        if not position:
            body.seek(0)
            chunk = body.read(size)
        else:
            chunk = await in_thread(body.read, size)
        if not chunk:
            raise OSError(f"the body has {position:,} bytes, and {length:,} were announced: it became shorter")
        return chunk

    async def _receive(self, answer: Answer, into: BinaryIO | None) -> bytes:
        """Wait for the whole answer; return its body unless it goes to `into`."""
        while not self._is_over:
            await self._change()
            if into is not None and self._size >= CHUNK_BYTES and not self._problem:
                if answer.status != 200:  # nobody reads a refusal of that length
                    return self._taken()
                await self._write(into)
        if self._problem:
            raise NoAnswerError(self._problem)
        if into is None or answer.status != 200:
            return self._taken()
        if self._size:
            _write_all(into, self._taken())
        return b""

    async def _write(self, into: BinaryIO) -> None:
        """Write what has come so far; meanwhile the server waits."""
        self._transport.pause_reading()
        self._is_paused = True
        await in_thread(_write_all, into, self._taken())
        self._is_paused = False
        self._progress_at = self._loop.time()
        self._transport.resume_reading()

    def _taken(self) -> bytes:
        pieces, self._pieces, self._size = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _take(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)

    @property
    def _is_over(self) -> bool:
        return bool(self._problem) or self._answer is None or self._answer.is_complete

    async def _change(self) -> None:
        """Wait until something happens on the connection."""
        self._changed = self._loop.create_future()
        await self._changed

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _fail(self, problem: str) -> None:
        self._problem = self._problem or problem
        self._wake()

    def _watch(self, request: Request) -> None:
        """Look after the exchange. The timer of an earlier one goes on: making one for each call costs too much."""
        self._silence, self._unsent, self._progress_at = request.silence, request.length + 1, self._loop.time()
        end = self._progress_at + self._silence
        if self._timer is None or self._timer.when() > end:
            self._unwatch()
            self._timer = self._loop.call_at(end, self._look)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Give the exchange up if nothing has moved for too long."""
        self._timer = None
        if self._answer is None:
            return
        now, unsent = self._loop.time(), self._transport.get_write_buffer_size()
        if self._is_paused or 0 < unsent < self._unsent:
            self._progress_at = now
        self._unsent = unsent
        if now < self._progress_at + self._silence:
            self._timer = self._loop.call_at(self._progress_at + self._silence, self._look)
        else:
            self._fail(f"no answer for {self._silence:g} s")

    def _retire(self, answer: Answer, *, is_sent: bool) -> None:
        """Keep the connection for the next request if both sides are done with this one."""
        if answer.is_complete and answer.keeps_alive and is_sent:
            self._usable_until = self._loop.time() + _idle_seconds(answer.headers.get("keep-alive", ""))
        else:
            self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that the connection is open."""
        self._transport = cast(asyncio.Transport, transport)
        self._is_open = True

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what arrives."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read what has arrived."""
        answer = self._answer
        if answer is None:  # nobody has asked
            self.close()
            return
        self._progress_at = self._loop.time()
        try:
            answer.feed(bytes(self._buffer[:nbytes]))
        except BadAnswerError as error:
            self._fail(str(error))
        if answer.is_complete or self._size >= CHUNK_BYTES:
            self._wake()

    def eof_received(self) -> None:
        """Note that the server sends no more. The transport then closes itself."""
        self._is_open = False
        if self._answer is not None and not self._answer.is_complete:
            try:
                self._answer.end()
            except BadAnswerError as error:
                self._fail(str(error))
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is closed."""
        self._is_open = False
        self._unwatch()
        if not self._is_over:
            self._fail(f"the connection broke: {type(exc).__name__}: {exc}" if exc else "the connection was closed")

    def pause_writing(self) -> None:
        """Stop sending for a while."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Go on sending."""
        self._is_full = False
        self._progress_at = self._loop.time()
        self._wake()


def _write_all(into: BinaryIO, data: bytes) -> None:
    """Write all of `data`; an unbuffered file may take a part at a time."""
    written = into.write(data)
    while written < len(data):
        written += into.write(memoryview(data)[written:])


@lru_cache(maxsize=64)
def _idle_seconds(hint: str) -> float:
    """Return for how long an idle connection may be used again; `hint` is the server's header `keep-alive`."""
    match = _IDLE_HINT.fullmatch(hint)
    return min(_IDLE_SECONDS, int(match[1]) - _HINT_MARGIN_SECONDS) if match else _IDLE_SECONDS
