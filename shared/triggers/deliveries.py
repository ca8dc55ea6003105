"""What becomes of messages that the queue triggers cannot work on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func
from azure.core.exceptions import AzureError

from shared.errors import as_problem
from shared.jobs.poison import set_aside
from shared.observability.measurements import note_poison_message
from shared.storage.account import StorageAccount

log = logging.getLogger(__name__)

MAX_DELIVERIES = 5
"""`extensions.queues.maxDequeueCount` of host.json: the host then sets the message aside by itself."""


@contextmanager
def delivered(account: StorageAccount, queue: str, message: func.QueueMessage) -> Iterator[None]:
    """Handle a message of `queue` inside. The last try that fails puts it on the poison queue, with the reason.

    Only where that fails as well the host does it, which knows no reason.
    """
    try:
        yield
    except Exception as error:
        if (message.dequeue_count or 0) < MAX_DELIVERIES:
            raise
        log.exception("message %s of %s failed at its last try", message.id, queue)
        try:
            set_aside(account.queues, queue, message.id or "", message.get_body(), as_problem(error))
        except AzureError:
            note_poison_message(queue)
            raise error from None
