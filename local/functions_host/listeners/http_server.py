"""The public HTTP listener: routes requests to HTTP functions."""

import contextlib
import socket
from collections.abc import Iterable, Sequence

from aiohttp import web

from local.functions_host.app.routes import RouteTable
from local.functions_host.listeners.http_messages import (
    decode_path,
    encode_path,
    header_values,
    query_values,
    request_datum,
    response_of,
    split_target,
)
from local.functions_host.worker.invoker import Invoker, Trigger
from local.loopback.certificates import Certificate
from local.loopback.ports import LOOPBACK
from local.loopback.serving import own_requests_only

MAX_BODY_BYTES = 104_857_600
_BACKLOG = 512


class FunctionsHandler:
    """Answers the requests to HTTP functions.

    Args:
        routes: routes of the functions that are not disabled.
        invoker: runs the functions.
    """

    def __init__(self, routes: RouteTable, invoker: Invoker) -> None:
        self._routes = routes
        self._invoker = invoker

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Find the function, run it and answer. The answer is 404 even if only the method does not fit."""
        raw_path, raw_query = split_target(request.raw_path)
        path = decode_path(raw_path)
        match = self._routes.find(request.method, path)
        if match is None:
            return web.Response(status=404)
        datum = request_datum(
            method=request.method,
            url=f"{request.scheme}://{request.host}{encode_path(path)}{'?' if raw_query else ''}{raw_query}",
            headers=header_values(request.headers.items()),
            query=query_values(raw_query),
            route=match.values,
            body=await _body(request),
        )
        return response_of(await self._invoker.invoke(match.function, Trigger(datum)))


async def _body(request: web.Request) -> bytes:
    # Azure's host forwards a body only when its length is declared; a chunked one arrives empty.
    if not request.content_length:
        return b""
    if request.content_length > MAX_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(max_size=MAX_BODY_BYTES, actual_size=request.content_length)
    return await request.read()


class HttpListener:
    """An HTTP server on the loopback interface. It refuses the requests of other sites' web pages.

    The port is taken at once, so that a port in use is noticed before anything starts and the URL is
    known; connections wait until `start`. With a `certificate` it speaks TLS.

    Raises:
        OSError: none of the given ports is free.
    """

    def __init__(self, ports: Sequence[int], certificate: Certificate | None = None) -> None:
        self._tls = certificate.server_context() if certificate else None
        self._socket = _bind(ports)
        self._runner: web.AppRunner | None = None
        self.port: int = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Origin of the server."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.port}"

    async def start(self, routes: Iterable[web.RouteDef], fallback: FunctionsHandler | None = None) -> None:
        """Serve `routes`, and every other request by `fallback`."""
        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[own_requests_only])
        application.add_routes(list(routes))
        if fallback is not None:
            application.router.add_route("*", "/{rest:.*}", fallback.handle)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=False,
            shutdown_timeout=1,
            auto_decompress=False,  # functions get the body as it was sent, as in Azure
        )
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket, backlog=_BACKLOG, ssl_context=self._tls).start()

    async def stop_accepting(self) -> None:
        """Accept no new connections. Requests in progress continue."""
        for site in list(self._runner.sites) if self._runner else ():
            await site.stop()

    async def stop(self) -> None:
        """Close everything."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._socket.close()


def _bind(ports: Sequence[int]) -> socket.socket:
    for port in ports[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_server((LOOPBACK, port), backlog=_BACKLOG)
    return socket.create_server((LOOPBACK, ports[-1]), backlog=_BACKLOG)
