"""A server on this machine that sends exactly the bytes of a script, and notes what it was sent."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CLOSE = b"<close>"
"""At the end of an answer: close the connection after it."""
HANG_UP = b"<hang up>"
"""As an answer: close the connection without one."""
NEVER = b"<never>"
"""As an answer: wait until the client closes the connection."""

Step = bytes | Callable[["Peer"], Awaitable[None]]


def ok(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """An answer with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Peer:
    """One connection, seen from the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    target: bytes = b""
    """Of the request that is to be answered."""

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


@dataclass
class Server:
    url: str = ""
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    """Heads, without their last empty line, and bodies."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a request is here."""
    connections: int = 0
    closed: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    """The number of each connection that has ended."""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@asynccontextmanager
async def scripted(*steps: Step, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Answer one request after the other with the next step, whatever connection it comes over."""
    left, server = list(steps), Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        number = server.connections
        try:
            await converse(Peer(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            server.closed.put_nowait(number)

    async def converse(peer: Peer) -> None:
        while True:
            head = (await peer.reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
            step = left.pop(0)
            server.asked.set()
            if callable(step):
                peer.target = head.split(" ")[1].encode()
                server.requests.append((head, b""))
                await step(peer)
                continue
            server.requests.append((head, await peer.reader.readexactly(_length(head))))
            if step == HANG_UP:
                return
            if step == NEVER:
                await peer.reader.read()
                return
            await peer.send(step.removesuffix(CLOSE))
            if step.endswith(CLOSE):
                return

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server.url = f"http{'s' if tls else ''}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()


def _length(head: str) -> int:
    found = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
    return int(found[0].partition(":")[2]) if found else 0


class Clock:
    """The running loop's clock, which a test can put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0
        asyncio.get_running_loop().time = lambda: time.monotonic() + self._ahead  # type: ignore[method-assign]

    def forward(self, seconds: float) -> None:
        self._ahead += seconds
