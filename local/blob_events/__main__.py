"""`python -m local.blob_events`: the process that sends events of new blobs.

`AzureWebJobsStorage` in its environment is the connection string of the stack's storage.
"""

import argparse
import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from local.blob_events.watcher import Memory, Watcher
from local.loopback.serving import serve
from shared.settings import SettingsError
from shared.storage.account import StorageAccount

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.5


def main() -> int:
    """Watch until SIGTERM or SIGINT; return the exit code."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        account = StorageAccount.from_environment()
    except SettingsError as problem:
        print(f"blob events: {problem}", file=sys.stderr)
        return 2
    memory = Memory(options.data_dir / "seen.db")
    try:
        watcher = Watcher(account, memory, options.accounts_id)
        serve(BlobEventsService(watcher).application(), options.port, exit_with_parent=options.exit_with_parent)
    finally:
        memory.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.blob_events", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=lambda text: Path(text).absolute(), required=True)
    parser.add_argument("--accounts-id", required=True, help="resource id up to the storage account's name")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin, a pipe, is closed")
    return parser


class BlobEventsService:
    """Looks for new blobs while it is served."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._problem: str | None = None

    def application(self) -> web.Application:
        """Return the aiohttp application: it serves `/health`, and looks for blobs in the background."""
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
                log.exception("the look failed; it is tried again")
                self._problem = f"{type(problem).__name__}: {problem}"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), _PAUSE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
