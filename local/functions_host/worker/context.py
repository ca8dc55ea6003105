"""The `context` and output objects that a function receives besides its inputs."""

import threading
from collections.abc import Mapping
from typing import Any

from azure.functions import Context, Out

thread_local = threading.local()
"""Carries `invocation_id` in the thread that runs a function."""


class OutValue(Out):  # type: ignore[misc] # the SDK ships no types
    """The parameter of an output binding: keeps what the function sets."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Remember the value to write after the function has returned."""
        self._value = val

    def get(self) -> Any:
        """The value set last, or None."""
        return self._value


class TraceContext:
    """W3C trace context of an invocation; the local host traces nothing, so it is empty."""

    trace_parent = ""
    trace_state = ""

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attributes of the trace."""
        return {}

    Traceparent = trace_parent
    Tracestate = trace_state


class RetryContext:
    """How often this invocation was tried before, and how often it may be."""

    def __init__(self, retry_count: int, max_retry_count: int) -> None:
        self.retry_count = retry_count
        self.max_retry_count = max_retry_count
        self.exception = None


class InvocationContext(Context):  # type: ignore[misc] # the SDK ships no types
    """What a function learns about its own invocation."""

    def __init__(self, function: str, directory: str, invocation_id: str, retry: RetryContext) -> None:
        self._function = function
        self._directory = directory
        self._invocation_id = invocation_id
        self._retry = retry
        self._trace = TraceContext()

    @property
    def invocation_id(self) -> str:
        """Unique id of the invocation."""
        return self._invocation_id

    @property
    def thread_local_storage(self) -> threading.local:
        """Where `invocation_id` can be set for threads that the function starts."""
        return thread_local

    @property
    def function_name(self) -> str:
        """Name of the function."""
        return self._function

    @property
    def function_directory(self) -> str:
        """Folder of the app."""
        return self._directory

    @property
    def trace_context(self) -> TraceContext:
        """Trace context of the caller."""
        return self._trace

    @property
    def retry_context(self) -> RetryContext:
        """Count of the retries so far."""
        return self._retry
