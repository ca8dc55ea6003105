"""The far end of the local scale sets' client: a real HTTP server that has no instances and notes what is removed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class ScaleSetServer:
    url: str
    removed: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)


@contextmanager
def scale_set_server() -> Iterator[ScaleSetServer]:
    served = ScaleSetServer("")

    class Handler(BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            compute = self.path.removeprefix("/scale-sets/")
            served.removed.append(compute)
            self.send_response(500 if compute in served.failing else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
