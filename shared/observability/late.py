"""Exporters that are made in the background, when there is something to export.

Importing the clients of telemetry services takes up to a second: no request, job or start of a node waits for that.
One that cannot be made is told once, and what it would have got is dropped.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_log = logging.getLogger(__name__)

Exporter = TypeVar("Exporter")


class Late(Generic[Exporter]):
    """An exporter to be; one thread exports."""

    def __init__(self, name: str, make: Callable[[], Exporter]) -> None:
        self._name = name
        self._make: Callable[[], Exporter] | None = make
        self.made: Exporter | None = None
        """The exporter, when there is one already."""

    def get(self) -> Exporter | None:
        """The exporter; None when it cannot be made."""
        make, self._make = self._make, None
        if make is not None:
            try:
                self.made = make()
            except Exception:  # wrong settings, a missing package: never the trouble of a job
                _log.exception("no telemetry goes to %s", self._name)
        return self.made


class LateSpans(SpanExporter):
    """Exports spans."""

    def __init__(self, late: Late[SpanExporter]) -> None:
        self._late = late

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Pass spans on."""
        exporter = self._late.get()
        return exporter.export(spans) if exporter else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """End what was begun."""
        if made := self._late.made:
            made.shutdown()


class LateMetrics(MetricExporter):
    """Exports measurements."""

    def __init__(self, late: Late[MetricExporter], temporality: dict[type, AggregationTemporality] | None) -> None:
        super().__init__(preferred_temporality=temporality)
        self._late = late

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Pass measurements on."""
        exporter = self._late.get()
        return exporter.export(metrics_data, timeout_millis, **kwargs) if exporter else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing is held back."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """End what was begun."""
        if made := self._late.made:
            made.shutdown(timeout_millis, **kwargs)


class LateLogs(LogRecordExporter):
    """Exports log records."""

    def __init__(self, late: Late[LogRecordExporter]) -> None:
        self._late = late

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Pass log records on."""
        exporter = self._late.get()
        return exporter.export(batch) if exporter else LogRecordExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        """Nothing is held back."""
        return True

    def shutdown(self) -> None:
        """End what was begun."""
        if made := self._late.made:
            made.shutdown()  # type: ignore[no-untyped-call] # the SDK's signature says nothing
