"""One received message while its function runs: renewed, then deleted, released or sent to the poison queue."""

import asyncio
import logging
from datetime import timedelta

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

log = logging.getLogger(__name__)

MINIMUM_RENEWAL = timedelta(minutes=1)
# The message was taken by somebody else after its visibility ran out, or is already gone.
_LOST = frozenset({"PopReceiptMismatch", "MessageNotFound", "QueueNotFound"})


class QueueLease:
    """The right to complete a message, which lapses unless it is renewed.

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
        """Renew for ever at half time, twice as often after a failure; run it beside the function and cancel it."""
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
        """Complete the message; nothing happens when somebody else has it by now."""
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
