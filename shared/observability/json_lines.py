"""Spans, measurements and log records as JSON lines: what a laptop has instead of a telemetry service."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.metrics.export import Histogram, HistogramDataPoint, Metric, MetricsData, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id

Line = dict[str, Any]


def to_text(lines: Iterator[Line]) -> str:
    """The lines of a file."""
    return "".join(f"{json.dumps(line, ensure_ascii=False, default=str)}\n" for line in lines)


def span_lines(spans: Sequence[ReadableSpan]) -> Iterator[Line]:
    """One line for each span that ended."""
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
    """One line for each series that changed."""
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
    """One line for each log record."""
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
