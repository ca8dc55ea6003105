"""A queue message: the data for its function, and the lease on it while the function runs."""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.functions_host.worker.converters import Datum

log = logging.getLogger(__name__)


class UndecodableMessageError(ValueError):
    """The text of a message is not base64."""


def decode_body(text: str) -> bytes:
    """Return the bytes of a message.

    Raises:
        UndecodableMessageError: the text is not base64.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UndecodableMessageError(str(error)) from error


def trigger_metadata(message: QueueMessage, body: str) -> dict[str, Datum]:
    """Return the metadata that the trigger adds to the message.

    The top-level properties of a JSON object are added too. As in Azure, they override the trigger's own names.
    """
    return {
        "QueueTrigger": _text(body),
        "Id": _text(message.id or ""),
        "PopReceipt": _text(message.pop_receipt or ""),
        "DequeueCount": Datum(type="json", value=str(message.dequeue_count)),
        **_moment("InsertionTime", message.inserted_on),
        **_moment("ExpirationTime", message.expires_on),
        **_moment("NextVisibleTime", message.next_visible_on),
        **dict(_json_properties(body)),
    }


def _json_properties(body: str) -> Iterator[tuple[str, Datum]]:
    trimmed = body.strip()
    if not (trimmed.startswith("{") and trimmed.endswith("}")):
        return
    try:
        content: dict[str, Any] = json.loads(trimmed)
    except ValueError:
        return  # it only looks like JSON: no properties, no error
    for name, value in content.items():
        if isinstance(value, dict):
            yield name, Datum(type="json", value=json.dumps(value))
        elif value is not None and not isinstance(value, list):
            yield name, _text(str(value))


def _text(value: str) -> Datum:
    return Datum(type="string", value=value)


def _moment(name: str, value: datetime | None) -> dict[str, Datum]:
    if value is None:
        return {}
    return {name: Datum(type="json", value=json.dumps(value.isoformat(timespec="seconds")))}


MINIMUM_RENEWAL = timedelta(minutes=1)
# Another receiver took the message after its visibility ran out, or the message no longer exists.
_LOST = frozenset({"PopReceiptMismatch", "MessageNotFound", "QueueNotFound"})


class QueueLease:
    """The right to complete a message. It ends unless it is renewed.

    Args:
        client: client of the message's queue.
        message: as received.
        duration: how long the message is hidden by each renewal.
    """

    def __init__(self, client: QueueClient, message: QueueMessage, duration: timedelta) -> None:
        self.message = message
        self._client = client
        self._duration = duration
        self._pop_receipt: str = message.pop_receipt or ""

    async def keep(self) -> None:
        """Renew at half of the time until cancelled; twice as often after a failure. Runs while the function runs."""
        normal = self._duration / 2
        shortest = min(MINIMUM_RENEWAL, normal)
        interval = normal
        while True:
            await asyncio.sleep(interval.total_seconds())
            try:
                renewed = await self._update(self._duration)
                self._pop_receipt = renewed.pop_receipt or self._pop_receipt
                interval = normal
                log.debug("The lease of message %s was renewed", self.message.id)
            except AzureError as error:
                if _is_lost(error):
                    log.warning("Message %s was taken over by another receiver", self.message.id)
                    return
                log.warning("The lease of message %s could not be renewed: %s", self.message.id, error)
                interval = max(interval / 2, shortest)

    async def delete(self) -> None:
        """Complete the message. Do nothing if another receiver has it by now."""
        try:
            await self._client.delete_message(self.message.id, self._pop_receipt)
        except HttpResponseError as error:
            if not _is_lost(error):
                raise

    async def release(self, delay: timedelta) -> None:
        """Let the message reappear after `delay`."""
        try:
            await self._update(delay)
        except HttpResponseError as error:
            if not _is_lost(error):
                raise

    async def _update(self, hidden: timedelta) -> QueueMessage:
        seconds = int(hidden.total_seconds())
        return await self._client.update_message(self.message.id, self._pop_receipt, visibility_timeout=seconds)


def _is_lost(error: AzureError) -> bool:
    return isinstance(error, HttpResponseError) and getattr(error, "error_code", None) in _LOST
