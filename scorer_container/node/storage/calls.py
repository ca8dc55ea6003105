"""Requests to one service with credentials, and with retries that outlast a restart of the service."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import BinaryIO

from azure.core.exceptions import AzureError

from scorer_container.node.storage.authorization import Authorization
from scorer_container.node.storage.client import Body, Client, Response
from scorer_container.node.storage.errors import NoAnswerError, StorageUnavailableError

API_VERSION = "2021-12-02"
DEFAULT_PATIENCE_SECONDS = 600.0
"""How long one call retries a service that does not answer: an emulator's restart, a failover."""

ONCE = 0.0
"""The patience of a call that is tried once: its caller decides about further tries."""
ONCE_SECONDS = 10.0
"""How long such a call waits for its answer."""

_SILENCE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0
_RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_REFUSED_STATUS = frozenset({401, 403})

_Send = Callable[[str, Mapping[str, str]], Awaitable[Response]]
"""Sends one try; gets the target and headers with the credential."""


class Calls:
    """Sends requests to one service under one credential."""

    def __init__(
        self,
        client: Client,
        authorization: Authorization,
        patience: float = DEFAULT_PATIENCE_SECONDS,
        silence: float = _SILENCE_SECONDS,
    ) -> None:
        """Call the service of `client`.

        Args:
            client: sends each try.
            authorization: adds the credential to each try.
            patience: seconds for which a call is tried again while there is no usable answer.
            silence: seconds that each try waits without any progress.
        """
        self.url = client.url
        self._client = client
        self._authorization = authorization
        self._patience = patience
        self._silence = silence

    async def request(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: Body = None
    ) -> Response:
        """Send a request until there is an answer other than 408, 429 and 5xx; return it.

        `target` is quoted and begins with a slash. Each try may have worked. Raise StorageUnavailableError.
        """
        send = self._sender(method, headers, body, self._silence)
        return await self._tried(f"{method} {target}", target, send, self._patience)

    async def request_once(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: Body = None
    ) -> Response:
        """Send a request once and wait 10 s for the answer. Raise StorageUnavailableError."""
        send = self._sender(method, headers, body, ONCE_SECONDS)
        return await self._tried(f"{method} {target}", target, send, ONCE)

    async def download(self, target: str, into: BinaryIO) -> Response:
        """Write the body of a 200 answer to `into` (a file that can be rewound); otherwise as `request`."""

        async def send(signed: str, credential: Mapping[str, str]) -> Response:
            return await self._client.download(signed, credential, into, self._silence)

        return await self._tried(f"GET {target.partition('?')[0]}", target, send, self._patience)  # it may be signed

    def _sender(self, method: str, headers: Mapping[str, str] | None, body: Body, silence: float) -> _Send:
        async def send(signed: str, credential: Mapping[str, str]) -> Response:
            return await self._client.request(method, signed, {**credential, **(headers or {})}, body, silence)

        return send

    async def _tried(self, call: str, target: str, send: _Send, patience: float) -> Response:
        loop = asyncio.get_running_loop()
        deadline, pause, refused = loop.time() + patience, _FIRST_PAUSE_SECONDS, ""
        while True:
            try:
                headers = {"x-ms-version": API_VERSION}
                signed = await self._authorization.apply(target, headers)
                response = await send(signed, headers)
            except (NoAnswerError, AzureError) as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if response.status in _REFUSED_STATUS and not refused:
                    refused = signed
                    if await self._has_newer_credential(target, refused):
                        continue
                if response.status not in _RETRIED_STATUS:
                    return response
                problem = f"HTTP {response.status} {response.headers.get('x-ms-error-code', '')}".rstrip()
            if loop.time() >= deadline:
                within = f"within {patience:g} s" if patience else "at once"
                raise StorageUnavailableError(f"{self.url} did not answer {call} {within}: {problem}")
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (spreads the load, no secret)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _has_newer_credential(self, target: str, refused: str) -> bool:
        """Return True if another credential than that of the refused request is known by now."""
        await self._authorization.renew()
        return await self._authorization.apply(target, {}) != refused
