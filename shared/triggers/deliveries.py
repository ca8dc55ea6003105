"""What the queue triggers note of the messages that they are given."""

from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func

from shared.observability.measurements import note_poison_message

MAX_DELIVERIES = 5
"""`extensions.queues.maxDequeueCount` of host.json: the host then sets the message aside by itself."""


@contextmanager
def delivered(queue: str, message: func.QueueMessage) -> Iterator[None]:
    """Handling a message of `queue` inside; the last try that fails makes it a poison message."""
    try:
        yield
    except Exception:
        if (message.dequeue_count or 0) >= MAX_DELIVERIES:
            note_poison_message(queue)
        raise
