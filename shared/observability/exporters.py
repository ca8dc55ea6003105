"""The exporters of telemetry that the settings choose."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from shared.observability.files import DELTA, LogFile, MetricFile, SpanFile, folder_of
from shared.settings import TelemetrySettings

log = logging.getLogger(__name__)

_FILE_DELAY_MS = 1_000
_FILE_METRICS_MS = 5_000


@dataclass(frozen=True)
class Exporters:
    """One destination of telemetry."""

    spans: SpanExporter
    metrics: MetricExporter
    logs: LogRecordExporter
    delay_ms: int | None = None
    """How long spans and log records are collected. None: `OTEL_BSP_…` and `OTEL_BLRP_SCHEDULE_DELAY` decide."""
    metrics_ms: int | None = None
    """How often measurements are exported. None: `OTEL_METRIC_EXPORT_INTERVAL` decides."""


def exporters(settings: TelemetrySettings, process: str) -> Iterator[Exporters]:
    """Yield Application Insights and an OpenTelemetry collector if set, else files in the folder of `process`."""
    if settings.is_disabled:
        return
    if settings.insights:
        yield _application_insights(settings.insights)
    if settings.has_collector:
        yield _collector()
    if settings.folder and not settings.is_remote:
        folder = folder_of(Path(settings.folder), process)
        yield Exporters(SpanFile(folder), MetricFile(folder), LogFile(folder), _FILE_DELAY_MS, _FILE_METRICS_MS)


def _application_insights(connection_string: str) -> Exporters:
    """Return exporters to Application Insights. The client itself reads `APPLICATIONINSIGHTS_AUTHENTICATION_STRING`."""
    # Drop what cannot be sent, because a node's disk is for its jobs. Send nothing to any account but the user's.
    options = {"connection_string": connection_string, "disable_offline_storage": True}
    switches = "STATSBEAT_DISABLED_ALL", "SDKSTATS_DISABLED", "CONTROLPLANE_DISABLED"
    for switch in (*switches, "OPENTELEMETRY_RESOURCE_METRIC_DISABLED"):
        os.environ.setdefault(f"APPLICATIONINSIGHTS_{switch}", "true")

    def spans() -> SpanExporter:
        from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter

        return AzureMonitorTraceExporter(**options)

    def metrics() -> MetricExporter:
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter

        return AzureMonitorMetricExporter(**options)

    def logs() -> LogRecordExporter:
        from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter

        return AzureMonitorLogExporter(**options)

    name = "Application Insights"
    return Exporters(LateSpans(Late(name, spans)), LateMetrics(Late(name, metrics), DELTA), LateLogs(Late(name, logs)))


def _collector() -> Exporters:
    """Return exporters of OTLP over HTTP. The client itself reads `OTEL_EXPORTER_OTLP_…`: address, headers, timeout."""

    def spans() -> SpanExporter:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter()

    def metrics() -> MetricExporter:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

        return OTLPMetricExporter()

    def logs() -> LogRecordExporter:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

        return OTLPLogExporter()

    name = "the collector of OTEL_EXPORTER_OTLP_ENDPOINT"
    return Exporters(LateSpans(Late(name, spans)), LateMetrics(Late(name, metrics), None), LateLogs(Late(name, logs)))


Exporter = TypeVar("Exporter")


class Late(Generic[Exporter]):
    """An exporter that is made when the first export needs it; only one thread exports."""

    def __init__(self, name: str, make: Callable[[], Exporter]) -> None:
        self._name = name
        self._make: Callable[[], Exporter] | None = make
        self.made: Exporter | None = None
        """The exporter, if it exists already."""

    def get(self) -> Exporter | None:
        """Return the exporter, or None if it cannot be made."""
        make, self._make = self._make, None
        if make is not None:
            try:
                self.made = make()
            except Exception:  # wrong settings or a missing package must not fail a job
                log.exception("no telemetry goes to %s", self._name)
        return self.made


class LateSpans(SpanExporter):
    """Exports spans."""

    def __init__(self, late: Late[SpanExporter]) -> None:
        self._late = late

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export spans."""
        exporter = self._late.get()
        return exporter.export(spans) if exporter else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Shut down the exporter if it was made."""
        if made := self._late.made:
            made.shutdown()


class LateMetrics(MetricExporter):
    """Exports measurements."""

    def __init__(self, late: Late[MetricExporter], temporality: dict[type, AggregationTemporality] | None) -> None:
        super().__init__(preferred_temporality=temporality)
        self._late = late

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Export measurements."""
        exporter = self._late.get()
        return exporter.export(metrics_data, timeout_millis, **kwargs) if exporter else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Return True: nothing is buffered."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Shut down the exporter if it was made."""
        if made := self._late.made:
            made.shutdown(timeout_millis, **kwargs)


class LateLogs(LogRecordExporter):
    """Exports log records."""

    def __init__(self, late: Late[LogRecordExporter]) -> None:
        self._late = late

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Export log records."""
        exporter = self._late.get()
        return exporter.export(batch) if exporter else LogRecordExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        """Return True: nothing is buffered."""
        return True

    def shutdown(self) -> None:
        """Shut down the exporter if it was made."""
        if made := self._late.made:
            made.shutdown()  # type: ignore[no-untyped-call] # the SDK's signature says nothing
