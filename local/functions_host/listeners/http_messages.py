"""An HTTP request as Azure's host hands it to the worker."""

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from aiohttp import web

from local.functions_host.app.functions import Outcome
from local.functions_host.worker.converters import Datum

log = logging.getLogger(__name__)

_ENCODED = re.compile(r"(%[0-9A-Fa-f]{2})")
_PATH_CHARACTERS = "/:@!$&'()*+,;=~-._"


def split_target(target: str) -> tuple[str, str]:
    """Return path (still encoded) and query (without `?`) of a request target."""
    if not target.startswith("/"):  # absolute form, as proxies send it
        target = "/" + target.partition("://")[2].partition("/")[2]
    path, _, query = target.partition("?")
    return path, query


def decode_path(path: str) -> str:
    """Return the path as routes see it: decoded except for `%2F`, and without dot segments."""
    decoded = unquote(re.sub("%2f", "%252F", path, flags=re.IGNORECASE))
    if "/." not in decoded:
        return decoded
    kept: list[str] = []
    segments = decoded.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    trailing = "/" if segments[-1] in (".", "..") and kept else ""
    return "/" + "/".join(kept) + trailing


def encode_path(path: str) -> str:
    """Return the path as the function's URL shows it. What is encoded already stays."""
    return "".join(
        part if _ENCODED.fullmatch(part) else quote(part, safe=_PATH_CHARACTERS) for part in _ENCODED.split(path)
    )


def query_values(query: str) -> dict[str, str]:
    """Return the query's values. Values of one key, in any case, are joined by `,`. Keys without value are dropped."""
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(names.setdefault(name.lower(), name), []).append(value)
    joined = {name: ",".join(parts) for name, parts in values.items()}
    return {name: value for name, value in joined.items() if value}


def header_values(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers with lower-case names. Repeated headers are joined by `,`."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    return {name: ",".join(parts) for name, parts in values.items()}


def request_datum(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    route: Mapping[str, str],
    body: bytes,
) -> Datum:
    """Return the data of an HTTP trigger."""
    return Datum(
        type="http",
        value={
            "method": _text(method),
            "url": _text(url),
            "headers": _texts(headers),
            "query": _texts(query),
            "params": _texts(route),
            "body": Datum(type="bytes", value=body),
        },
    )


def _text(value: str) -> Datum:
    return Datum(type="string", value=value)


def _texts(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: _text(value) for name, value in values.items()}


# The server computes these from the body that it sends.
_SERVER_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


def response_of(outcome: Outcome) -> web.Response:
    """Return the response of the function, or 500 without a body if it failed or made none."""
    if not outcome.succeeded:
        return web.Response(status=500)
    datum = outcome.return_value
    if not isinstance(datum, Datum) or datum.type != "http":
        log.error("An HTTP function returned no azure.functions.HttpResponse; the local host supports nothing else")
        return web.Response(status=500)
    return _response(datum.value)


def _response(value: dict[str, Any]) -> web.Response:
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value)
    for name, header in value["headers"].items():
        if name.lower() not in _SERVER_HEADERS:
            response.headers[name] = header.value
    for cookie in value.get("cookies") or ():
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response
