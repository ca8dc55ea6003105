"""A keep-alive connection pool to one storage service, with retries that outlast a restart of the service."""

import random
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urlsplit

import urllib3
from azure.core.exceptions import AzureError

from shared.storage.hot_path.authorization import Authorization
from shared.storage.hot_path.errors import StoppedError, StorageUnavailableError

API_VERSION = "2021-12-02"
DEFAULT_PATIENCE_SECONDS = 600.0
"""How long one call retries a service that does not answer: an emulator's restart, a failover."""

_CONNECT_TIMEOUT_SECONDS = 5.0
_READ_TIMEOUT_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0
_POOL_SIZE = 32
_COPY_BYTES = 1 << 20
_RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})

Pools = Mapping[str, type[urllib3.HTTPConnectionPool]]
_POOLS: Pools = {"http": urllib3.HTTPConnectionPool, "https": urllib3.HTTPSConnectionPool}

Body = bytes | BinaryIO | None
Response = urllib3.BaseHTTPResponse


@dataclass(frozen=True)
class Patience:
    """When to stop retrying: after `seconds`, or when `stop` is set."""

    seconds: float = DEFAULT_PATIENCE_SECONDS
    stop: threading.Event = field(default_factory=threading.Event)


class Transport:
    """Requests to one service. Threads may share it."""

    def __init__(
        self,
        service_url: str,
        authorization: Authorization,
        patience: Patience | None = None,
        pools: Pools = _POOLS,
    ) -> None:
        """`service_url` is the account's blob or queue service (Azurite's carries the account in its path).

        `pools` are the classes of its connections by scheme: guarded ones for a service that a user named.
        """
        parts = urlsplit(service_url)
        self.service_url = service_url.rstrip("/")
        self._base_path = parts.path.rstrip("/")
        self._authorization = authorization
        self._patience = patience or Patience()
        tls = {"ssl_context": ssl.create_default_context()} if parts.scheme == "https" else {}
        self._pool = pools[parts.scheme](
            parts.hostname or "",
            parts.port,
            maxsize=_POOL_SIZE,
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_SECONDS, read=_READ_TIMEOUT_SECONDS),
            **tls,  # type: ignore[arg-type] # the two pools differ in this argument only
        )

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def request(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: Body = None
    ) -> Response:
        """Send a request and return the answer, read into memory. `target` is quoted and begins with a slash.

        Raises StorageUnavailableError or StoppedError; any other status than 408, 429 and 5xx is returned.
        """
        for pause in self._pauses(f"{method} {target}"):
            with pause.outcome():
                response = self._send(method, target, headers, body, preload=True)
                if response.status not in _RETRIED_STATUS:
                    return response
                pause.problem = f"HTTP {response.status} {response.headers.get('x-ms-error-code', '')}".rstrip()
        raise AssertionError("the pauses end with an error")

    def download(self, target: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None) -> Response:
        """Write the body of a 200 answer to `into` (a file that can be rewound); other answers as in `request`."""
        for pause in self._pauses(f"GET {target.partition('?')[0]}"):  # a SAS may follow
            with pause.outcome():
                response = self._send("GET", target, headers, None, preload=False)
                try:
                    if response.status == 200:
                        _copy(response, into)
                        return response
                    response.read()
                finally:
                    response.release_conn()
                if response.status not in _RETRIED_STATUS:
                    return response
                pause.problem = f"HTTP {response.status}"
        raise AssertionError("the pauses end with an error")

    def _send(
        self, method: str, target: str, headers: Mapping[str, str] | None, body: Body, *, preload: bool
    ) -> Response:
        sent = {"x-ms-version": API_VERSION, **(headers or {})}
        url = self._authorization.apply(self._base_path + target, sent)
        if body is not None and not isinstance(body, bytes):
            body.seek(0)
        return self._pool.urlopen(
            method, url, body=body, headers=sent, retries=False, redirect=False, preload_content=preload
        )

    def _pauses(self, call: str) -> Iterator["_Attempt"]:
        deadline = time.monotonic() + self._patience.seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            attempt = _Attempt()
            yield attempt
            if self._patience.stop.is_set():
                raise StoppedError(f"stopped while {self.service_url} did not answer {call}: {attempt.problem}")
            if time.monotonic() > deadline:
                raise StorageUnavailableError(
                    f"{self.service_url} did not answer {call} within {self._patience.seconds:g} s: {attempt.problem}"
                )
            self._patience.stop.wait(pause * random.uniform(0.5, 1))  # noqa: S311 (spreads the load, no secret)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _copy(response: Response, into: BinaryIO) -> None:
    if into.tell():  # an earlier try broke off
        into.seek(0)
        into.truncate()
    if (response.length_remaining or _COPY_BYTES) < _COPY_BYTES:
        into.write(response.read(decode_content=False))
        return
    for chunk in response.stream(_COPY_BYTES, decode_content=False):
        into.write(chunk)


class _Attempt:
    """One try of a call, and why it failed."""

    def __init__(self) -> None:
        self.problem = ""

    @contextmanager
    def outcome(self) -> Iterator[None]:
        """Note a failed connection, so that the call is retried."""
        try:
            yield
        except (urllib3.exceptions.HTTPError, AzureError) as error:
            self.problem = f"{type(error).__name__}: {error}"
