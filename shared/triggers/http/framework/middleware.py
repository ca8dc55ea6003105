"""The middleware of the apps: strict reading of requests, the canonical spelling of paths, and the last resort.

Nobody, with or without a token, can make the service parse more than it needs. Text that passes here can be stored:
the routes and everything behind them need not check again.
"""

import logging
import re
from collections.abc import Iterable
from urllib.parse import unquote, unquote_to_bytes

import azure.functions as func
from azure.functions._http_asgi import AsgiRequest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.names import first_repeated
from shared.contracts.strict_json import read_json
from shared.errors import MediaTypeError, ProductError, RequestTooLargeError, ValidationError
from shared.triggers.http.framework.errors import error_response
from shared.triggers.http.framework.route_actions import PROVIDER

log = logging.getLogger(__name__)

MAX_BYTES = 1024 * 1024
"""The most bytes of a body. Files go to storage directly; what a body describes must fit into a row of this size."""

PAGING = ("$top", "$skiptoken", "$orderBy")
"""The supported query parameters that begin with `$`."""

_STATIC_SEGMENT = re.compile(r"[^{}/]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PRINTABLE = re.compile(r"[\x20-\x7e]{0,1000}")

_PLAIN_HEADERS = ("repeatability_request-id", "azureml-model-deployment", "if-match", "if-none-match")
"""Headers that the routes read as text. HTTP defines no encoding of headers beyond ASCII (RFC 9110, 5.5)."""


class StrictRequests:
    """Reads the whole request, and refuses it if something in it is not valid."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, and pass it on with the body that was read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            check_path(scope["path"])
            check_query(scope["query_string"])
            check_headers(Headers(scope=scope))
            body = await _read(receive)
            if body.strip():
                read_json(body, "The body")
        except ProductError as error:
            await error_response(error)(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, again, send)


class LastResort:
    """Answers 500 for an error without a handler.

    Starlette's own last resort raises the error again after its answer, and the Functions host then sends an empty one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer an error that no handler has answered."""
        started = False

        async def tracking(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, tracking)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("unexpected error in %s %r", scope["method"], scope["path"])
            await error_response(ProductError("The service met an unexpected error; its log has the details"))(
                scope, receive, send
            )


class CanonicalPaths:
    """Gives the fixed segments of a path the spelling of the routes. Names stay as they are.

    Collections and names alternate in an ARM path: the fixed segments are at even positions, and the provider's
    namespace is one too. Apps of the data plane have two more fixed segments in front. A slash at the end is dropped.
    """

    def __init__(self, app: ASGIApp, templates: Iterable[str]) -> None:
        """Take the spelling from `templates`, the path templates of all routes."""
        self._app = app
        segments = {segment for template in templates for segment in template.split("/")}
        self._spelling = {segment.lower(): segment for segment in segments if _STATIC_SEGMENT.fullmatch(segment)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its canonical path."""
        if scope["type"] == "http":
            path = self._canonical(scope["path"])
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)

    def _canonical(self, path: str) -> str:
        segments = path.strip("/").split("/")
        spelled = [
            self._spelling.get(segment.lower(), segment) if position % 2 == 0 or _is_provider(segment) else segment
            for position, segment in enumerate(segments)
        ]
        return "/" + "/".join(spelled)


def _is_provider(segment: str) -> bool:
    return segment.lower() == PROVIDER.lower()


def check_path(path: str) -> None:
    """Raise ValidationError for a path with characters that no name has."""
    if _CONTROL.search(path) or "\\" in path:
        raise ValidationError(f"The path {path!r} is not valid: it has a backslash or a control character")


def check_query(query: bytes) -> None:
    """Raise ValidationError unless each parameter is given once, in UTF-8, and is supported."""
    names = [_text(part.partition("=")[0]) for part in query.decode("latin-1").split("&") if part]
    for part in query.decode("latin-1").split("&"):
        if _CONTROL.search(_text(part.partition("=")[2])):
            raise ValidationError("The query is not valid: a parameter has a control character")
    if (twice := first_repeated(names)) is not None:
        raise ValidationError(f"The query has {twice!r} more than once; give it once", target=twice)
    for name in names:
        if name.startswith("$") and name not in PAGING:
            raise ValidationError(
                f"The query parameter {name!r} is not supported: use {', '.join(PAGING)}; pages follow nextLink",
                target=name,
            )


def check_headers(headers: Headers) -> None:
    """Raise ValidationError for a header that is not ASCII, MediaTypeError for a compressed body."""
    for name in _PLAIN_HEADERS:
        for value in headers.getlist(name):
            if not _PRINTABLE.fullmatch(value):
                raise ValidationError(f"The header {name} is not valid: use up to 1,000 characters of ASCII")
    packed = headers.get("content-encoding", "identity").strip().lower()
    if packed not in {"", "identity"}:
        raise MediaTypeError(f"The body is packed with {packed!r}: send it as it is, without Content-Encoding")


def check_transport(request: func.HttpRequest) -> None:
    """Raise ValidationError for a request that ASGI cannot carry, or would carry changed.

    ASGI would split a name at a slash inside it (`%2F`). No name of this service has one.
    """
    try:
        AsgiRequest(request).to_asgi_http_scope()
    except ValueError:  # also UnicodeError
        raise ValidationError("The request is not valid: its address or a header is not UTF-8, or no address") from None
    if "%2f" in request.url.partition("?")[0].lower():
        raise ValidationError("The path is not valid: a name has a slash (%2F)")


def _text(encoded: str) -> str:
    """Decode a part of the query. Raise ValidationError if it is not UTF-8."""
    try:
        unquote_to_bytes(encoded.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise ValidationError("The query is not valid: a parameter is not UTF-8") from None
    return unquote(encoded.replace("+", " "))


async def _read(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BYTES:
            raise RequestTooLargeError(f"The body has more than {MAX_BYTES:,} bytes; upload files to a datastore")
    return bytes(body)
