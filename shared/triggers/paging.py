"""The way from one page of a list to the next: `nextLink`, and the continuations in its `$skiptoken`."""

import base64
import binascii
import json
from urllib.parse import quote, urlencode

from fastapi import Request

from shared.errors import ValidationError
from shared.settings import Settings

_KEYS = {"PartitionKey", "RowKey"}
"""Of a continuation of Table storage."""


def next_link(settings: Settings, request: Request, token: str) -> str:
    """The absolute link to the page that begins at `token`; it keeps the query of the request."""
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "$skiptoken"]
    return f"{settings.public_url}{quote(request.url.path)}?{urlencode([*query, ('$skiptoken', token)])}"


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
