"""What the FastAPI apps of all HTTP surfaces have in common."""

import logging
import re
from collections.abc import Iterable

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import ProductError
from shared.studio.api_page import api_page
from shared.studio.rendering import api_document_page
from shared.triggers.http.framework.errors import error_response, install_error_handlers
from shared.triggers.http.framework.strict_requests import StrictRequests

_log = logging.getLogger(__name__)


def new_app(title: str, root: str, description: str) -> FastAPI:
    """An app below the path `/<root>`: its OpenAPI document at `/<root>/openapi.json`, readable at `/<root>/docs`."""
    document_url = f"/{root}/openapi.json"
    app = FastAPI(
        title=title,
        version="1",
        description=description,
        docs_url=None,
        openapi_url=document_url,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    install_error_handlers(app)
    app.add_middleware(_LastResort)
    app.add_middleware(StrictRequests)

    @app.get(f"/{root}/docs", include_in_schema=False)
    def read_document() -> HTMLResponse:
        """The OpenAPI document as a page; without a token, as it holds no data."""
        return HTMLResponse(api_document_page(api_page(app.openapi(), document_url)))

    return app


class _LastResort:
    """Answers 500 for an error that no handler knows.

    Starlette's own last resort raises it again behind the answer, which the Functions host turns into an empty one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
            _log.exception("unexpected error in %s %r", scope["method"], scope["path"])
            await error_response(ProductError("The service met an unexpected error; its log has the details"))(
                scope, receive, send
            )


PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACE = (
    f"/subscriptions/{{subscription}}/resourceGroups/{{resource_group}}/providers/{PROVIDER}/workspaces/{{workspace}}"
)

_STATIC_SEGMENT = re.compile(r"[^{}/]+")


class CanonicalPaths:
    """Gives the fixed segments of a path the spelling of the routes; names stay as they are.

    In an ARM path collections and names alternate, so the fixed segments are those at even positions, and the
    provider's namespace; surfaces of the data plane put two more fixed segments before it. A slash at the end is
    dropped.
    """

    def __init__(self, app: ASGIApp, templates: Iterable[str]) -> None:
        """`templates` are the path templates of all routes."""
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
