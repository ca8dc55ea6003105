"""The durable management API over HTTP, for the SDK's client and for people; both need the system key."""

import hmac
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from aiohttp import web

from local.functions_host.app.keys import given_key
from local.functions_host.durable.engine import DurableEngine
from local.functions_host.durable.hub.errors import DurableError, InvalidRequestError, NotOfferedError
from local.functions_host.durable.hub.rows import Instance, RuntimeStatus
from local.functions_host.durable.rpc.links import PUBLIC_PATH, RPC_PATH, DurableLinks
from local.functions_host.durable.rpc.rpc_query import flag, instance_filter, json_body, number
from local.functions_host.durable.rpc.status import history_events, status_payload

Handler = Callable[[web.Request], Awaitable[web.Response]]

_START_RETRY_SECONDS = "10"
_STATUS_RETRY_SECONDS = "5"
_WAIT_SECONDS = 10.0


def rpc_routes(engine: DurableEngine, links: DurableLinks) -> list[web.RouteDef]:
    """Routes under `/durabletask/` for the host's RPC listener; see `DurableLinks.rpc_base_url`."""
    return _routes(RPC_PATH, _Api(engine, links), links)


def public_routes(engine: DurableEngine, links: DurableLinks) -> list[web.RouteDef]:
    """The same routes under `/runtime/webhooks/durabletask/`."""
    return _routes(PUBLIC_PATH, _Api(engine, links), links)


def _guarded(handler: Handler, links: DurableLinks) -> Handler:
    """Answer 401 to requests without the key."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.Response:
        has_key = _same(given_key(request.headers, request.query), links.system_key)
        if not has_key and not _same(request.headers.get("Authorization", ""), links.rpc_authorization):
            return web.Response(status=401)
        return await handler(request)

    return guarded


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode())


def _routes(path: str, api: "_Api", links: DurableLinks) -> list[web.RouteDef]:
    one = path + "/instances/{instance}"
    table: list[tuple[str, str, Handler]] = [
        ("POST", path + "/orchestrators/{name}", api.start),
        ("POST", path + "/orchestrators/{name}/{instance}", api.start),
        ("GET", path + "/instances", api.statuses),
        ("GET", path + "/instances/", api.statuses),
        ("DELETE", path + "/instances", api.purge_by),
        ("DELETE", path + "/instances/", api.purge_by),
        ("GET", one, api.status),
        ("DELETE", one, api.purge),
        ("POST", one + "/raiseEvent/{event}", api.raise_event),
        ("POST", one + "/restart", api.restart),
        ("POST", one + "/rewind", api.rewind),
        ("POST", one + "/{operation:terminate|suspend|resume}", api.control),
        ("*", path + "/entities", api.entities),
        ("*", path + "/entities/{rest:.*}", api.entities),
    ]
    return [web.route(method, route, _guarded(_answered(handler), links)) for method, route, handler in table]


def _answered(handler: Handler) -> Handler:
    """Turn the engine's errors into the extension's answers."""

    @wraps(handler)
    async def answered(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except DurableError as error:
            return _error(error)

    return answered


def _error(error: DurableError) -> web.Response:
    if error.status == 404:
        return web.Response(status=404)  # the SDK takes any body for an instance
    if error.status == 501:
        return web.json_response(str(error), status=501)
    invalid = isinstance(error, InvalidRequestError)
    message = (
        "One or more of the arguments submitted is incorrect"
        if invalid
        else "Something went wrong while processing your request"
    )
    kind = "System.ArgumentException" if invalid else "System.InvalidOperationException"
    body = {"Message": message, "ExceptionMessage": str(error), "ExceptionType": kind, "StackTrace": ""}
    return web.json_response(body, status=error.status)


class _Api:
    def __init__(self, engine: DurableEngine, links: DurableLinks) -> None:
        self._engine = engine
        self._links = links

    async def start(self, request: web.Request) -> web.Response:
        """Start an instance; with `timeout` wait that long for its result."""
        seconds = number(request.query, "timeout")
        instance_id = await self._engine.start_new(
            request.match_info["name"],
            request.match_info.get("instance"),
            await json_body(request),
            request.query.get("version", ""),
        )
        if seconds is None and "pollingInterval" not in request.query:
            return self._accepted(instance_id)
        waited = _WAIT_SECONDS if seconds is None else seconds
        instance = await self._engine.wait_until_finished(instance_id, waited)
        if not instance.status.finished:
            return self._accepted(instance_id)
        payload = status_payload(instance)
        if instance.status is RuntimeStatus.COMPLETED:
            return web.json_response(payload["output"])
        return web.json_response(payload, status=500 if instance.status is RuntimeStatus.FAILED else 200)

    async def restart(self, request: web.Request) -> web.Response:
        """Start an instance again with its input."""
        with_new_id = flag(request.query, "restartWithNewInstanceId", default=True)
        return self._accepted(await self._engine.restart(request.match_info["instance"], with_new_id=with_new_id))

    async def status(self, request: web.Request) -> web.Response:
        """One instance: 200 when finished, 202 while it goes on."""
        instance = await self._engine.instance(request.match_info["instance"])
        payload = await self._payload(instance, request)
        if not instance.status.finished:
            location = self._links.management(instance.instance_id)["statusQueryGetUri"]
            headers = {"Location": location, "Retry-After": _STATUS_RETRY_SECONDS}
            return web.json_response(payload, status=202, headers=headers)
        on_failure = flag(request.query, "returnInternalServerErrorOnFailure", default=False)
        failed = instance.status is RuntimeStatus.FAILED
        return web.json_response(payload, status=500 if failed and on_failure else 200)

    async def statuses(self, request: web.Request) -> web.Response:
        """The instances that match the filter."""
        found = await self._engine.instances(instance_filter(request.query))
        return web.json_response([await self._payload(instance, request) for instance in found])

    async def purge(self, request: web.Request) -> web.Response:
        """Delete one finished instance."""
        return _deleted(await self._engine.purge(request.match_info["instance"]))

    async def purge_by(self, request: web.Request) -> web.Response:
        """Delete the finished instances that match the filter."""
        if "createdTimeFrom" not in request.query:
            raise InvalidRequestError("createdTimeFrom is missing; give the time from which on to purge.")
        count = await self._engine.purge_by(instance_filter(request.query))
        return _deleted(count) if count else web.Response(status=404)

    async def raise_event(self, request: web.Request) -> web.Response:
        """Send an external event."""
        if request.content_type != "application/json":
            raise InvalidRequestError("Only application/json request content is supported")
        body = await json_body(request)
        instance_id = request.match_info["instance"]
        await self._engine.raise_event(instance_id, request.match_info["event"], body or "null")
        return web.Response(status=202)

    async def control(self, request: web.Request) -> web.Response:
        """Terminate, suspend or resume."""
        operation = {
            "terminate": self._engine.terminate,
            "suspend": self._engine.suspend,
            "resume": self._engine.resume,
        }[request.match_info["operation"]]
        await operation(request.match_info["instance"], request.query.get("reason", ""))
        return web.Response(status=202)

    async def rewind(self, request: web.Request) -> web.Response:
        """Refused."""
        await self._engine.rewind(request.match_info["instance"])
        return web.Response(status=202)

    async def entities(self, request: web.Request) -> web.Response:
        """Refused."""
        raise NotOfferedError(f"Durable entities are not offered by the local Functions host ({request.path}).")

    async def _payload(self, instance: Instance, request: web.Request) -> dict[str, Any]:
        query = request.query
        show_input = flag(query, "showInput", default=True)
        events = None
        if flag(query, "showHistory", default=False):
            events = history_events(
                await self._engine.history(instance.instance_id),
                show_input=show_input,
                show_output=flag(query, "showHistoryOutput", default=False),
            )
        return status_payload(instance, show_input=show_input, events=events)

    def _accepted(self, instance_id: str) -> web.Response:
        urls = self._links.management(instance_id)
        headers = {"Location": urls["statusQueryGetUri"], "Retry-After": _START_RETRY_SECONDS}
        return web.json_response(urls, status=202, headers=headers)


def _deleted(count: int) -> web.Response:
    return web.json_response({"instancesDeleted": count})
