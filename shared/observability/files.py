"""Telemetry in files of bounded size: `<folder>/<process>/traces.jsonl`, `metrics.jsonl`, `logs.jsonl`."""

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from opentelemetry.sdk import metrics
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id

LARGEST_FILE = 16 << 20
"""Bytes of a file. One older file of the same size is kept."""

KEPT_PROCESSES = 50
"""The number of folders to keep: those of the processes that wrote last. Each new node has another id."""


class TelemetryFile:
    """A file that starts again when it is full. The full one is kept under another name."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handler = RotatingFileHandler(
            path, maxBytes=LARGEST_FILE, backupCount=1, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self._handler.terminator = ""

    def append(self, text: str) -> None:
        """Write whole lines."""
        if text:
            self._handler.handle(logging.makeLogRecord({"msg": text}))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


class SpanFile(SpanExporter):
    """`traces.jsonl`."""

    def __init__(self, folder: Path) -> None:
        self._file = TelemetryFile(folder / "traces.jsonl")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append spans."""
        self._file.append(to_text(span_lines(spans)))
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file."""
        self._file.close()


class MetricFile(MetricExporter):
    """`metrics.jsonl`. Each line counts from the last line of its series."""

    def __init__(self, folder: Path) -> None:
        super().__init__(preferred_temporality=DELTA)
        self._file = TelemetryFile(folder / "metrics.jsonl")

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Append measurements."""
        self._file.append(to_text(metric_lines(metrics_data)))
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Return True: nothing is buffered."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Close the file."""
        self._file.close()


class LogFile(LogRecordExporter):
    """`logs.jsonl`."""

    def __init__(self, folder: Path) -> None:
        self._file = TelemetryFile(folder / "logs.jsonl")

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Append log records."""
        self._file.append(to_text(log_lines(batch)))
        return LogRecordExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        """Return True: nothing is buffered."""
        return True

    def shutdown(self) -> None:
        """Close the file."""
        self._file.close()


def folder_of(root: Path, process: str) -> Path:
    """Return the folder of a process, and remove the folders that were written longest ago."""
    folder = root / process
    folder.mkdir(parents=True, exist_ok=True)
    older = sorted((path for path in root.iterdir() if path != folder), key=_changed, reverse=True)
    for path in older[KEPT_PROCESSES - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
    return folder


def _changed(path: Path) -> float:
    try:
        return max([path.stat().st_mtime, *(file.stat().st_mtime for file in path.iterdir())])
    except OSError:  # another process that starts has removed it
        return 0.0


Line = dict[str, Any]


def to_text(lines: Iterator[Line]) -> str:
    """Return the lines of a file."""
    return "".join(f"{json.dumps(line, ensure_ascii=False, default=str)}\n" for line in lines)


def span_lines(spans: Sequence[ReadableSpan]) -> Iterator[Line]:
    """Yield one line for each span that ended."""
    for span in spans:
        context, start, end = span.get_span_context(), span.start_time or 0, span.end_time or 0
        yield {
            "time": _time(start),
            "seconds": round((end - start) / 1e9, 6),
            "name": span.name,
            "kind": span.kind.name.lower(),
            "trace_id": format_trace_id(context.trace_id) if context else None,
            "span_id": format_span_id(context.span_id) if context else None,
            "parent_id": format_span_id(span.parent.span_id) if span.parent else None,
            "failed": span.status.status_code is StatusCode.ERROR,
            "problem": span.status.description,
            "service": _service(span.resource.attributes),
            **(span.attributes or {}),
        }


def metric_lines(data: MetricsData) -> Iterator[Line]:
    """Yield one line for each series that changed."""
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    yield {
                        "time": _time(point.time_unix_nano),
                        "name": metric.name,
                        "unit": metric.unit,
                        **_measured(metric, point),
                        "service": _service(resource.resource.attributes),
                        **(point.attributes or {}),
                    }


def log_lines(records: Sequence[ReadableLogRecord]) -> Iterator[Line]:
    """Yield one line for each log record."""
    for entry in records:
        record = entry.log_record
        yield {
            "time": _time(record.timestamp or 0),
            "level": record.severity_text,
            "message": record.body,
            "trace_id": format_trace_id(record.trace_id) if record.trace_id else None,
            "span_id": format_span_id(record.span_id) if record.span_id else None,
            "service": _service(entry.resource.attributes),
            **(record.attributes or {}),
        }


def _measured(metric: Metric, point: Any) -> Line:
    if isinstance(metric.data, Histogram):
        histogram: HistogramDataPoint = point
        return {
            "count": histogram.count,
            "sum": histogram.sum,
            "min": histogram.min,
            "max": histogram.max,
            "bounds": list(histogram.explicit_bounds),
            "counts": list(histogram.bucket_counts),
        }
    number: NumberDataPoint = point
    return {"value": number.value}


def _service(resource: Mapping[str, Any]) -> Any:
    return resource.get("service.name")


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="microseconds")


DELTA: dict[type, AggregationTemporality] = {
    metrics.Counter: AggregationTemporality.DELTA,
    metrics.Histogram: AggregationTemporality.DELTA,
}
"""The temporality that Application Insights expects. It also keeps files short."""
