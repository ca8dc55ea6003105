"""HTTP with bearer tokens: one keep-alive pool, retries for what may be repeated, errors as CliErrors."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import urllib3
from urllib3.util.retry import Retry

from cli.api.problems import problem
from cli.connection.pool import connection_pool, reason
from cli.connection.token import TokenSource
from cli.errors import ServiceError, UnreachableError

log = logging.getLogger(__name__)

REPEATABLE = Retry(
    total=5,
    connect=2,
    read=2,
    backoff_factor=0.3,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)
"""For requests that may be sent twice: GET, PUT, DELETE, and POSTs that carry a request id."""
ONCE = Retry(total=2, connect=2, read=0, status=0, other=0, backoff_factor=0.3)
"""For other POSTs: only a connection that was never made is tried again."""


@dataclass(frozen=True)
class Answer:
    """A successful answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The content; None when there is none. Raises ServiceError for what is no JSON."""
        try:
            return json.loads(self.body) if self.body.strip() else None
        except ValueError:
            raise ServiceError(
                "the answer is not JSON, so it is not this service's", mend="Check BML_MANAGEMENT_URL and the proxy"
            ) from None


@dataclass(frozen=True)
class Transport:
    """Sends requests as the caller."""

    service_url: str
    tokens: TokenSource
    is_local: bool = False

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """The connections."""
        return connection_pool(self.service_url)

    def send(
        self,
        method: str,
        url: str,
        *,
        audience: str | None,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """The answer to a request with JSON `content`; anything but 2xx raises the fitting CliError.

        `audience=None` sends no token, for links that carry their own permission.
        """
        sent = dict(headers or {})
        if audience:
            sent["Authorization"] = f"Bearer {self.tokens.token(audience).value}"
        if content is not None:
            sent["Content-Type"] = "application/json"
        address = url.split("?", 1)[0]  # what follows may be a signature
        began = time.monotonic()
        repeat = method != "POST" if repeatable is None else repeatable
        try:
            answer = self.pool.request(
                method,
                url,
                body=None if content is None else json.dumps(content).encode(),
                headers=sent,
                retries=REPEATABLE if repeat else ONCE,
            )
        except urllib3.exceptions.HTTPError as error:
            log.info("%s %s: no answer in %.0f ms", method, address, 1000 * (time.monotonic() - began))
            raise self._unreachable(url, error) from None
        log.info("%s %s: %s in %.0f ms", method, address, answer.status, 1000 * (time.monotonic() - began))
        if not 200 <= answer.status < 300:
            raise problem(answer.status, answer.data, f"{method} {address}")
        return Answer(answer.status, answer.headers, answer.data)

    def _unreachable(self, url: str, error: urllib3.exceptions.HTTPError) -> UnreachableError:
        address = "/".join(url.split("/")[:3])
        mend = (
            "Look at it with `bml local status`, start it with `bml local up`"
            if self.is_local
            else "Check BML_MANAGEMENT_URL and the network"
        )
        return UnreachableError(f"no answer from {address} ({reason(error)})", mend=mend)
