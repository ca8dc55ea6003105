"""What a node tells of its work on one job: spans in the job's trace, and counts.

Every task costs a few calls here, so what they have in common is made once.
"""

import logging
import time
from contextlib import AbstractContextManager, nullcontext

from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context, use_span

from scorer_container.node.work import HeldTask, MiniBatchResult
from shared.contracts.job_spec import JobSpec
from shared.contracts.progress import JobFailure
from shared.observability import names
from shared.observability.current import current
from shared.observability.scope import current_ids, job_ids, job_labels, process_scope, scope
from shared.observability.trace_context import context_of

log = logging.getLogger(__name__)

_SHOWN_MINI_BATCHES = 4
"""Mini-batches of a task that have spans, and as many again of those with failed items: a task may have thousands."""


class JobTelemetry:
    """Tells of one job."""

    def __init__(self, spec: JobSpec) -> None:
        self._telemetry = current()
        self._parent = context_of(spec.trace)
        self._ids: dict[str, str | int] = {**current_ids(), **job_ids(spec)}
        self._labels = job_labels(spec)
        self._succeeded = {**self._labels, "outcome": "succeeded"}
        self._failed = {**self._labels, "outcome": "failed"}

    def scope(self) -> AbstractContextManager[None]:
        """Log records of what any thread of the node does meanwhile belong to the job."""
        return process_scope(self._ids, self._parent)

    def preparing(self) -> "Preparing":
        """Model, code and environment are made ready from now on."""
        tracer = self._telemetry.tracer
        return Preparing(tracer.start_span(names.PREPARE, self._parent, attributes=self._ids))

    def task_begins(self, task: HeldTask) -> "TaskTrace":
        """A scoring process begins with `task`."""
        attributes = {
            **self._ids,
            names.TASK_NUMBER: task.task.task,
            "batch.attempt": task.attempt,
            "batch.mini_batches": task.task.mini_batches,
        }
        tracer = self._telemetry.tracer
        return TaskTrace(tracer, tracer.start_span(names.TASK, self._parent, attributes=attributes), attributes)

    def mini_batch_ends(self, trace: "TaskTrace", number: int, result: MiniBatchResult, seconds: float) -> None:
        """A mini-batch of the task was scored, which took `seconds`."""
        self._telemetry.instruments.mini_batch_duration.record(seconds, self._labels)
        trace.mini_batch(number, result, seconds)

    def task_completed(self, task: HeldTask) -> None:
        """The task's rows are staged and its message is deleted."""
        instruments, result = self._telemetry.instruments, task.result
        instruments.tasks_completed.add(1, self._labels)
        if result.succeeded:
            instruments.items.add(result.succeeded, self._succeeded)
        if result.failed:
            instruments.items.add(result.failed, self._failed)
            self._log_failed(task)
        if task.trace:
            task.trace.ends(task)

    @staticmethod
    def _log_failed(task: HeldTask) -> None:
        number, result = task.task.task, task.result
        with scope({names.TASK_NUMBER: number}), task.trace.current() if task.trace else nullcontext():
            log.warning("task %d: %d of %d items failed", number, result.failed, result.failed + result.succeeded)


class Preparing:
    """The span of a preparation, until the first scoring process is ready or nothing can be."""

    def __init__(self, span: Span) -> None:
        self._span: Span | None = span

    def ends(self, failure: JobFailure | None = None) -> None:
        """It has ended; only the first call counts."""
        span, self._span = self._span, None
        if span is None:
            return
        if failure:
            span.set_status(Status(StatusCode.ERROR, failure.message))
        span.end()


class TaskTrace:
    """The span of a task, and those of its mini-batches."""

    def __init__(self, tracer: Tracer, span: Span, attributes: dict[str, str | int]) -> None:
        self._tracer = tracer
        self._span = span
        self._attributes = attributes
        self._shown = self._shown_failed = 0

    def current(self) -> AbstractContextManager[Span]:
        """What is done inside belongs to the task."""
        return use_span(self._span)

    def mini_batch(self, number: int, result: MiniBatchResult, seconds: float) -> None:
        """A mini-batch that has just ended; it gets a span when few had one, or when items of it failed."""
        if not self._span.is_recording() or not self._is_shown(result):
            return
        end = time.time_ns()
        span = self._tracer.start_span(
            names.MINI_BATCH,
            set_span_in_context(self._span),
            attributes={
                **self._attributes,
                "batch.mini_batch": number,
                "batch.succeeded": result.succeeded,
                "batch.failed": result.failed,
            },
            start_time=end - int(seconds * 1e9),
        )
        if result.errors:
            error = result.errors[0]
            span.set_status(Status(StatusCode.ERROR, f"{error.error_type}: {error.message}"))
        span.end(end)

    def ends(self, task: HeldTask, problem: str = "") -> None:
        """The task was completed, or given back because of `problem`."""
        if self._span.is_recording():
            result = task.result
            self._span.set_attributes({"batch.succeeded": result.succeeded, "batch.failed": result.failed})
            if problem:
                self._span.set_status(Status(StatusCode.ERROR, problem))
        self._span.end()

    def _is_shown(self, result: MiniBatchResult) -> bool:
        if self._shown < _SHOWN_MINI_BATCHES:
            self._shown += 1
            return True
        if result.errors and self._shown_failed < _SHOWN_MINI_BATCHES:
            self._shown_failed += 1
            return True
        return False
