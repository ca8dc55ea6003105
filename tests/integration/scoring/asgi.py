"""Requests to an ASGI app as a host hands them over: whatever stands in them, no client refuses to send it."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.types import Message


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def message(self) -> str:
        """Of an error in ARM's envelope."""
        error = json.loads(self.body).get("error", {"message": ""})
        return str(error["message"])


async def ask(
    app: FastAPI,
    method: str,
    path: str,
    *,
    query: bytes = b"api-version=2023-10-01",
    headers: dict[str, bytes] | None = None,
    body: Any = b"",
) -> Answer:
    """The app's answer; `body` is sent as it is when it is bytes, else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    unread: list[Message] = [{"type": "http.request", "body": content}]
    sent: list[Message] = []

    async def receive() -> Message:
        return unread.pop() if unread else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(name.encode(), value) for name, value in {"host": b"x", **(headers or {})}.items()],
        "server": ("x", 80),
        "client": None,
        "state": {},
    }
    await app(scope, receive, send)
    return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))
