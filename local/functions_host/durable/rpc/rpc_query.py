"""Reads the query strings and bodies of the durable management API."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from local.functions_host.durable.hub.errors import InvalidRequestError
from local.functions_host.durable.hub.history import from_text
from local.functions_host.durable.hub.rows import InstanceFilter, RuntimeStatus

_UNUSED_STATUSES = ("Unknown", "ContinuedAsNew", "Canceled")
"""Names that clients may ask for and that no instance has."""

_STATUSES = {name.casefold(): name for name in (*RuntimeStatus, *_UNUSED_STATUSES)}


def flag(query: Mapping[str, str], name: str, *, default: bool) -> bool:
    """A boolean parameter.

    Raises:
        InvalidRequestError: neither `true` nor `false`.
    """
    text = query.get(name, str(default)).casefold()
    if text not in {"true", "false"}:
        raise InvalidRequestError(f"{name}={query[name]!r} is not a boolean; give true or false.")
    return text == "true"


def number(query: Mapping[str, str], name: str) -> float | None:
    """A number that is not negative, or None when it is not given.

    Raises:
        InvalidRequestError: not such a number.
    """
    text = query.get(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise InvalidRequestError(f"{name}={text!r} is not a number of at least 0.")
    return value


def instance_filter(query: Mapping[str, str]) -> InstanceFilter:
    """The filter of a list or a purge.

    Raises:
        InvalidRequestError: a value that cannot be read.
    """
    top = number(query, "top")
    return InstanceFilter(
        created_from=_moment(query, "createdTimeFrom"),
        created_to=_moment(query, "createdTimeTo"),
        statuses=_statuses(query.get("runtimeStatus", "")),
        prefix=query.get("instanceIdPrefix", ""),
        top=int(top) if top else None,
    )


async def json_body(request: web.Request) -> str | None:
    """JSON text of the body, or None when there is none.

    Raises:
        InvalidRequestError: the body is not JSON.
    """
    body = await request.read()
    if not body.strip():
        return None
    try:
        value: Any = json.loads(body)
    except ValueError as error:
        raise InvalidRequestError(f"Invalid JSON content: {error}.") from error
    return json.dumps(value)


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return from_text(text)
    except ValueError as error:
        raise InvalidRequestError(f"{name}={text!r} is not an ISO 8601 time.") from error


def _statuses(text: str) -> list[str] | None:
    if not text:
        return None
    found = []
    for word in text.split(","):
        status = _STATUSES.get(word.strip().casefold())
        if status is None:
            accepted = ", ".join(_STATUSES.values())
            raise InvalidRequestError(f"runtimeStatus {word!r} is unknown; accepted are {accepted}.")
        found.append(status)
    return found
