"""Telemetry that a test looks at."""

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.observability.instruments import Instruments
from shared.observability.tracing import Telemetry, use


class Captured:
    """What was told while a test ran."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        tracers, meters = TracerProvider(shutdown_on_exit=False), MeterProvider([self._reader], shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        use(Telemetry(tracers.get_tracer("test"), Instruments(meters.get_meter("test"))))

    def spans(self, name: str = "") -> list[ReadableSpan]:
        return [span for span in self._spans.get_finished_spans() if name in {"", span.name}]

    def points(self, name: str) -> dict[tuple[tuple[str, Any], ...], Any]:
        """The data points of a metric by their sorted attributes."""
        data = self._reader.get_metrics_data()
        scopes = [scope for resource in (data.resource_metrics if data else []) for scope in resource.scope_metrics]
        return {
            tuple(sorted((point.attributes or {}).items())): point
            for scope in scopes
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        }
