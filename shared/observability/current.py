"""The telemetry of this process: where spans and measurements go. Nothing is told until it is started."""

from dataclasses import dataclass

from opentelemetry.trace import NoOpTracer, Tracer

from shared.observability.instruments import NO_INSTRUMENTS, Instruments


@dataclass(frozen=True)
class Telemetry:
    """What is written to."""

    tracer: Tracer
    instruments: Instruments


NO_TELEMETRY = Telemetry(NoOpTracer(), NO_INSTRUMENTS)

_current = NO_TELEMETRY


def current() -> Telemetry:
    """That of this process."""
    return _current


def use(telemetry: Telemetry) -> None:
    """Write to `telemetry` from now on."""
    global _current  # noqa: PLW0603 (a process has one)
    _current = telemetry
