"""The node's ends of the two pipes to a scoring process (format: driver/frames.py).

Neither blocks the event loop. Each also watches the process itself: it may be dead while a child of it keeps the pipe
open.
"""

import asyncio
import io
import os
from collections.abc import Callable
from typing import Any

from scorer_container.driver.frames import LENGTHS, MAX_HEADER, MAX_PAYLOAD, write_frame
from scorer_container.node.processes.answers import Answer, BadAnswerError, ProcessEndedError, parsed_header
from scorer_container.node.processes.process_exit import ProcessExit, waker

_READ_BYTES = 1 << 20


class _PipeEnd:
    """One of our ends. One activity uses it at a time."""

    def __init__(self, descriptor: int, exit_of: ProcessExit) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._exit = exit_of
        self._loop = asyncio.get_running_loop()
        self._wake: Callable[[], None] = lambda: None
        self._is_closed = False

    def close(self) -> None:
        """Close the pipe; whoever waits for it gets ProcessEndedError."""
        if not self._is_closed:
            self._is_closed = True
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._wake()

    async def _wait(self, watch: Callable[..., Any], unwatch: Callable[[int], Any]) -> None:
        """Wait until the pipe is ready, closed, or the process has ended."""
        ready = self._loop.create_future()
        self._wake = waker(ready)
        watch(self._descriptor, self._wake)
        self._exit.on_end(self._wake)
        try:
            await ready
        finally:
            self._exit.forget(self._wake)
            if not self._is_closed:
                unwatch(self._descriptor)

    def _check(self) -> None:
        if self._is_closed:
            raise ProcessEndedError


class CommandPipe(_PipeEnd):
    """The writing end. A process that was stopped (SIGSTOP) reads nothing: its pipe is full at some time."""

    async def write(self, header: dict[str, Any]) -> None:
        """Send one command; raise ProcessEndedError. After a failure or cancellation the pipe is unusable."""
        frame = io.BytesIO()
        write_frame(frame, header)
        left = frame.getbuffer()
        while left:
            self._check()
            has_ended = self._exit.code is not None
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                if has_ended:
                    raise ProcessEndedError from None
                await self._wait(self._loop.add_writer, self._loop.remove_writer)
            except OSError as error:
                raise ProcessEndedError from error


class AnswerPipe(_PipeEnd):
    """The reading end. It trusts nothing: the script can write to the pipe, too."""

    def __init__(self, descriptor: int, exit_of: ProcessExit) -> None:
        super().__init__(descriptor, exit_of)
        self._buffer = bytearray()

    async def read(self, *kinds: str) -> Answer:
        """Return the next answer, which is of one of these kinds.

        Raises:
            ProcessEndedError: the process ended without an answer.
            BadAnswerError: a driver does not send what came.
        """
        header_length, payload_length = LENGTHS.unpack(await self._exactly(LENGTHS.size))
        for length, most in ((header_length, MAX_HEADER), (payload_length, MAX_PAYLOAD)):
            if length > most:
                raise BadAnswerError(f"an answer that claims to have {length:,} bytes ({most:,} are allowed)")
        header = parsed_header(await self._exactly(header_length), kinds)
        return header, await self._exactly(payload_length)

    async def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            await self._more()
        data = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return data

    async def _more(self) -> None:
        self._check()
        has_ended = self._exit.code is not None  # before the read: nothing written before the end is missed
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            if has_ended:
                raise ProcessEndedError from None
            await self._wait(self._loop.add_reader, self._loop.remove_reader)
            return
        if not data:
            raise ProcessEndedError
        self._buffer += data
        if len(data) == _READ_BYTES:
            await asyncio.sleep(0)  # a large answer must not keep the loop from its other work
