"""Spans of the application: steps of a job, in the job's trace."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, SpanKind

from shared.contracts.job import JobDocument
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
            name, context_of(parent), kind=kind, attributes=dict(current_ids())
        ) as started,
    ):
        yield started


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
