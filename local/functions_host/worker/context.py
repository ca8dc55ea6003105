"""The `context` that a function receives beside its inputs."""

import threading
from collections.abc import Mapping

from azure.functions import Context

thread_local = threading.local()
"""Carries `invocation_id` in the thread that runs a function."""


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


class InvocationContext(Context):  # type: ignore[misc] # the SDK ships no types
    """What a function learns about its own invocation."""

    def __init__(self, function: str, directory: str, invocation_id: str) -> None:
        self._function = function
        self._directory = directory
        self._invocation_id = invocation_id
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
    def retry_context(self) -> None:
        """Nothing: the local host does not retry functions."""
