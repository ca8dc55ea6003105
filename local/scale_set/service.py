"""The HTTP API of the local scale set."""

import hmac
import re
from typing import Any

from aiohttp import web

from local.scale_set.scale_sets import BadRequestError, ScaleSetError, ScaleSets, WrongKeyError

_COMPUTE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


class ScaleSetService:
    """Answers requests that carry the key of this stack."""

    def __init__(self, scale_sets: ScaleSets, key: str) -> None:
        self._scale_sets = scale_sets
        self._key = key

    def application(self) -> web.Application:
        """Return the aiohttp application with all routes. The instances start and end with it."""
        app = web.Application(middlewares=[self._guard])
        app.on_startup.append(self._recover)
        app.on_cleanup.append(self._close)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/scale-sets", self._list),
                web.get("/scale-sets/{compute}", self._show),
                web.put("/scale-sets/{compute}", self._scale_out),
                web.delete("/scale-sets/{compute}", self._remove_all),
                web.delete("/scale-sets/{compute}/instances/{instance}", self._remove_instance),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            if request.path != "/health":
                self._check_key(request.headers.get("Authorization", ""))
            response: web.StreamResponse = await handler(request)
        except ScaleSetError as refusal:
            return web.json_response(refusal.as_body(), status=refusal.http_status)
        return response

    def _check_key(self, header: str) -> None:
        if not hmac.compare_digest(header.encode(errors="surrogateescape"), f"Bearer {self._key}".encode()):
            raise WrongKeyError("the request needs the header `Authorization: Bearer <key of this scale set>`")

    async def _recover(self, _app: web.Application) -> None:
        await self._scale_sets.recover()

    async def _close(self, _app: web.Application) -> None:
        await self._scale_sets.close()

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "healthy"})

    async def _list(self, _request: web.Request) -> web.Response:
        names = self._scale_sets.names()
        return web.json_response({"value": [{"name": name, **self._scale_sets.describe(name)} for name in names]})

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response(self._scale_sets.describe(_compute(request)))

    async def _scale_out(self, request: web.Request) -> web.Response:
        compute = _compute(request)
        self._scale_sets.scale_out(compute, await _capacity(request))
        return web.json_response(self._scale_sets.describe(compute))

    async def _remove_instance(self, request: web.Request) -> web.Response:
        compute = _compute(request)
        self._scale_sets.remove_instance(compute, request.match_info["instance"])
        return web.json_response(self._scale_sets.describe(compute), status=202)

    async def _remove_all(self, request: web.Request) -> web.Response:
        compute = _compute(request)
        self._scale_sets.remove_all(compute)
        return web.json_response(self._scale_sets.describe(compute), status=202)


def _compute(request: web.Request) -> str:
    name = request.match_info["compute"]
    if not _COMPUTE_NAME.fullmatch(name):
        raise BadRequestError(f"compute name {name!r} is not valid: letters, digits and hyphens are accepted")
    return name


async def _capacity(request: web.Request) -> int:
    try:
        body = await request.json()
    except ValueError:
        body = None
    capacity = body.get("capacity") if isinstance(body, dict) else None
    if not isinstance(capacity, int) or isinstance(capacity, bool) or capacity < 0:
        raise BadRequestError(f'capacity {capacity!r} is not valid: {{"capacity": <0 or more>}} is expected')
    return capacity
