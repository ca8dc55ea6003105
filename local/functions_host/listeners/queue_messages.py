"""Queue messages as functions see them."""

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from azure.storage.queue import QueueMessage

from local.functions_host.worker.converters import Datum


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
    """Return what the trigger adds to the message.

    The top-level properties of a JSON object are added too and win over the trigger's own names, as
    in Azure.
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
        return  # looks like JSON but is none: no properties, no error
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
