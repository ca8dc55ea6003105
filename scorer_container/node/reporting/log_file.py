"""One log file of a job: an append blob."""

import asyncio
import time
from collections.abc import Callable

from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.errors import StorageConflictError, StorageError
from shared.storage.blobs import JOBS_CONTAINER

_FLUSH_SECONDS = 2.0
_LARGEST_APPEND = 1 << 20
_LARGEST_BUFFER = 8 << 20


class LogFile:
    """Buffers text and appends it to a blob; its first line creates the blob."""

    def __init__(self, blobs: Blobs, name: str, on_change: Callable[[], None]) -> None:
        """`on_change` is called when there is something to write, and when there is much of it."""
        self._blobs = blobs
        self._name = name
        self._on_change = on_change
        self._buffer = bytearray()
        self._sending = b""
        self._lost = 0
        self._room: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()  # an order of calls, not a protection of memory
        self._position = -1
        self._appends = 0
        self._next_flush = float("-inf")

    @property
    def is_empty(self) -> bool:
        """True when everything is written."""
        return not self._buffer and not self._sending

    @property
    def is_full(self) -> bool:
        """True when so much is buffered that writers should wait."""
        return len(self._buffer) > _LARGEST_BUFFER

    @property
    def is_due(self) -> bool:
        """True when it is time for the next append."""
        return self.is_full or asyncio.get_running_loop().time() >= self._next_flush

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        """Buffer `data`. When there is much in the buffer, return a future that is done as soon as there is room."""
        was_empty, was_full = self.is_empty, self.is_full
        self._buffer += data
        if was_empty or self.is_full != was_full:
            self._on_change()
        if not self.is_full:
            return None
        if self._room is None:
            self._room = asyncio.get_running_loop().create_future()
        return self._room

    def line(self, text: str) -> None:
        """Buffer one line with the time of day."""
        line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n"
        self.write(line.encode("utf-8", "backslashreplace"))  # user code's messages may hold lone surrogates

    async def flush(self) -> None:
        """Append the buffer to the blob.

        Raise StorageError when storage refuses a part of it. That part is lost, and the file will say so.
        """
        async with self._turn:
            while self._sending or self._buffer:
                self._sending = self._sending or self._taken()
                await self._send()
                self._sending = b""
            self._next_flush = asyncio.get_running_loop().time() + _interval(self._appends)

    def _taken(self) -> bytes:
        data = bytes(memoryview(self._buffer)[:_LARGEST_APPEND])
        del self._buffer[: len(data)]
        if self._room is not None and not self.is_full:
            room, self._room = self._room, None
            if not room.done():
                room.set_result(None)
        return data

    async def _send(self) -> None:
        """Append what was taken. If the caller is canceled meanwhile, the next flush sends the same bytes again."""
        note = f"\n[{self._lost:,} bytes are missing here: storage did not take them]\n" if self._lost else ""
        try:
            await self._append(note.encode() + self._sending)
        except StorageError:
            self._lost += len(self._sending)
            self._sending = b""
            raise
        self._lost = 0
        self._appends += 1

    async def _append(self, data: bytes) -> None:
        blobs, container, name = self._blobs, JOBS_CONTAINER, self._name
        if self._position < 0:
            await blobs.create_append_blob(container, name)
            self._position = await blobs.length(container, name)
        try:
            self._position = await blobs.append(container, name, data, position=self._position)
        except StorageConflictError:
            # An answer was lost and the append arrived, or an earlier life of this node wrote here.
            length = await blobs.length(container, name)
            if length != self._position + len(data):
                length = await blobs.append(container, name, data, position=length)
            self._position = length


def _interval(appends: int) -> float:
    """Return the seconds to the next append: a blob takes 50,000 appends, enough for the longest job (21 days)."""
    if appends < 1_000:
        return _FLUSH_SECONDS
    return 10.0 if appends < 10_000 else 60.0
