"""HTTP with bearer tokens. It keeps connections alive, retries where that is safe, and raises CliErrors."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import urllib3
from urllib3.util.retry import Retry

from cli.connection.pool import connection_pool, reason
from cli.connection.token import TokenSource
from cli.output.errors import (
    AuthenticationError,
    CliError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    ServiceError,
    UnreachableError,
)
from cli.output.field_names import in_files_words

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
"""Retries of requests that may be sent twice: GET, PUT, DELETE, and POSTs that carry a request id."""
ONCE = Retry(total=2, connect=2, read=0, status=0, other=0, backoff_factor=0.3)
"""Retries of other POSTs, which are made only if the connection could not be opened."""


@dataclass(frozen=True)
class Answer:
    """A successful answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the content, or None if there is no body. Raise ServiceError if it is not JSON."""
        try:
            return json.loads(self.body) if self.body.strip() else None
        except ValueError:
            raise ServiceError(
                "the answer is not JSON, so another server sent it", hint="Check BML_MANAGEMENT_URL and the proxy"
            ) from None


@dataclass(frozen=True)
class Transport:
    """Sends requests with the caller's tokens."""

    service_url: str
    tokens: TokenSource
    is_local: bool = False

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """The pool of connections."""
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
        """Send a request with JSON `content` and return its answer; raise a CliError for any status but 2xx.

        `audience=None` sends no token. It is for links that carry their own permission.
        """
        sent = dict(headers or {})
        if audience:
            sent["Authorization"] = f"Bearer {self.tokens.token(audience).value}"
        if content is not None:
            sent["Content-Type"] = "application/json"
        address = url.split("?", 1)[0]  # the query may hold a signature
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
        hint = (
            "Look at it with `bml local status`, start it with `bml local up`"
            if self.is_local
            else "Check BML_MANAGEMENT_URL and the network"
        )
        return UnreachableError(f"no answer from {address} ({reason(error)})", hint=hint)


_BY_STATUS: dict[int, type[CliError]] = {
    400: InvalidInputError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: InvalidInputError,
}
_HINT_BY_STATUS = {
    401: "Get a new token: restart the local service, or set BML_ACCESS_TOKEN again",
    403: "Ask for a role on the workspace that allows this",
    412: "Somebody else changed it at the same time; run the command again",
}


def problem(status: int, body: bytes, request: str) -> CliError:
    """Return the CliError for an answer with `status` >= 300."""
    kind = _BY_STATUS.get(status, ServiceError)
    error = _arm_error(body)
    message = in_files_words(_with_details(error)) or f"the service answered HTTP {status} to {request}"
    hint = _HINT_BY_STATUS.get(status, "")
    if kind is ServiceError:
        message = f"{message} (HTTP {status})" if error else message
        hint = "Try again; if it fails again, look at the service's log"
    return kind(message, hint=hint)


def _arm_error(body: bytes) -> dict[str, Any]:
    """Return the inner object of an ARM error envelope, or an empty object."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    error = content.get("error", content) if isinstance(content, dict) else {}
    return error if isinstance(error, dict) else {"message": str(error)}


def _with_details(error: dict[str, Any]) -> str:
    details = [str(d.get("message", "")) for d in error.get("details") or () if isinstance(d, dict)]
    message = str(error.get("message") or error.get("code") or "")
    return "; ".join([message, *(detail for detail in details if detail and detail not in message)])
