"""Set aside messages that can never work: at once and with the reason, not after five failures and without one."""

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

PASSING = (DependencyError, PreconditionFailedError)
"""Errors that may be gone at the next try."""

_MAX_BYTES = 48_000
"""The most bytes of a message here. A queue message may have 64 KiB, and base64 takes a quarter of them."""

_KEPT_CHARACTERS = 3_500
"""Characters of a long message, and of its error, that are kept. A character may need six bytes in JSON."""


def is_final(error: ProductError) -> bool:
    """Return whether a retry cannot help, because the message itself or what it names must change."""
    return error.http_status < 500 and not isinstance(error, PASSING)


def set_aside(queues: QueueServiceClient, queue: str, message_id: str, body: bytes, error: ProductError) -> None:
    """Put a message of `queue` on its poison queue, together with the error. A long error is cut."""
    text = body.decode(errors="replace")
    poison = PoisonMessage(
        queue=queue,
        message_id=message_id,
        time=datetime.now(UTC),
        error=_error_content(error),
        message=_json_or_text(text),
    )
    if len(poison.to_text().encode()) > _MAX_BYTES:
        poison = poison.model_copy(update={"message": text[:_KEPT_CHARACTERS], "truncated": True})
    log.error("message %s of %s is set aside: %s", message_id, queue, error.message)
    note_poison_message(queue)
    send(queues, queue + POISON, poison)


def _error_content(error: ProductError) -> dict[str, Any]:
    content = {"code": error.code, "message": cut(error.message, _KEPT_CHARACTERS)}
    return content | ({"target": cut(error.target, _KEPT_CHARACTERS)} if error.target else {})


def _json_or_text(text: str) -> Any:
    """Return the parsed JSON, or the text if it cannot be written as JSON again: lone surrogates, NaN."""
    try:
        return read_json(text.encode(), "the message")
    except ValidationError:
        return text
