"""One queue, for the calls that each task makes."""

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Response
from scorer_container.node.storage.errors import LeaseLostError, QueueGoneError, StorageError, StorageRefusedError
from shared.storage.queues import NEVER

_ENVELOPE = b"<QueueMessage><MessageText>%s</MessageText></QueueMessage>"
_LOST = frozenset({"MessageNotFound", "PopReceiptMismatch"})
_GONE = frozenset({"QueueNotFound", "QueueBeingDeleted", "QueueDisabled"})


@dataclass
class Received:
    """A message that we hold until its lease ends."""

    id: str
    pop_receipt: str
    """Changes with each renewal."""
    dequeue_count: int
    """How often the message was received, this time included."""
    text: str
    """Decoded from base64. A text that is not base64 stays as it is."""


class Queue:
    """A queue whose messages are base64 text (host.json's `messageEncoding`)."""

    def __init__(self, calls: Calls, name: str) -> None:
        """`calls` leads to the account's queue service."""
        self._calls = calls
        self.name = name
        self._path = f"/{quote(name)}"

    async def receive(self, count: int, visibility_seconds: int) -> list[Received]:
        """Receive up to `count` (1 to 32) messages and hide them for `visibility_seconds`; raises QueueGoneError."""
        target = f"{self._path}/messages?numofmessages={count}&visibilitytimeout={visibility_seconds}"
        response = self._expect(200, await self._calls.request("GET", target))
        try:
            # The XML comes from the storage account itself, over the connection that we opened.
            root = ElementTree.fromstring(response.body)  # noqa: S314
        except ElementTree.ParseError as error:  # something between us and storage answered
            raise StorageRefusedError(
                f"queue {self.name}: the answer is not XML: {error}", status=response.status, storage_code=""
            ) from error
        return [_message(element) for element in root.iter("QueueMessage")]

    async def renew(self, message: Received, visibility_seconds: int, text: str | None = None) -> None:
        """Hide `message` for `visibility_seconds` from now (0 gives it back). `text` replaces the message's text.

        The call is tried once, as its caller knows how long the lease still holds. After StorageUnavailableError the
        receipt may be stale. Raises LeaseLostError and QueueGoneError, too.
        """
        target = f"{self._message_path(message)}&visibilitytimeout={visibility_seconds}"
        body = None if text is None else _enveloped(text)
        response = self._expect(204, await self._calls.request_once("PUT", target, body=body))
        message.pop_receipt = response.headers["x-ms-popreceipt"]

    async def delete(self, message: Received) -> None:
        """Delete `message` for good; raises LeaseLostError."""
        self._expect(204, await self._calls.request("DELETE", self._message_path(message)))

    async def send(self, text: str) -> None:
        """Put a message on the queue, which is made if it is missing; raises QueueGoneError if that is not allowed."""
        target = f"{self._path}/messages?messagettl={NEVER}"
        response = await self._calls.request("POST", target, body=_enveloped(text))
        if response.status == 404 and await self._is_made():
            response = await self._calls.request("POST", target, body=_enveloped(text))
        self._expect(201, response)

    async def exists(self) -> bool:
        """Return whether the queue is there."""
        try:
            self._expect(200, await self._calls.request("GET", f"{self._path}?comp=metadata"))
        except QueueGoneError:
            return False
        return True

    async def _is_made(self) -> bool:
        """Make the queue if the node may: in Azure it may not, as the deployment makes all."""
        return (await self._calls.request("PUT", self._path)).status in {201, 204}

    def _message_path(self, message: Received) -> str:
        return f"{self._path}/messages/{message.id}?popreceipt={quote(message.pop_receipt, safe='')}"

    def _expect(self, status: int, response: Response) -> Response:
        if response.status == status:
            return response
        raise self._error(response)

    def _error(self, response: Response) -> StorageError:
        code = response.headers.get("x-ms-error-code", "")
        if code in _LOST:
            return LeaseLostError(f"queue {self.name}: the message is no longer ours ({code})")
        if code in _GONE or response.status == 404:
            return QueueGoneError(f"queue {self.name} does not exist")
        return StorageRefusedError(
            f"queue {self.name}: HTTP {response.status} {code}".rstrip(), status=response.status, storage_code=code
        )


def _enveloped(text: str) -> bytes:
    return _ENVELOPE % base64.b64encode(text.encode())


def _message(element: ElementTree.Element) -> Received:
    text = element.findtext("MessageText") or ""
    with suppress(binascii.Error, UnicodeDecodeError):  # the parser will say what is wrong with it
        text = base64.b64decode(text, validate=True).decode()
    return Received(
        id=element.findtext("MessageId") or "",
        pop_receipt=element.findtext("PopReceipt") or "",
        dequeue_count=int(element.findtext("DequeueCount") or 0),
        text=text,
    )
