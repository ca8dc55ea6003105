"""Spans of the application: steps of a job, in the job's trace."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from shared.contracts.job import JobDocument
from shared.errors import ProductError
from shared.observability import names
from shared.observability.current import current
from shared.observability.scope import Ids, current_ids, job_ids, scope
from shared.observability.trace_context import context_of


@contextmanager
def span(name: str, parent: Mapping[str, str], ids: Ids, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
    """A step; what it raises is noted on it. Log records of the step carry `ids` and belong to the span."""
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
    """A caller's mistake is no exception, and its refusal is what a server is there for; as a step it has failed."""
    is_mistake = isinstance(error, ProductError) and error.http_status < 500
    step.set_attribute("error.type", error.code if isinstance(error, ProductError) else type(error).__name__)
    if not is_mistake:
        step.record_exception(error)
    if not is_mistake or kind is not SpanKind.SERVER:
        step.set_status(Status(StatusCode.ERROR, str(error)))


@contextmanager
def job_scope(job: JobDocument) -> Iterator[None]:
    """Log records of what is done inside belong to `job` and its trace; it is no step of its own."""
    token = attach(context_of(job.trace))
    try:
        with scope(job_ids(job)):
            yield
    finally:
        detach(token)


@contextmanager
def job_span(name: str, job: JobDocument, part: str = "") -> Iterator[Span]:
    """A step of `job`, or a part of one that is done in several calls."""
    ids = job_ids(job)
    with span(name, job.trace, {**ids, names.PART: part} if part else ids) as started:
        yield started
