"""Messages that can never work are set aside at once, with the reason, instead of failing five times without one."""

import logging
from datetime import UTC, datetime
from typing import Any

from azure.storage.queue import QueueServiceClient

from shared.contracts.messages import POISON, PoisonMessage
from shared.contracts.progress import cut
from shared.contracts.strict_json import read_json
from shared.errors import DependencyError, PreconditionFailedError, ProductError, ValidationError
from shared.observability.measurements import note_poison_message
from shared.storage.queues import send

log = logging.getLogger(__name__)

_PASSING = (DependencyError, PreconditionFailedError)

_MAX_BYTES = 48_000
"""A queue message may have 64 KiB, of which base64 takes a quarter."""

_KEPT_CHARACTERS = 3_500
"""What is kept of a message that does not fit, and of its error; a character may need six bytes in JSON."""


def is_final(error: ProductError) -> bool:
    """Whether trying again cannot help: nothing but the message itself, or what it names, can be changed."""
    return error.http_status < 500 and not isinstance(error, _PASSING)


def set_aside(queues: QueueServiceClient, queue: str, message_id: str, body: bytes, error: ProductError) -> None:
    """Put a message of `queue` with its error on the queue's poison queue; a long error is cut."""
    text = body.decode(errors="replace")
    poison = PoisonMessage(
        queue=queue,
        message_id=message_id,
        time=datetime.now(UTC),
        error=_told(error),
        message=_json_or_text(text),
    )
    if len(poison.to_text().encode()) > _MAX_BYTES:
        poison = poison.model_copy(update={"message": text[:_KEPT_CHARACTERS], "truncated": True})
    log.error("message %s of %s is set aside: %s", message_id, queue, error.message)
    note_poison_message(queue)
    send(queues, queue + POISON, poison)


def _told(error: ProductError) -> dict[str, Any]:
    told = {"code": error.code, "message": cut(error.message, _KEPT_CHARACTERS)}
    return told | ({"target": cut(error.target, _KEPT_CHARACTERS)} if error.target else {})


def _json_or_text(text: str) -> Any:
    """The text itself also where its JSON could not be written again: lone surrogates, numbers that are none."""
    try:
        return read_json(text.encode(), "the message")
    except ValidationError:
        return text
