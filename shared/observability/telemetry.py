"""The start and the end of a process's telemetry."""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial

from shared.observability.names import Ids
from shared.observability.tracing import NO_TELEMETRY, Telemetry, set_process_ids, use
from shared.settings import TelemetrySettings

OUR_LOGGERS = ("shared", "scorer_container")
"""Other packages' log records go to the platform only."""

_QUIETED = {
    "azure.core.pipeline": logging.WARNING,  # logs each request with its headers
    "azure.identity": logging.WARNING,  # logs each token
    "azure.monitor.opentelemetry": logging.WARNING,  # logs each export
    "opentelemetry.exporter": logging.ERROR,  # logs each retry of an export; the final failure is an error
}
"""Clients that log more about themselves than we do about jobs. Telemetry costs money."""

_SCOPE = "batch-endpoints"

LAST_EXPORT_SECONDS = 3.0
"""Seconds that a process waits for the last export when it ends: less than a node has for draining."""


class Running:
    """Telemetry that was started. If telemetry goes nowhere, there is nothing to close."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self._last_exports: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def began(self, *, undo: Callable[[], object]) -> None:
        """Register a step that `close()` undoes first."""
        self._undo.append(undo)

    def opened(self, *, last_export: Callable[[], object]) -> None:
        """Register a sink whose last export may block on the network."""
        self._last_exports.append(last_export)

    def close(self) -> None:
        """Export what is left, for LAST_EXPORT_SECONDS at most. May be called again."""
        with self._lock:
            undo, self._undo = self._undo, []
            exports, self._last_exports = self._last_exports, []
        for step in undo:
            step()
        deadline = time.monotonic() + LAST_EXPORT_SECONDS
        threads = [threading.Thread(target=export, name="last-export", daemon=True) for export in exports]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def start_telemetry(
    settings: TelemetrySettings, service: str, process: str, ids: Ids, *, alone: bool = False
) -> Running:
    """Start the telemetry of this process.

    `process` names it within the service. All its telemetry carries `ids`. `alone`: log records that go to Application
    Insights go nowhere else, because the platform sends there whatever it gets.
    """
    set_process_ids(ids)
    for client, level in _QUIETED.items():
        logging.getLogger(client).setLevel(level)
    running = Running()
    if settings.is_on:
        _start(running, settings, service, process)
        if alone and settings.insights:
            _stop_propagation(running)
    return running


def _start(running: Running, settings: TelemetrySettings, service: str, process: str) -> None:
    """Start exporting. Imports OpenTelemetry's SDK, which a process without telemetry does not need."""
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from shared.observability.exporters import exporters
    from shared.observability.instruments import Instruments
    from shared.observability.log_records import TelemetryHandler

    resource = Resource.create(_resource(os.environ, service, process))
    spans = TracerProvider(resource=resource, shutdown_on_exit=False)
    logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
    readers = []
    for place in exporters(settings, process):
        spans.add_span_processor(BatchSpanProcessor(place.spans, schedule_delay_millis=place.delay_ms))
        logs.add_log_record_processor(BatchLogRecordProcessor(place.logs, schedule_delay_millis=place.delay_ms))
        readers.append(PeriodicExportingMetricReader(place.metrics, export_interval_millis=place.metrics_ms))
    meters = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
    use(Telemetry(spans.get_tracer(_SCOPE), Instruments(meters.get_meter(_SCOPE))))
    running.began(undo=lambda: use(NO_TELEMETRY))
    _take_logs(running, TelemetryHandler(logs, at_exit=running.close))
    for provider in (spans, logs, meters):
        running.opened(last_export=provider.shutdown)
    atexit.register(running.close)


def _resource(environment: Mapping[str, str], service: str, process: str) -> dict[str, str]:
    """Return the attributes of the process; `OTEL_SERVICE_NAME` overrides `service`."""
    return {"service.name": environment.get("OTEL_SERVICE_NAME") or service, "service.instance.id": process}


def _take_logs(running: Running, handler: logging.Handler) -> None:
    for logger in map(logging.getLogger, OUR_LOGGERS):
        logger.addHandler(handler)
        running.began(undo=partial(logger.removeHandler, handler))
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)


def _stop_propagation(running: Running) -> None:
    for logger in map(logging.getLogger, OUR_LOGGERS):
        logger.propagate = False
        running.began(undo=partial(setattr, logger, "propagate", True))
