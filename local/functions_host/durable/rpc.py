"""The durable management API over HTTP: the requests of the SDK's client that the application makes."""

import hmac
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import quote

from aiohttp import web

from local.functions_host.durable.engine import DurableEngine
from local.functions_host.durable.hub.errors import DurableError, InvalidRequestError, NotOfferedError
from local.functions_host.durable.hub.rows import Instance

RPC_PATH = "/durabletask"
"""The path of the API on the host's loopback listener."""

Handler = Callable[[web.Request], Awaitable[web.Response]]

_WORKER = "worker"


@dataclass(frozen=True)
class DurableLinks:
    """The address and key with which the SDK's client reaches the engine.

    Attributes:
        rpc_url: origin of the host's loopback RPC listener, such as `http://127.0.0.1:17071`.
        system_key: the key that the client sends as the password in its URL.
        task_hub: name of the task hub.
    """

    rpc_url: str
    system_key: str
    task_hub: str = "LocalTaskHub"

    def __repr__(self) -> str:
        return f"DurableLinks(rpc_url={self.rpc_url!r})"

    @property
    def rpc_base_url(self) -> str:
        """Base of the client's URLs, to which it adds paths and queries. The key is in front of the host."""
        scheme, host = self.rpc_url.split("://")
        return f"{scheme}://{_WORKER}:{quote(self.system_key, safe='')}@{host}{RPC_PATH}/"

    @property
    def rpc_authorization(self) -> str:
        """The header `Authorization` that HTTP clients make from `rpc_base_url`."""
        return f"Basic {b64encode(f'{_WORKER}:{self.system_key}'.encode()).decode()}"


def client_binding(links: DurableLinks) -> str:
    """Return the value of a `durableClient` input binding as JSON text."""
    return json.dumps(
        {"taskHubName": links.task_hub, "creationUrls": {}, "managementUrls": {}, "rpcBaseUrl": links.rpc_base_url}
    )


def rpc_routes(engine: DurableEngine, links: DurableLinks) -> list[web.RouteDef]:
    """Return the routes under `/durabletask/` for the host's RPC listener."""
    api = _Api(engine)
    one = RPC_PATH + "/instances/{instance}"
    table: list[tuple[str, str, Handler]] = [
        ("POST", RPC_PATH + "/orchestrators/{name}", api.start),
        ("POST", RPC_PATH + "/orchestrators/{name}/{instance}", api.start),
        ("GET", one, api.status),
        ("DELETE", one, api.purge),
        ("POST", one + "/raiseEvent/{event}", api.raise_event),
        ("*", RPC_PATH + "/{rest:.*}", api.refuse),
    ]
    return [web.route(method, route, _guarded(_answered(handler), links)) for method, route, handler in table]


def _guarded(handler: Handler, links: DurableLinks) -> Handler:
    """Answer 401 to requests without the key."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, links.rpc_authorization.encode()):
            return web.Response(status=401)
        return await handler(request)

    return guarded


def _answered(handler: Handler) -> Handler:
    """Answer an error of the engine as the extension does."""

    @wraps(handler)
    async def answered(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except DurableError as error:
            return _error(error)

    return answered


def _error(error: DurableError) -> web.Response:
    if error.status == 404:
        return web.Response(status=404)  # the SDK reads any body as an instance
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
    def __init__(self, engine: DurableEngine) -> None:
        self._engine = engine

    async def start(self, request: web.Request) -> web.Response:
        """Start an instance."""
        instance_id = await self._engine.start_new(
            request.match_info["name"],
            request.match_info.get("instance"),
            await _json_body(request),
            request.query.get("version", ""),
        )
        return web.json_response({"id": instance_id}, status=202)

    async def status(self, request: web.Request) -> web.Response:
        """Show one instance: 200 once it is finished, 202 before."""
        instance = await self._engine.instance(request.match_info["instance"])
        return web.json_response(_status(instance), status=200 if instance.status.finished else 202)

    async def purge(self, request: web.Request) -> web.Response:
        """Delete one finished instance."""
        await self._engine.purge(request.match_info["instance"])
        return web.json_response({"instancesDeleted": 1})

    async def raise_event(self, request: web.Request) -> web.Response:
        """Send an external event."""
        if request.content_type != "application/json":
            raise InvalidRequestError("Only application/json request content is supported")
        body = await _json_body(request)
        await self._engine.raise_event(request.match_info["instance"], request.match_info["event"], body or "null")
        return web.Response(status=202)

    async def refuse(self, request: web.Request) -> web.Response:
        """Refuse every other operation by its name."""
        raise NotOfferedError(f"{request.method} {request.path} is not offered by the local Functions host.")


async def _json_body(request: web.Request) -> str | None:
    """Return the body as JSON text, or None if it is empty.

    Raises:
        InvalidRequestError: the body is not JSON.
    """
    body = await request.read()
    if not body.strip():
        return None
    try:
        value: Any = json.loads(body)
    except ValueError as error:
        raise InvalidRequestError(f"Invalid JSON content: {error}.") from error
    return json.dumps(value)


def _status(instance: Instance) -> dict[str, Any]:
    return {
        "name": instance.name,
        "instanceId": instance.instance_id,
        "runtimeStatus": instance.status.value,
        "input": _value(instance.input_json),
        "customStatus": _value(instance.custom_status_json),
        "output": _value(instance.output),
        "createdTime": _seconds(instance.created),
        "lastUpdatedTime": _seconds(instance.updated),
    }


def _value(text: str | None) -> Any:
    """Return the parsed JSON text, or the text itself if it is not JSON: the reason of a failure is plain text."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
