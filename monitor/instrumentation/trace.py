"""W3C trace context, and OpenTelemetry's current span where the portal has loaded OpenTelemetry itself."""

import re
import sys
from typing import NamedTuple

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


class Trace(NamedTuple):
    """One position in a trace. `parent` is its `traceparent` header."""

    id: str
    parent: str
    is_sampled: bool


def read_traceparent(header: bytes) -> Trace | None:
    """The trace a caller is in; None for a header that the specification calls invalid.

    Source: W3C Trace Context, section 3.2; version 00 has exactly 55 characters, later ones may have more.
    """
    if len(header) < 55 or len(header) > 512 or (header[:2] == b"00" and len(header) != 55):
        return None
    found = _TRACEPARENT.fullmatch(header.decode("latin-1"))
    if found is None:
        return None
    trace_id, span_id, flags = found.groups()
    return Trace(trace_id, f"00-{trace_id}-{span_id}-{flags}", bool(int(flags, 16) & 1))


def current_trace(correlation_id: str | None = None) -> Trace | None:
    """Where OpenTelemetry's current span is, which gets `correlation_id` as an attribute; None without such a span."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    span = api.get_current_span()
    context = span.get_span_context()
    if not context.is_valid:
        return None
    if correlation_id is not None and span.is_recording():
        span.set_attribute("correlation_id", correlation_id)
    trace_id, flags = f"{context.trace_id:032x}", int(context.trace_flags)
    return Trace(trace_id, f"00-{trace_id}-{context.span_id:016x}-{flags:02x}", bool(flags & 1))
