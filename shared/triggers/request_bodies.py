"""Limits of request bodies: nobody, with or without a token, makes the service parse more than it ever needs."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import ProductError, RequestTooLargeError, ValidationError
from shared.triggers.http_errors import error_response

MAX_BYTES = 1024 * 1024
"""Files go to storage directly; what a body describes is kept in a row of at most this size."""

MAX_DEPTH = 64
"""Of arrays and objects within each other."""

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class BodyLimits:
    """Reads the whole body, and answers itself when it is too large or too deep."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the body that was read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(receive)
            _check_depth(body)
        except ProductError as error:
            await error_response(error)(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, again, send)


async def _read(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BYTES:
            raise RequestTooLargeError(f"The body has more than {MAX_BYTES:,} bytes; upload files to a datastore")
    return bytes(body)


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_TEXT.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValidationError(f"The body has arrays and objects more than {MAX_DEPTH} deep")
