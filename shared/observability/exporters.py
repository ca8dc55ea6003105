"""Where telemetry goes, as the settings say."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opentelemetry.sdk._logs.export import LogRecordExporter
from opentelemetry.sdk.metrics.export import MetricExporter
from opentelemetry.sdk.trace.export import SpanExporter

from shared.observability.files import LogFile, MetricFile, SpanFile, folder_of
from shared.observability.late import Late, LateLogs, LateMetrics, LateSpans
from shared.observability.temporality import DELTA
from shared.settings import TelemetrySettings

_FILE_DELAY_MS = 1_000
_FILE_METRICS_MS = 5_000


@dataclass(frozen=True)
class Exporters:
    """One place that telemetry goes to."""

    spans: SpanExporter
    metrics: MetricExporter
    logs: LogRecordExporter
    delay_ms: int | None = None
    """How long spans and log records are collected; None: as `OTEL_BSP_SCHEDULE_DELAY` and its like say."""
    metrics_ms: int | None = None
    """How often measurements are told; None: as `OTEL_METRIC_EXPORT_INTERVAL` says."""


def exporters(settings: TelemetrySettings, process: str) -> Iterator[Exporters]:
    """Application Insights, an OpenTelemetry collector or both; else files in the folder of `process`; else nothing."""
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
    """With the identity of `APPLICATIONINSIGHTS_AUTHENTICATION_STRING`, which the client reads by itself."""
    # What cannot be sent is dropped: a node's disk is for its jobs. Nothing is told to anybody but the user's account.
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
    """By OTLP over HTTP; the client reads address, headers, certificate and timeout from `OTEL_EXPORTER_OTLP_…`."""

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
