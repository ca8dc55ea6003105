"""An HTTP/1.1 request, ready to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from scorer_container.node.storage.client import Body

_WITH_LENGTH = frozenset({"PUT", "POST"})
"""Methods of which servers want a length although there is no body."""


@dataclass(frozen=True)
class Request:
    """A request in the form in which it is sent."""

    method: str
    head: bytes
    """Up to the empty line, which is included."""
    length: int
    """Bytes of the body."""
    body: Body
    silence: float
    """Seconds without any progress after which the request is given up."""
    into: BinaryIO | None = None
    """Where the body of a 200 answer is written to; without it, the body is part of the answer."""


class RequestHeads:
    """Makes the heads of the requests to one service."""

    def __init__(self, path: str, host: str) -> None:
        """`path` is the service's own path without a trailing slash, `host` the value of the header."""
        self._path = path
        self._fixed = f"host: {host}\r\naccept-encoding: identity"

    def make(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> tuple[bytes, int]:
        """Return all that goes before the body, and the body's length; raise ValueError for what is no header."""
        given = headers.get("content-length")
        length = int(given) if given is not None else len(body) if isinstance(body, bytes) else 0
        lines = [f"{method} {self._path}{target} HTTP/1.1", self._fixed]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if given is None and (body is not None or method in _WITH_LENGTH):
            lines.append(f"content-length: {length}")
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) or head.count("\r") != len(lines) or " " in target:
            raise ValueError(f"a line break or space in the target or a header of {method} {target.partition('?')[0]}")
        return f"{head}\r\n\r\n".encode("latin-1"), length
