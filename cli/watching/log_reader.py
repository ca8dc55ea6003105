"""New lines of a job's logs, as they come, from links that carry their own permission."""

from dataclasses import dataclass, field

import urllib3

from cli.connection.pool import reason
from cli.errors import UnreachableError

_NOTHING_NEW = 416
"""Range Not Satisfiable: the file ends where we already are."""


@dataclass
class _Position:
    offset: int = 0
    rest: bytes = b""
    """A last line whose end has not been written yet."""


@dataclass
class LogReader:
    """Remembers how far each log was read; different logs may be read at the same time."""

    pool: urllib3.PoolManager
    _positions: dict[str, _Position] = field(default_factory=dict)

    def new_lines(self, name: str, url: str, *, last: bool = False) -> list[str]:
        """Lines written to a log since the last call; with `last`, also one without an end."""
        position = self._positions.setdefault(name, _Position())
        fresh = self._fetch(url, position.offset)
        position.offset += len(fresh)
        *lines, position.rest = (position.rest + fresh).split(b"\n")
        if last and position.rest:
            lines.append(position.rest)
            position.rest = b""
        return [line.rstrip(b"\r").decode(errors="replace") for line in lines]

    def _fetch(self, url: str, offset: int) -> bytes:
        try:
            answer = self.pool.request("GET", url, headers={"Range": f"bytes={offset}-"}, retries=3)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"no answer from blob storage for a log ({reason(error)})") from None
        if answer.status == _NOTHING_NEW or answer.status >= 400:
            return b""
        return answer.data if answer.status == 206 else answer.data[offset:]
