"""The ids and the trace of the current work. Its spans and log records carry them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    NoOpTracer,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    format_trace_id,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.contracts.job import JobDocument
from shared.contracts.job_spec import JobSpec
from shared.errors import ProductError
from shared.observability import names
from shared.observability.instruments import NO_INSTRUMENTS, Instruments
from shared.observability.names import Ids

_of_process: Ids = {}
_of_work: ContextVar[Ids] = ContextVar("ids", default={})  # noqa: B039 (never changed, only replaced)


def current_ids() -> Ids:
    """Return the ids of the process and of the current work."""
    return {**_of_process, **_of_work.get()}


def set_process_ids(ids: Ids) -> None:
    """Set the ids that all work of this process carries from now on."""
    global _of_process  # noqa: PLW0603 (a process has one)
    _of_process = dict(ids)


@contextmanager
def scope(ids: Ids) -> Iterator[None]:
    """Add `ids` to the work inside the block."""
    token = _of_work.set({**_of_work.get(), **ids})
    try:
        yield
    finally:
        _of_work.reset(token)


def job_ids(job: JobDocument | JobSpec) -> dict[str, str | int]:
    """Return the ids of a job."""
    return {
        names.JOB: job.name if isinstance(job, JobDocument) else job.job_name,
        names.COMPUTE: job.compute,
        names.ENDPOINT: job.endpoint,
        names.DEPLOYMENT: job.deployment,
    }


def job_labels(job: JobDocument | JobSpec) -> dict[str, str | int]:
    """Return the labels of a job's metrics. They have few values, however many jobs there are."""
    return {"compute": job.compute, "endpoint": job.endpoint, "deployment": job.deployment}


@dataclass(frozen=True)
class Telemetry:
    """The tracer and instruments that telemetry is written to."""

    tracer: Tracer
    instruments: Instruments


NO_TELEMETRY = Telemetry(NoOpTracer(), NO_INSTRUMENTS)

_current = NO_TELEMETRY


def current() -> Telemetry:
    """Return the telemetry of the current process."""
    return _current


def use(telemetry: Telemetry) -> None:
    """Write to `telemetry` from now on."""
    global _current  # noqa: PLW0603 (a process has one)
    _current = telemetry


@contextmanager
def span(name: str, parent: Mapping[str, str], ids: Ids, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
    """Trace a step and record its exception. Log records of the step carry `ids` and belong to the span."""
    with (
        scope(ids),
        current().tracer.start_as_current_span(
            name,
            context_of(parent),
            kind=kind,
            attributes=dict(current_ids()),
            record_exception=False,
            set_status_on_exception=False,
        ) as started,
    ):
        try:
            yield started
        except Exception as error:
            _note(started, error, kind)
            raise


def _note(step: Span, error: Exception, kind: SpanKind) -> None:
    """Record an error on a span.

    A caller's mistake is not recorded as an exception, and does not make a server span fail. Other spans fail."""
    is_mistake = isinstance(error, ProductError) and error.http_status < 500
    step.set_attribute("error.type", error.code if isinstance(error, ProductError) else type(error).__name__)
    if not is_mistake:
        step.record_exception(error)
    if not is_mistake or kind is not SpanKind.SERVER:
        step.set_status(Status(StatusCode.ERROR, str(error)))


@contextmanager
def job_scope(job: JobDocument | JobSpec) -> Iterator[None]:
    """Attach log records to `job` and its trace, without a span of their own.

    This holds for the block, for the tasks of the event loop that it starts, and for theirs.
    """
    token = attach(context_of(job.trace))
    try:
        with scope(job_ids(job)):
            yield
    finally:
        detach(token)


@contextmanager
def job_span(name: str, job: JobDocument, part: str = "") -> Iterator[Span]:
    """Trace a step of `job`, or a part of a step that takes several calls."""
    ids = job_ids(job)
    with span(name, job.trace, {**ids, names.PART: part} if part else ids) as started:
        yield started


FIELDS = ("traceparent", "tracestate")

_propagator = TraceContextTextMapPropagator()


def received(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's trace, or an empty one if the caller sent no valid trace."""
    given = {name: headers[name] for name in FIELDS if headers.get(name)}
    return carried(_propagator.extract(given, Context()))


def carried(context: Context | None = None) -> dict[str, str]:
    """Return `context` (by default the current one) as headers. They are empty if it belongs to no trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, context)
    return carrier


def context_of(carrier: Mapping[str, str]) -> Context:
    """Return the context whose spans become children of the carried trace."""
    return _propagator.extract(dict(carrier), Context())


def trace_id(carrier: Mapping[str, str]) -> str:
    """Return the trace's id of 32 hexadecimal digits, or an empty text if there is no trace."""
    context = get_current_span(context_of(carrier)).get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else ""
