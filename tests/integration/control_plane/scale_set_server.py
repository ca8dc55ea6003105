"""The far end of the local scale sets' client: a real HTTP server that has no instances and notes what is removed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.http_server import QuietHandler, serving


@dataclass
class ScaleSetServer:
    url: str
    removed: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)


@contextmanager
def scale_set_server() -> Iterator[ScaleSetServer]:
    served = ScaleSetServer("")

    class Handler(QuietHandler):
        def do_DELETE(self) -> None:
            compute = self.path.removeprefix("/scale-sets/")
            served.removed.append(compute)
            self.answer(500 if compute in served.failing else 404)

    with serving(Handler) as served.url:
        yield served
