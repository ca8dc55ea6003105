"""A small HTTP service on the loopback interface, as the processes of the stack run it.

A server refuses requests that a web page of another site made a browser send. Such a page cannot read the answer, but
its request arrives: browsers send a simple POST without asking. If a name leads to 127.0.0.1 after the page was loaded
(DNS rebinding), the page can even read the answer. The server recognizes both by headers that a page cannot set, see
https://developer.mozilla.org/docs/Glossary/Forbidden_request_header.
"""

import asyncio
import os
import signal
import ssl
import stat
import sys
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from local.loopback.certificates import Certificate
from local.loopback.ports import LOOPBACK

_SHUTDOWN_SECONDS = 1.0


def serve(app: web.Application, port: int, *, exit_with_parent: bool, certificate: Certificate | None = None) -> None:
    """Serve `app` until SIGTERM or SIGINT. With `exit_with_parent`, also stop when stdin, a pipe, is closed.

    Requests of web pages from other sites are refused. With a `certificate` the server speaks TLS. The function
    returns after the application's clean-up, which no further signal interrupts.
    """
    app.middlewares.insert(0, own_requests_only)
    tls = certificate.server_context() if certificate else None
    asyncio.run(_serve(app, port, tls, exit_with_parent=exit_with_parent))


async def _serve(app: web.Application, port: int, tls: ssl.SSLContext | None, *, exit_with_parent: bool) -> None:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    if exit_with_parent and stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        await loop.connect_read_pipe(lambda: _EndOfInput(end), sys.stdin)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    try:
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port, ssl_context=tls).start()
        await end.wait()
    finally:
        await runner.cleanup()


class _EndOfInput(asyncio.Protocol):
    """Sets an event once the parent has closed its end of the pipe."""

    def __init__(self, end: asyncio.Event) -> None:
        self._end = end

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.set()


_NAMES = frozenset({LOOPBACK, "localhost"})
_READING = frozenset({"GET", "HEAD"})


@web.middleware
async def own_requests_only(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer 403 to a request for another host, and to a request of another origin that does more than read."""
    refusal = _foreign_host(request) or _foreign_origin(request)
    if refusal:
        return web.json_response({"error": {"code": "ForeignRequest", "message": refusal}}, status=403)
    response: web.StreamResponse = await handler(request)
    return response


def _foreign_host(request: web.Request) -> str | None:
    hosts = request.headers.getall("Host", [])
    if len(hosts) == 1 and _name(hosts[0]) in _NAMES:
        return None
    return f"the header Host is {', '.join(hosts) or 'missing'}; this server answers as {LOOPBACK} and localhost only"


def _foreign_origin(request: web.Request) -> str | None:
    own = f"{request.scheme}://{request.headers.get('Host', '')}".lower()
    foreign = [origin for origin in request.headers.getall("Origin", []) if origin.lower() != own]
    if request.method in _READING or not foreign:
        return None
    return f"the header Origin is {', '.join(foreign)}; this server takes changes from its own pages ({own}) only"


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
