"""Queues: created on first use, base64 JSON messages as the Functions host expects them."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import (
    QueueClient,
    QueueMessage,
    QueueServiceClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

from shared.contracts.messages import Message

NEVER = -1
"""Time to live of our messages: they never expire, and are deleted when the work is done."""


def queue_client(service: QueueServiceClient, name: str) -> QueueClient:
    """Return a client of queue `name` that encodes as host.json's `messageEncoding` says."""
    return service.get_queue_client(
        name,
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
    )


def ensure_queue(service: QueueServiceClient, name: str) -> QueueClient:
    """Return the queue, after creating it if it is missing."""
    client = queue_client(service, name)
    with suppress(ResourceExistsError):
        client.create_queue()
    return client


def send(service: QueueServiceClient, name: str, message: Message, *, delay_seconds: int = 0) -> None:
    """Put `message` on queue `name`, which is created if it is missing. The message appears after the delay."""
    client = queue_client(service, name)
    try:
        client.send_message(message.to_text(), time_to_live=NEVER, visibility_timeout=delay_seconds)
    except ResourceNotFoundError:
        client = ensure_queue(service, name)
        client.send_message(message.to_text(), time_to_live=NEVER, visibility_timeout=delay_seconds)


def send_all(client: QueueClient, messages: Iterable[Message]) -> None:
    """Put all messages on an existing queue, in order."""
    for message in messages:
        client.send_message(message.to_text(), time_to_live=NEVER)


def message_count(service: QueueServiceClient, name: str) -> int | None:
    """Return the number of messages on the queue, including hidden ones; None if the queue does not exist."""
    try:
        return int(queue_client(service, name).get_queue_properties().approximate_message_count or 0)
    except ResourceNotFoundError:
        return None


def delete_queue(service: QueueServiceClient, name: str) -> None:
    """Delete the queue with its messages, if it exists."""
    with suppress(ResourceNotFoundError):
        queue_client(service, name).delete_queue()


def remove_matching(service: QueueServiceClient, name: str, unwanted: Callable[[str], bool]) -> int:
    """Delete the visible messages for which `unwanted` is true, and return their number. Put the others back."""
    client = queue_client(service, name)
    removed, kept = 0, list[QueueMessage]()
    with suppress(ResourceNotFoundError):
        while batch := list(client.receive_messages(max_messages=32, visibility_timeout=60)):
            for message in batch:
                if unwanted(message.content):
                    client.delete_message(message)
                    removed += 1
                else:
                    kept.append(message)
        for message in kept:
            client.update_message(message, visibility_timeout=0)
    return removed
