"""The spans of one task."""

import time
from contextlib import AbstractContextManager

from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context, use_span

from scorer_container.node.tasks.results import MiniBatchResult, TaskResult
from shared.observability import names

_SHOWN_MINI_BATCHES = 4
"""Mini-batches of a task that get spans, plus as many with failed items: a task may have thousands."""


class TaskTrace:
    """The span of a task and the spans of its mini-batches."""

    def __init__(self, tracer: Tracer, span: Span, attributes: dict[str, str | int]) -> None:
        self._tracer = tracer
        self._span = span
        self._attributes = attributes
        self._shown = self._shown_failed = 0
        self._has_ended = False

    def current(self) -> AbstractContextManager[Span]:
        """Make the task's span the current one."""
        return use_span(self._span)

    def mini_batch(self, number: int, result: MiniBatchResult, seconds: float) -> None:
        """Record a mini-batch that has just ended: the first few get a span, and the first few with failed items."""
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

    def ends(self, result: TaskResult, problem: str = "") -> None:
        """End the span: the task was completed, or given back because of `problem`. Only the first call counts."""
        if self._has_ended:
            return
        self._has_ended = True
        if self._span.is_recording():
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
