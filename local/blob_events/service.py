"""The watcher as a service: it looks every now and then, and says whether its last look went well."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from local.blob_events.watcher import Watcher

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.5


class BlobEventsService:
    """Looks for new blobs for as long as it is served."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._problem: str | None = None

    def application(self) -> web.Application:
        """The aiohttp application: `/health`, and the looks beside it."""
        app = web.Application()
        app.add_routes([web.get("/health", self._health)])
        app.cleanup_ctx.append(self._looking)
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"problem": self._problem}, status=503 if self._problem else 200)

    async def _looking(self, _app: web.Application) -> AsyncIterator[None]:
        end = asyncio.Event()
        looking = asyncio.create_task(self._look_until(end))
        yield
        end.set()
        await looking

    async def _look_until(self, end: asyncio.Event) -> None:
        while not end.is_set():
            try:
                await asyncio.to_thread(self._watcher.look)
                self._problem = None
            except Exception as problem:
                _log.exception("the look failed; it is tried again")
                self._problem = f"{type(problem).__name__}: {problem}"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), _PAUSE_SECONDS)
