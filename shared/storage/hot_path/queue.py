"""One queue, for the calls that each task makes."""

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from shared.storage.hot_path.errors import HotPathError, LeaseLostError, QueueGoneError, StorageRefusedError
from shared.storage.hot_path.transport import Response, Transport

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


class HotQueue:
    """A queue whose messages are base64 text (host.json's `messageEncoding`)."""

    def __init__(self, transport: Transport, name: str) -> None:
        """`transport` leads to the account's queue service."""
        self._transport = transport
        self.name = name
        self._path = f"/{quote(name)}"

    def receive(self, count: int, visibility_seconds: int) -> list[Received]:
        """Receive up to `count` (1 to 32) messages and hide them for `visibility_seconds`. Raises QueueGoneError."""
        target = f"{self._path}/messages?numofmessages={count}&visibilitytimeout={visibility_seconds}"
        response = self._expect(200, self._transport.request("GET", target))
        try:
            # The XML comes from the storage account itself, over the connection that we opened.
            root = ElementTree.fromstring(response.data)  # noqa: S314
        except ElementTree.ParseError as error:  # something between us and storage answered
            raise StorageRefusedError(
                f"queue {self.name}: the answer is not XML: {error}", status=response.status, storage_code=""
            ) from error
        return [_message(element) for element in root.iter("QueueMessage")]

    def renew(self, message: Received, visibility_seconds: int, text: str | None = None) -> None:
        """Hide `message` for `visibility_seconds` from now (0 gives it back). Raises LeaseLostError.

        `text` replaces the message's text.
        """
        target = f"{self._message_path(message)}&visibilitytimeout={visibility_seconds}"
        body = None if text is None else _ENVELOPE % base64.b64encode(text.encode())
        headers = {"Content-Length": str(len(body or b""))}
        response = self._expect(204, self._transport.request("PUT", target, headers=headers, body=body))
        message.pop_receipt = response.headers["x-ms-popreceipt"]

    def delete(self, message: Received) -> None:
        """Delete `message` for good. Raises LeaseLostError."""
        self._expect(204, self._transport.request("DELETE", self._message_path(message)))

    def exists(self) -> bool:
        """Return whether the queue exists."""
        try:
            self._expect(200, self._transport.request("GET", f"{self._path}?comp=metadata"))
        except QueueGoneError:
            return False
        return True

    def _message_path(self, message: Received) -> str:
        return f"{self._path}/messages/{message.id}?popreceipt={quote(message.pop_receipt, safe='')}"

    def _expect(self, status: int, response: Response) -> Response:
        if response.status == status:
            return response
        raise self._error(response)

    def _error(self, response: Response) -> HotPathError:
        code = response.headers.get("x-ms-error-code", "")
        if code in _LOST:
            return LeaseLostError(f"queue {self.name}: the message is no longer ours ({code})")
        if code in _GONE or response.status == 404:
            return QueueGoneError(f"queue {self.name} does not exist")
        return StorageRefusedError(
            f"queue {self.name}: HTTP {response.status} {code}".rstrip(), status=response.status, storage_code=code
        )


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
