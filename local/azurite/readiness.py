"""Whether an Azurite answers."""

from __future__ import annotations

import http.client
import ssl

from local.azurite.endpoints import AzuriteEndpoints
from local.processes.loopback import connect

_ANSWER_TIMEOUT_SECONDS = 5.0


def is_ready(endpoints: AzuriteEndpoints, trust: ssl.SSLContext | None = None) -> bool:
    """Whether all three services answer requests as Azurite; over TLS when `trust` is given."""
    return all(_answers(service, port, trust) for service, port in endpoints.ports.items())


def _answers(service: str, port: int, trust: ssl.SSLContext | None) -> bool:
    connection = connect(port, trust, _ANSWER_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        server = connection.getresponse().getheader("Server", "")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return server.startswith(f"Azurite-{service.capitalize()}/")
