"""What the current work belongs to: the ids that spans and log records of it carry."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context, get_current
from opentelemetry.trace import get_current_span

from shared.contracts.job import JobDocument
from shared.contracts.job_spec import JobSpec
from shared.observability import names

Ids = Mapping[str, str | int]
"""Attributes by their name."""

_of_process: Ids = {}
_context_of_process = Context()
_of_work: ContextVar[Ids] = ContextVar("ids", default={})  # noqa: B039 (never changed, only replaced)


def current_ids() -> Ids:
    """Those of the process, and those of the work that this thread does."""
    return {**_of_process, **_of_work.get()}


def current_context() -> Context:
    """The trace that this thread works in, else that of the process."""
    own = get_current()
    return own if get_current_span(own).get_span_context().is_valid else _context_of_process


def set_process_ids(ids: Ids) -> None:
    """What all threads of this process belong to from now on."""
    global _of_process  # noqa: PLW0603 (a process has one)
    _of_process = dict(ids)


@contextmanager
def process_scope(ids: Ids, context: Context) -> Iterator[None]:
    """What any thread of the process does meanwhile belongs to `ids`, and to the trace of `context`."""
    global _of_process, _context_of_process
    before = _of_process, _context_of_process
    _of_process, _context_of_process = {**_of_process, **ids}, context
    try:
        yield
    finally:
        _of_process, _context_of_process = before


@contextmanager
def scope(ids: Ids) -> Iterator[None]:
    """What is done inside belongs to `ids` as well."""
    token = _of_work.set({**_of_work.get(), **ids})
    try:
        yield
    finally:
        _of_work.reset(token)


def job_ids(job: JobDocument | JobSpec) -> dict[str, str | int]:
    """The ids of a job."""
    return {
        names.JOB: job.name if isinstance(job, JobDocument) else job.job_name,
        names.COMPUTE: job.compute,
        names.ENDPOINT: job.endpoint,
        names.DEPLOYMENT: job.deployment,
    }


def job_labels(job: JobDocument | JobSpec) -> dict[str, str | int]:
    """What metrics tell apart: few values, whatever the number of jobs."""
    return {"compute": job.compute, "endpoint": job.endpoint, "deployment": job.deployment}
