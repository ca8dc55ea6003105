"""Health checks of a stack's processes, from outside."""

import http.client
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from local.azurite.endpoints import is_ready
from local.data_folder.setup import StackSetup
from local.loopback.certificates import TlsFiles
from local.loopback.ports import connect

HealthCheck = Callable[[], bool]


class _Answer(NamedTuple):
    status: int
    body: bytes


AZURITE = "azurite"
TOKEN_ISSUER = "token-issuer"  # noqa: S105 (the name of a role)
SCALE_SET = "scale-set"
FUNCTIONS_HOST = "functions-host"
BLOB_EVENTS = "blob-events"

_PING = "/admin/host/ping"
_ANSWER_TIMEOUT_SECONDS = 10.0


def health_checks(setup: StackSetup, tls: TlsFiles) -> Mapping[str, HealthCheck]:
    """Return the health check of each role. Each check blocks for the time of a request."""
    trust = tls.client_context() if setup.https else None
    return {
        AZURITE: lambda: is_ready(setup.storage, trust),
        TOKEN_ISSUER: lambda: _get(setup.token_port, "/health", trust) is not None,
        SCALE_SET: lambda: _get(setup.scale_set_port, "/health", None) is not None,
        FUNCTIONS_HOST: lambda: all(_get(setup.port, path, trust) is not None for path in (_PING, "/health")),
        BLOB_EVENTS: lambda: _get(setup.events_port, "/health", None) is not None,
    }


def answer_checks(setup: StackSetup, tls: TlsFiles) -> Mapping[str, HealthCheck]:
    """Return for each role a check that it answers at all. Its health may be bad because of another role."""
    trust = tls.client_context() if setup.https else None
    return {
        AZURITE: lambda: is_ready(setup.storage, trust),
        TOKEN_ISSUER: lambda: _ask(setup.token_port, "/health", trust) is not None,
        SCALE_SET: lambda: _ask(setup.scale_set_port, "/health", None) is not None,
        FUNCTIONS_HOST: lambda: _ask(setup.port, _PING, trust) is not None,
        BLOB_EVENTS: lambda: _ask(setup.events_port, "/health", None) is not None,
    }


def check_all(setup: StackSetup, tls: TlsFiles) -> dict[str, bool]:
    """Return the health of every role."""
    checks = health_checks(setup, tls)
    with ThreadPoolExecutor(len(checks)) as pool:
        return dict(zip(checks, pool.map(lambda check: check(), checks.values()), strict=True))


def _get(port: int, path: str, trust: ssl.SSLContext | None) -> bytes | None:
    """Return the body of an answer with status 200, or None for any other status or without an answer."""
    answer = _ask(port, path, trust)
    return answer.body if answer and answer.status == http.client.OK else None


def _ask(port: int, path: str, trust: ssl.SSLContext | None) -> _Answer | None:
    """Return the answer, or None if it does not come in time."""
    connection = connect(port, trust, _ANSWER_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return _Answer(answer.status, answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
