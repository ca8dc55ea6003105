"""Whether an Azurite answers."""

from __future__ import annotations

import http.client

from local.azurite.endpoints import AzuriteEndpoints
from local.processes.ports import LOOPBACK

_ANSWER_TIMEOUT_SECONDS = 5.0


def is_ready(endpoints: AzuriteEndpoints) -> bool:
    """Whether all three services answer requests as Azurite."""
    return all(_answers(service, port) for service, port in endpoints.ports.items())


def _answers(service: str, port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_ANSWER_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        server = connection.getresponse().getheader("Server", "")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return server.startswith(f"Azurite-{service.capitalize()}/")
