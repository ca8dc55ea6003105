"""Telemetry in files of bounded size: `<folder>/<process>/traces.jsonl`, `metrics.jsonl`, `logs.jsonl`."""

import logging
import shutil
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from shared.observability.json_lines import log_lines, metric_lines, span_lines, to_text
from shared.observability.temporality import DELTA

LARGEST_FILE = 16 << 20
"""Bytes; beside it lies one older file of the same size."""

KEPT_PROCESSES = 50
"""Folders of processes that wrote last; nodes come and go, each with an id of its own."""


class TelemetryFile:
    """A file that starts afresh when it is full, and keeps what it was beside it."""

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
    """`metrics.jsonl`: what was counted since the last line of a series."""

    def __init__(self, folder: Path) -> None:
        super().__init__(preferred_temporality=DELTA)
        self._file = TelemetryFile(folder / "metrics.jsonl")

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Append measurements."""
        self._file.append(to_text(metric_lines(metrics_data)))
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing is held back."""
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
        """Nothing is held back."""
        return True

    def shutdown(self) -> None:
        """Close the file."""
        self._file.close()


def folder_of(root: Path, process: str) -> Path:
    """The folder of a process; those that wrote longest ago are removed."""
    folder = root / process
    folder.mkdir(parents=True, exist_ok=True)
    older = sorted((path for path in root.iterdir() if path != folder), key=_changed, reverse=True)
    for path in older[KEPT_PROCESSES - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
    return folder


def _changed(path: Path) -> float:
    try:
        return max([path.stat().st_mtime, *(file.stat().st_mtime for file in path.iterdir())])
    except OSError:  # removed by another process that starts
        return 0.0
