"""The trace of a job, as it travels in headers, messages and documents (W3C Trace Context)."""

from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.trace import format_trace_id, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

FIELDS = ("traceparent", "tracestate")

_propagator = TraceContextTextMapPropagator()


def received(headers: Mapping[str, str]) -> dict[str, str]:
    """The trace that a caller belongs to; empty when it sent none that is valid."""
    given = {name: headers[name] for name in FIELDS if headers.get(name)}
    return carried(_propagator.extract(given, Context()))


def carried(context: Context | None = None) -> dict[str, str]:
    """`context` (by default the current one) to be sent along; empty when it belongs to no trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, context)
    return carrier


def context_of(carrier: Mapping[str, str]) -> Context:
    """The context in which spans become children of what was carried."""
    return _propagator.extract(dict(carrier), Context())


def trace_id(carrier: Mapping[str, str]) -> str:
    """32 hexadecimal digits, by which Application Insights and others find the trace; empty when there is none."""
    context = get_current_span(context_of(carrier)).get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else ""
