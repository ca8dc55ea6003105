"""The REST interface of the simulated account: what `Client` of the node's storage calls needs."""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

from scorer_container.node.storage.client import Body, Client, Response
from scorer_container.node.storage.errors import NoAnswerError
from tests.simulation.storage.errors import Silence, StorageFault
from tests.simulation.storage.network import Network
from tests.simulation.storage.rest_blobs import blob_call
from tests.simulation.storage.rest_queues import queue_call
from tests.simulation.storage.rest_tables import table_call
from tests.simulation.storage.server import Server

URLS = {service: f"http://{service}.storage.test" for service in ("blob", "queue", "table")}
CONNECTION_STRING = ";".join(
    [*(f"{name.capitalize()}Endpoint={url}" for name, url in URLS.items()), "SharedAccessSignature=sv=1&sig=none"]
)
_CALLS: Mapping[str, Callable[..., tuple[str, Callable[[], Response]]]] = {
    "blob": blob_call,
    "queue": queue_call,
    "table": table_call,
}


class RestClient:
    """The client of one service. The current actor is who calls."""

    def __init__(self, url: str, server: Server, network: Network) -> None:
        self.url = url
        self._service = (urlsplit(url).hostname or "").partition(".")[0]
        self._server, self._network = server, network

    async def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body,
        timeout: float,  # noqa: ASYNC109 - the interface of `Client`
    ) -> Response:
        """Send a request; raise NoAnswerError."""
        assert all(name == name.lower() for name in headers), f"names of headers must be in lower case: {headers}"
        path, _, query = target.partition("?")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        name, work = _CALLS[self._service](self._server, method, unquote(path), asked, headers, _content(headers, body))
        try:
            return await self._network.call(name, work, timeout, path)
        except StorageFault as fault:
            return refusal(fault)
        except Silence as silence:
            raise NoAnswerError(f"{method} {path}: {silence}") from None

    async def download(
        self,
        target: str,
        headers: Mapping[str, str],
        into: BinaryIO,
        timeout: float,  # noqa: ASYNC109 - as above
    ) -> Response:
        """Send a GET and write the body of a 200 answer to `into`."""
        response = await self.request("GET", target, headers, None, timeout)
        if response.status != 200:
            return response
        into.seek(0)
        into.truncate()
        into.write(response.body)
        return Response(response.status, response.headers, b"")

    async def close(self) -> None:
        """Do nothing: there are no connections."""


def connector(server: Server, network: Network) -> Callable[[str, bool], Client]:
    """Return what `Account` of the node takes as `connect`."""
    return lambda url, _guarded: RestClient(url, server, network)


def refusal(fault: StorageFault) -> Response:
    """Return the answer that carries a fault. The table service has the code in the body."""
    body = f'{{"odata.error":{{"code":"{fault.code}"}}}}'.encode()
    return Response(fault.status, {"x-ms-error-code": fault.code}, body)


def _content(headers: Mapping[str, str], body: Body) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    body.seek(0)
    content: Any = body.read(int(headers["content-length"]))
    return bytes(content)
