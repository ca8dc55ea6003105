"""What the storage calls need of HTTP. `http_client.py` is the real one; a simulation brings its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

Body = bytes | BinaryIO | None
"""What a request carries. A file is sent from its beginning; its header `content-length` says how much of it."""


@dataclass(frozen=True)
class Response:
    """The answer to a request, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes


class Client(Protocol):
    """Sends requests to one service. It tries each once, follows no redirect and knows nothing of credentials.

    Cancelling a call closes its connection. The service may have carried out the request nevertheless.
    """

    url: str
    """The service's URL without a trailing slash. Targets are below it."""

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: Body, silence: float
    ) -> Response:
        """Send a request and return the answer, read into memory.

        Args:
            method: in upper case.
            target: path and query in their quoted form. It begins with a slash.
            headers: names in lower case; the client adds `host`, and `content-length` unless `body` is a file.
            body: see `Body`.
            silence: seconds without any progress after which the call is given up.

        Raises:
            NoAnswerError: refused, broken or timed out. It is not known whether the request has worked.
            ForbiddenAddressError: a user's URL leads to an address that the node must not call.
        """
        ...

    async def download(self, target: str, headers: Mapping[str, str], into: BinaryIO, silence: float) -> Response:
        """Send a GET. Write the body of a 200 answer to `into`, over what a try before has left there.

        The body of the returned answer is then empty. Other answers, arguments and errors are as in `request`.
        """
        ...

    async def close(self) -> None:
        """Close the idle connections."""
        ...


Connect = Callable[[str, bool], Client]
"""Returns the client of a service URL. True: a user named the address, so forbidden addresses are refused."""
