"""Queue calls of the REST interface."""

import base64
from collections.abc import Callable, Mapping
from xml.etree import ElementTree

from scorer_container.node.storage.client import Response
from tests.simulation.storage.network import SENDER
from tests.simulation.storage.queues import Delivery
from tests.simulation.storage.server import Server

Call = tuple[str, Callable[[], Response]]


def queue_call(
    server: Server, method: str, path: str, query: Mapping[str, str], _headers: Mapping[str, str], body: bytes
) -> Call:
    """Return the name of a call, and the function that carries it out."""
    queues = server.queues
    name, _, rest = path.lstrip("/").partition("/")
    _, _, message = rest.partition("/")
    if not rest and query.get("comp") == "metadata" and method == "GET":
        return "count", lambda: Response(200, {"x-ms-approximate-messages-count": str(queues.count(name))}, b"")
    if not rest and method == "PUT":
        return "create queue", lambda: Response(201 if queues.create(name) else 204, {}, b"")
    seconds = float(query.get("visibilitytimeout", "30"))
    if not message and method == "GET":
        count = int(query.get("numofmessages", "1"))
        assert 1 <= count <= 32, "a receive takes 1 to 32 messages"
        return "receive", lambda: Response(200, {}, _xml(queues.receive(name, count, seconds, SENDER.get())))
    if not message and method == "POST":
        return "send", lambda: Response(201, {}, _sent(server, name, body))
    receipt = query["popreceipt"]
    if method == "PUT":
        return "renew" if seconds else "give back", lambda: Response(
            204, {"x-ms-popreceipt": queues.update(name, message, receipt, seconds, _text(body) if body else None)}, b""
        )
    assert method == "DELETE", f"{method} {path} is not simulated"
    return "delete", lambda: Response(204, {}, _deleted(server, name, message, receipt))


def _sent(server: Server, name: str, body: bytes) -> bytes:
    server.queues.send(name, _text(body))
    return b""


def _deleted(server: Server, name: str, message: str, receipt: str) -> bytes:
    server.queues.delete(name, message, receipt)
    return b""


def _text(body: bytes) -> str:
    return base64.b64decode(ElementTree.fromstring(body).findtext("MessageText") or "").decode()


def _xml(deliveries: list[Delivery]) -> bytes:
    messages = "".join(
        f"<QueueMessage><MessageId>{found.id}</MessageId><PopReceipt>{found.receipt}</PopReceipt>"
        f"<DequeueCount>{found.dequeues}</DequeueCount>"
        f"<MessageText>{base64.b64encode(found.text.encode()).decode()}</MessageText></QueueMessage>"
        for found in deliveries
    )
    return f"<QueueMessagesList>{messages}</QueueMessagesList>".encode()
