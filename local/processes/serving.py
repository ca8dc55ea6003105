"""A small HTTP service on the loopback interface, as the processes of the stack run it."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys

from aiohttp import web

from local.processes.ports import LOOPBACK

_SHUTDOWN_SECONDS = 1.0


def serve(app: web.Application, port: int, *, exit_with_parent: bool) -> None:
    """Serves `app` until SIGTERM or SIGINT; with `exit_with_parent` also until stdin, a pipe, is closed."""
    if exit_with_parent:
        app.on_startup.append(_end_at_end_of_stdin)
    web.run_app(app, host=LOOPBACK, port=port, print=None, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)


async def _end_at_end_of_stdin(_app: web.Application) -> None:
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        await asyncio.get_running_loop().connect_read_pipe(_EndOfInput, sys.stdin)


class _EndOfInput(asyncio.Protocol):
    """Ends this process, with its clean-up, when the parent's end of the pipe is gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        signal.raise_signal(signal.SIGTERM)
