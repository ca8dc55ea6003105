"""Receivers of telemetry that listen on a free port: an OpenTelemetry collector, and Application Insights."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.http_server import QuietHandler, serving


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

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = self.body()
            found.posts.append((self.path, gzip.decompress(body) if self.headers["Content-Encoding"] else body))
            is_insights = "track" in self.path
            answer = b'{"itemsReceived": 1, "itemsAccepted": 1, "errors": []}' if is_insights else b""
            self.answer(200, answer, Content_Type="application/json" if is_insights else "application/x-protobuf")

    found = Receiver("")
    with serving(Handler) as found.address:
        yield found
