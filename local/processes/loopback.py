"""Connections to servers of this machine."""

from __future__ import annotations

import http.client
import ssl

from local.processes.ports import LOOPBACK


def connect(port: int, trust: ssl.SSLContext | None, timeout_seconds: float) -> http.client.HTTPConnection:
    """A connection that is made with its first request; over TLS when `trust` says whom to believe."""
    if trust is None:
        return http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_seconds)
    return http.client.HTTPSConnection(LOOPBACK, port, timeout=timeout_seconds, context=trust)
