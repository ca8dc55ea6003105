"""Paths of the management API: matched in any case, answered in one spelling."""

import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

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
