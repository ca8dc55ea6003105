"""A client that plays the answers of a service and notes what it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from scorer_container.node.storage.client import Body, Response


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    """Names of `headers` have underscores for hyphens."""
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Body
    silence: float


class PlayedClient:
    """Gives one answer after the other; an exception is raised."""

    def __init__(self, *answers: Response | Exception, url: str = "http://storage") -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.is_closed = False
        self._answers = list(answers)

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: Body, silence: float
    ) -> Response:
        self.asked.append(Asked(method, target, dict(headers), body, silence))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def download(self, target: str, headers: Mapping[str, str], into: BinaryIO, silence: float) -> Response:
        found = await self.request("GET", target, headers, None, silence)
        if found.status != 200:
            return found
        into.write(found.body)
        return Response(found.status, found.headers, b"")

    async def close(self) -> None:
        self.is_closed = True
