"""The host's own endpoints under `/admin`: health, and running a function by hand."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from local.functions_host.app.functions import FunctionRecord
from local.functions_host.app.keys import KeyRing, given_key

RunByHand = Callable[[str], Awaitable[object]]


class Admin:
    """Answers `/admin/host/ping`, `/admin/host/status` and `/admin/functions/{name}`.

    Args:
        functions: all functions of the app by lower-case name.
        by_hand: how to run a function with an input text, by lower-case name; HTTP and durable
            functions have no entry.
        keys: all but the ping asks for the master key.
    """

    def __init__(
        self, functions: Mapping[str, FunctionRecord], by_hand: Mapping[str, RunByHand], keys: KeyRing
    ) -> None:
        self._functions = functions
        self._by_hand = by_hand
        self._keys = keys
        self._started = time.monotonic()
        self._running: set[asyncio.Future[object]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The routes to serve."""
        return [
            web.get("/admin/host/ping", self._ping),
            web.get("/admin/host/status", self._status),
            web.post("/admin/functions/{name}", self._run),
        ]

    async def _ping(self, _request: web.Request) -> web.Response:
        return web.Response(status=200)

    async def _status(self, request: web.Request) -> web.Response:
        if not self._allows(request):
            return web.Response(status=401)
        status = {
            "id": "local",
            "state": "Running",
            "version": "4.0.0",
            "processUptime": int((time.monotonic() - self._started) * 1000),
            "functions": sorted(function.name for function in self._functions.values()),
            "errors": [],
        }
        return web.json_response(status)

    async def _run(self, request: web.Request) -> web.Response:
        if not self._allows(request):
            return web.Response(status=401)
        name = request.match_info["name"].lower()
        if name not in self._functions:
            return web.Response(status=404)
        try:
            text = await _input(request)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        if name not in self._by_hand:
            kind = self._functions[name].trigger.type
            refusal = f"a function with {kind} cannot be run by hand; queue and timer functions can"
            return web.json_response({"error": refusal}, status=400)
        task = asyncio.ensure_future(self._by_hand[name](text))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return web.Response(status=202)

    def _allows(self, request: web.Request) -> bool:
        return self._keys.allows("ADMIN", "", given_key(request.headers, request.query))


async def _input(request: web.Request) -> str:
    content = json.loads(await request.text() or "null")
    text = content.get("input", "") if isinstance(content, dict) else None
    if not isinstance(text, str):
        raise ValueError('the body must be {"input": "<text>"}')  # noqa: TRY004 - the body is wrong, not a call
    return text
