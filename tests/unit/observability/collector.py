"""Receivers of telemetry that listen on a free port: an OpenTelemetry collector, and Application Insights."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Receiver:
    """Keeps what was posted to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.posts: list[tuple[str, bytes]] = []

    def bodies(self, path: str) -> list[bytes]:
        return [body for posted, body in self.posts if posted == path]

    def spans(self) -> list[Any]:
        """OTLP's spans."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies("/v1/traces")]
        return [s for r in requests for group in r.resource_spans for one in group.scope_spans for s in one.spans]

    def metrics(self) -> list[Any]:
        """OTLP's metrics."""
        requests = [ExportMetricsServiceRequest.FromString(body) for body in self.bodies("/v1/metrics")]
        return [m for r in requests for group in r.resource_metrics for one in group.scope_metrics for m in one.metrics]

    def logs(self) -> list[Any]:
        """OTLP's log records."""
        requests = [ExportLogsServiceRequest.FromString(body) for body in self.bodies("/v1/logs")]
        return [x for r in requests for group in r.resource_logs for one in group.scope_logs for x in one.log_records]

    def envelopes(self) -> list[dict[str, Any]]:
        """Application Insights' items."""
        return [item for body in self.bodies("/v2.1/track") for item in json.loads(body)]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posts.append((self.path, gzip.decompress(body) if self.headers["Content-Encoding"] else body))
            answer = b'{"itemsReceived": 1, "itemsAccepted": 1, "errors": []}' if "track" in self.path else b""
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if answer else "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is for pytest."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        server.shutdown()
        thread.join()
