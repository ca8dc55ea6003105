"""A small HTTP service on the loopback interface, as the processes of the stack run it."""

import asyncio
import os
import signal
import ssl
import stat
import sys

from aiohttp import web

from local.loopback.certificates import Certificate
from local.loopback.own_requests import own_requests_only
from local.loopback.ports import LOOPBACK

_SHUTDOWN_SECONDS = 1.0


def serve(app: web.Application, port: int, *, exit_with_parent: bool, certificate: Certificate | None = None) -> None:
    """Serves `app` until SIGTERM or SIGINT; with `exit_with_parent` also until stdin, a pipe, is closed.

    Requests that web pages of others make are refused. With a `certificate` it speaks TLS. Returns after the
    application's clean-up, which no further signal interrupts.
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
    """Sets an event when the parent's end of the pipe is gone."""

    def __init__(self, end: asyncio.Event) -> None:
        self._end = end

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.set()
