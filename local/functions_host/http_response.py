"""The HTTP answer that Azure's host makes of a function's outcome."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from local.functions_host.converters import Datum
from local.functions_host.functions import HTTP_OUTPUT, RETURN_BINDING, FunctionRecord
from local.functions_host.invocation import Outcome

# The server computes these from the body that it sends.
_SERVER_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


def response_of(function: FunctionRecord, outcome: Outcome) -> web.Response:
    """200 and more as the function says; 500 without a body when it failed, 204 when it has no output."""
    if not outcome.succeeded:
        return web.Response(status=500)
    datum = _output(function, outcome)
    if datum is None or datum.type is None:
        return web.Response(status=204)
    if datum.type == "http":
        return _described_by_function(datum.value)
    return _described_by_text(datum)


def _output(function: FunctionRecord, outcome: Outcome) -> Any:
    for binding in function.outputs:
        if binding.type == HTTP_OUTPUT:
            is_return = binding.name == RETURN_BINDING
            return outcome.return_value if is_return else outcome.outputs.get(binding.name)
    return None


def _described_by_function(value: dict[str, Any]) -> web.Response:
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value)
    for name, header in value["headers"].items():
        if name.lower() not in _SERVER_HEADERS:
            response.headers[name] = header.value
    for cookie in value.get("cookies") or ():
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response


def _described_by_text(datum: Datum) -> web.Response:
    text = datum.value.decode(errors="replace") if datum.type == "bytes" else str(datum.value)
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or not any(key.lower() == "body" for key in content):
        return web.Response(text=text)
    described = {key.lower(): value for key, value in content.items()}
    body = described["body"]
    status = described.get("statuscode", described.get("status", 200))
    headers = described.get("headers")
    return web.Response(
        status=int(status),
        headers={name: str(value) for name, value in headers.items()} if isinstance(headers, dict) else None,
        body=(body if isinstance(body, str) else json.dumps(body)).encode(),
    )
