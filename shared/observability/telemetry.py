"""Starts and ends the telemetry of a process."""

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
"""What other packages log stays with the platform, where it always went."""

_QUIETED = {
    "azure.core.pipeline": logging.WARNING,  # tells of each request, with its headers
    "azure.identity": logging.WARNING,  # of each token
    "azure.monitor.opentelemetry": logging.WARNING,  # of each export
    "opentelemetry.exporter": logging.ERROR,  # of each try of an export; the last one's failure is an error
}
"""Clients that would tell more of themselves than we do of jobs, at the price of telemetry."""

_SCOPE = "batch-endpoints"

LAST_EXPORT_SECONDS = 3.0
"""How long the end of a process waits for the last export: less than what a node has to drain."""


class Running:
    """Telemetry that was started; nothing but a name when there is nowhere to tell."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self._last_exports: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def began(self, *, undo: Callable[[], object]) -> None:
        """Something that the close undoes first."""
        self._undo.append(undo)

    def opened(self, *, last_export: Callable[[], object]) -> None:
        """Something that may wait for another machine when it is closed."""
        self._last_exports.append(last_export)

    def close(self) -> None:
        """Export what is left, for a few seconds at most, whatever the other side does; may be called again."""
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
    """Tell of this process from now on.

    `process` names it among those of the service. `ids` go with everything that it tells. `alone`: our log records go
    nowhere else when they go to Application Insights, as the platform sends there what it gets.
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
    """Imports OpenTelemetry's SDK, which a process that tells nothing does without."""
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
    """`OTEL_SERVICE_NAME` wins, as everywhere."""
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
