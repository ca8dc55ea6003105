"""Real HTTP servers on a free port, which end with their block also when it fails."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class QuietHandler(BaseHTTPRequestHandler):
    """Answers requests without a word on the terminal, which is pytest's."""

    def log_message(self, *_: object) -> None:
        pass

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        """Members of `headers` have underscores for hyphens."""
        self.send_response(status)
        for name, value in {**headers, "Content_Length": str(len(content))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def running(server: ThreadingHTTPServer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The server's base URL while it serves."""
    server.daemon_threads = True
    with server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The base URL of a server on a free port whose requests `handler` answers."""
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler), tls) as url:
        yield url
