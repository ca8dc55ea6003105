"""Telemetry of a node's work on one job: spans in the job's trace, and counts.

Each task makes a few calls here, so their common attributes are made once.
"""

import logging
from contextlib import AbstractContextManager

from opentelemetry.trace import Span, Status, StatusCode

from scorer_container.node.held import HeldTask
from scorer_container.node.tasks.results import MiniBatchResult
from scorer_container.node.tasks.scored import ScoredTask
from scorer_container.node.tasks.trace import TaskTrace
from shared.contracts.job_spec import JobSpec
from shared.contracts.progress import JobFailure
from shared.observability import names
from shared.observability.tracing import context_of, current, current_ids, job_ids, job_labels, job_scope, scope

log = logging.getLogger(__name__)


class JobTelemetry:
    """The telemetry of one job."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self._telemetry = current()
        self._parent = context_of(spec.trace)
        self._ids: dict[str, str | int] = {**current_ids(), **job_ids(spec)}
        self._labels = job_labels(spec)
        self._succeeded = {**self._labels, "outcome": "succeeded"}
        self._failed = {**self._labels, "outcome": "failed"}

    def scope(self) -> AbstractContextManager[None]:
        """Mark the log records of a block, and of all activities that it starts, as this job's."""
        return job_scope(self._spec)

    def preparing(self) -> "Preparing":
        """Start the span of the preparation of model, code and environment."""
        tracer = self._telemetry.tracer
        return Preparing(tracer.start_span(names.PREPARE, self._parent, attributes=self._ids))

    def task_begins(self, task: HeldTask) -> TaskTrace:
        """Record that a scoring process begins with `task`."""
        attributes = {
            **self._ids,
            names.TASK_NUMBER: task.task.task,
            "batch.attempt": task.attempt,
            "batch.mini_batches": task.task.mini_batches,
        }
        tracer = self._telemetry.tracer
        return TaskTrace(tracer, tracer.start_span(names.TASK, self._parent, attributes=attributes), attributes)

    def mini_batch_ends(self, trace: TaskTrace, number: int, result: MiniBatchResult, seconds: float) -> None:
        """Record that a mini-batch of the task was scored in `seconds`."""
        self._telemetry.instruments.mini_batch_duration.record(seconds, self._labels)
        trace.mini_batch(number, result, seconds)

    def task_completed(self, task: ScoredTask) -> None:
        """Record that the task's rows are staged and its message is deleted."""
        instruments, result = self._telemetry.instruments, task.result
        instruments.tasks_completed.add(1, self._labels)
        if result.succeeded:
            instruments.items.add(result.succeeded, self._succeeded)
        if result.failed:
            instruments.items.add(result.failed, self._failed)
            self._log_failed(task)
        task.trace.ends(result)

    @staticmethod
    def _log_failed(task: ScoredTask) -> None:
        number, result = task.number, task.result
        with scope({names.TASK_NUMBER: number}), task.trace.current():
            log.warning("task %d: %d of %d items failed", number, result.failed, result.failed + result.succeeded)


class Preparing:
    """The span of a preparation. It ends when the first scoring process is ready or the preparation fails."""

    def __init__(self, span: Span) -> None:
        self._span: Span | None = span

    def ends(self, failure: JobFailure | None = None) -> None:
        """End the span; only the first call counts."""
        span, self._span = self._span, None
        if span is None:
            return
        if failure:
            span.set_status(Status(StatusCode.ERROR, failure.message))
        span.end()
