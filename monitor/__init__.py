"""Wires the house; a portal imports `instrument` from here, and importing this package loads nothing else."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitor.instrumentation import CorrelationFilter as CorrelationFilter
    from monitor.instrumentation import InstrumentationSettings as InstrumentationSettings
    from monitor.instrumentation import add_correlation as add_correlation
    from monitor.instrumentation import correlation_id as correlation_id
    from monitor.instrumentation import instrument as instrument
    from monitor.instrumentation import statement as statement

_OFFERED = frozenset(
    {"CorrelationFilter", "InstrumentationSettings", "add_correlation", "correlation_id", "instrument", "statement"}
)


def __getattr__(name: str) -> Any:
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from monitor import instrumentation

    return getattr(instrumentation, name)
