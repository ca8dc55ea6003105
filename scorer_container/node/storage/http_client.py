"""The real client of a service: keep-alive connections, HTTP/1.1, TLS, and the guard for addresses that users named.

It uses no proxy: the node reaches its storage directly.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property, partial
from typing import BinaryIO
from urllib.parse import SplitResult, urlsplit

from scorer_container.node.storage.client import Body, Client, Connect, Response
from scorer_container.node.storage.errors import NoAnswerError
from scorer_container.node.storage.http_connection import RECEIVE_BYTES, Connection
from scorer_container.node.storage.http_request import Request, RequestHeads
from shared.outbound import allowed_addresses

_CONNECT_SECONDS = 5.0
_MOST_IDLE = 32
_PORTS = {"http": 80, "https": 443}


class HttpClient:
    """Sends requests to one service, each over a connection that no other request uses at the time."""

    def __init__(self, url: str, tls: ssl.SSLContext | None, guard: "Guard | None" = None) -> None:
        """Call the service at `url`.

        Args:
            url: with scheme http or https.
            tls: how its certificate is checked; needed for https.
            guard: for an address that a user named.
        """
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._host = _ascii_host(parts)
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = tls if parts.scheme == "https" else None
        self._guard = guard
        self._heads = RequestHeads(parts.path.rstrip("/"), _host_header(self._host, parts))
        self._buffer = bytearray(RECEIVE_BYTES)
        self._idle: list[Connection] = []

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: Body, silence: float
    ) -> Response:
        """Send a request and return the answer; see `Client`."""
        head, length = self._heads.make(method, target, headers, body)
        return await self._sent(Request(method, head, length, body, silence))

    async def download(self, target: str, headers: Mapping[str, str], into: BinaryIO, silence: float) -> Response:
        """Write the body of a 200 answer to `into`; see `Client`."""
        if into.tell():  # an earlier try broke off
            into.seek(0)
            into.truncate()
        head, length = self._heads.make("GET", target, headers, None)
        return await self._sent(Request("GET", head, length, None, silence, into))

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    async def _sent(self, request: Request) -> Response:
        connection = self._take_idle() or await self._connected()
        answer = await connection.exchange(request)
        if connection.is_reusable:
            self._keep(connection)
        return answer

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection) -> None:
        self._idle.append(connection)
        if len(self._idle) > _MOST_IDLE:
            self._idle.pop(0).close()

    async def _connected(self) -> Connection:
        """Open a connection; raise NoAnswerError or ForbiddenAddressError."""
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                hosts = await self._guard.addresses(self._host, self._port) if self._guard else [self._host]
                return await self._first_that_answers(hosts)
        except TimeoutError as error:
            raise NoAnswerError(f"no connection within {_CONNECT_SECONDS:g} s") from error
        except (OSError, UnicodeError) as error:
            raise NoAnswerError(f"no connection: {type(error).__name__}: {error}") from error

    async def _first_that_answers(self, hosts: list[str]) -> Connection:
        *others, last = hosts
        for host in others:
            try:
                return await self._opened(host)
            except OSError:  # the next address may answer
                continue
        return await self._opened(last)

    async def _opened(self, host: str) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            partial(Connection, self._buffer),
            host,
            self._port,
            ssl=self._tls,
            server_hostname=self._host if self._tls else None,
        )
        return connection


class Guard:
    """Finds the addresses of a host that a user named (shared/outbound.py). Only these are connected to."""

    def __init__(self, *, allow_loopback: bool) -> None:
        """`allow_loopback`: all users are on this machine."""
        self._allow_loopback = allow_loopback

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses; raise ForbiddenAddressError, or OSError or UnicodeError if there is none."""
        # Not `in_thread`: nobody needs to wait for a look-up that was given up.
        return await asyncio.to_thread(allowed_addresses, host, port, allow_loopback=self._allow_loopback)


class _Connector:
    """Makes clients that share their settings for TLS."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._guard = Guard(allow_loopback=allow_loopback)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def __call__(self, url: str, is_guarded: bool) -> Client:
        tls = self._tls if url.lower().startswith("https:") else None
        return HttpClient(url, tls, self._guard if is_guarded else None)


def connector(*, allow_loopback: bool) -> Connect:
    """Return what makes real clients. Guarded ones may call this machine only with `allow_loopback`."""
    return _Connector(allow_loopback=allow_loopback)


def _ascii_host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return host if host.isascii() else host.encode("idna").decode()


def _host_header(host: str, parts: SplitResult) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port in {None, _PORTS[parts.scheme]} else f"{shown}:{parts.port}"
