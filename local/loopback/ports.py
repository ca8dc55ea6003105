"""Ports of this machine's loopback interface."""

import fcntl
import functools
import http.client
import os
import random
import socket
import ssl
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the range that systems use for outgoing connections. The port of a stack that is down is therefore hardly ever
# taken when the stack starts again.
_RANGE = range(10_200, 32_000)
_TRIES = 200


def is_free(port: int) -> bool:
    """Return True if a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int, *, avoid: frozenset[int] = frozenset()) -> tuple[int, ...]:
    """Return `count` different free ports outside `avoid`. No other caller gets them while this process lives.

    Raises:
        OSError: the machine has no free port, or the folder for temporary files cannot be written.
    """
    chosen: list[int] = []
    for _ in range(_TRIES):
        if len(chosen) == count:
            break
        port = random.choice(_RANGE)  # noqa: S311 (a port number, not a secret)
        if port not in avoid and port not in chosen and is_free(port) and _claim(port):
            chosen.append(port)
    if len(chosen) < count:
        raise OSError(f"there are not {count} free ports between {_RANGE.start} and {_RANGE.stop}")
    return tuple(chosen)


def _claim(port: int) -> bool:
    """Reserve a port with a lock on the byte of its number, because its server listens only seconds later.

    The lock ends with this process, however it ends. A process may get its own ports again.
    """
    claims = _claims()
    try:
        fcntl.lockf(claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):  # fcntl(2) allows either error
        return False
    return True


@functools.cache
def _claims() -> int:
    """Open the file with the locks of all processes of this user. Closing it would end our own locks."""
    return os.open(Path(tempfile.gettempdir()) / f"bml-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


def connect(port: int, trust: ssl.SSLContext | None, timeout_seconds: float) -> http.client.HTTPConnection:
    """Return a connection that opens with its first request. It uses TLS if `trust` is given."""
    if trust is None:
        return http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_seconds)
    return http.client.HTTPSConnection(LOOPBACK, port, timeout=timeout_seconds, context=trust)
