"""The way from one page of a list to the next: `nextLink`, and the continuations in its `$skiptoken`."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Request

from shared.errors import Problems, ValidationError
from shared.isolation import isolated
from shared.settings import Settings


class HasName(Protocol):
    """What lists have."""

    @property
    def name(self) -> str:
        """What users call it."""
        ...


Named = TypeVar("Named", bound=HasName)

_KEYS = {"PartitionKey", "RowKey"}
"""Of a continuation of Table storage."""


def next_link(settings: Settings, request: Request, token: str) -> str:
    """The absolute link to the page that begins at `token`; it keeps the query of the request."""
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "$skiptoken"]
    return f"{settings.public_url}{quote(request.url.path)}?{urlencode([*query, ('$skiptoken', token)])}"


def page_content(
    items: Iterable[Named], content: Callable[[Named], dict[str, Any]], link: str | None, problems: Problems
) -> dict[str, Any]:
    """A page of a list; `warnings` tell what of it cannot be shown, which does not hide the rest."""
    value = list[dict[str, Any]]()
    for item in items:
        with isolated(item.name, problems):
            value.append(content(item))
    warnings = {"warnings": [problem.as_arm_error() for problem in problems]} if problems else {}
    return {"value": value, "nextLink": link, **warnings}


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
