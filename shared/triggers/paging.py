"""Continuation tokens of lists, as they travel in `$skiptoken`."""

import base64
import binascii
import json

from shared.errors import ValidationError

_KEYS = {"PartitionKey", "RowKey"}
"""Of a continuation of Table storage."""


def skip_token(continuation: dict[str, str]) -> str:
    """The text of a continuation."""
    return base64.urlsafe_b64encode(json.dumps(continuation).encode()).decode()


def continuation_of(token: str | None) -> dict[str, str] | None:
    """The continuation in a token; raises ValidationError when it is none of ours."""
    if not token:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.keys() != _KEYS:
        raise ValidationError("$skiptoken is not valid: use the nextLink of the page before", target="$skiptoken")
    return {str(key): str(part) for key, part in value.items()}
