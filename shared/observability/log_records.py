"""Passes log records of our own modules to OpenTelemetry, with their ids and trace."""

import logging
import traceback
from collections.abc import Callable

from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber
from opentelemetry.context import get_current

from shared.observability.tracing import current_ids

_SEVERITIES = {
    logging.CRITICAL: SeverityNumber.FATAL,
    logging.ERROR: SeverityNumber.ERROR,
    logging.WARNING: SeverityNumber.WARN,
    logging.INFO: SeverityNumber.INFO,
    logging.DEBUG: SeverityNumber.DEBUG,
}


class TelemetryHandler(logging.Handler):
    """Passes records to OpenTelemetry with the current trace, span and ids."""

    def __init__(self, provider: LoggerProvider, at_exit: Callable[[], None]) -> None:
        """`at_exit` is called when logging ends, with the process."""
        super().__init__()
        self._provider = provider
        self._at_exit = at_exit

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on one record."""
        try:
            self._provider.get_logger(record.name).emit(_translated(record))
        except Exception:  # a failure of logging must not become a failure of the work
            self.handleError(record)

    def close(self) -> None:
        """Close the telemetry. Some processes end without Python's own exit hooks, but none without this call."""
        self._at_exit()
        super().close()


def _translated(record: logging.LogRecord) -> LogRecord:
    attributes: dict[str, str | int] = {**current_ids(), "logger": record.name}
    if record.exc_info and record.exc_info[0]:
        attributes["exception.type"] = record.exc_info[0].__name__
        attributes["exception.message"] = str(record.exc_info[1])
        attributes["exception.stacktrace"] = "".join(traceback.format_exception(*record.exc_info))
    return LogRecord(
        timestamp=int(record.created * 1e9),
        context=get_current(),
        severity_text=record.levelname,
        severity_number=_SEVERITIES.get(record.levelno, SeverityNumber.UNSPECIFIED),
        body=record.getMessage(),
        attributes=attributes,
    )
