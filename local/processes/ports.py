"""Ports of this machine's loopback interface."""

from __future__ import annotations

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range that systems hand out to outgoing connections, so that a port kept for a stack
# that is down now is hardly ever taken when it comes up again.
_RANGE = range(10_200, 32_000)
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int, *, avoid: frozenset[int] = frozenset()) -> tuple[int, ...]:
    """`count` different free ports, none of them in `avoid`.

    Raises:
        OSError: no free port was found, which means that the machine is out of ports.
    """
    chosen: list[int] = []
    for _ in range(_TRIES):
        if len(chosen) == count:
            break
        port = random.choice(_RANGE)  # noqa: S311 (a port number, not a secret)
        if port not in avoid and port not in chosen and is_free(port):
            chosen.append(port)
    if len(chosen) < count:
        raise OSError(f"{count} free ports between {_RANGE.start} and {_RANGE.stop} were not found")
    return tuple(chosen)
