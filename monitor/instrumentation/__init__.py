"""A portal's own figures, correlation ids and failures, seen from inside it: `instrument(app, pool=pool)`."""

from monitor.instrumentation.exchange import correlation_id, statement
from monitor.instrumentation.failure import Failure
from monitor.instrumentation.instrument import Instrumentation, instrument
from monitor.instrumentation.logs import CorrelationFilter, add_correlation
from monitor.instrumentation.reporter import HttpReporter, Reporter
from monitor.instrumentation.settings import InstrumentationSettings, SqlComments

__all__ = [
    "CorrelationFilter",
    "Failure",
    "HttpReporter",
    "Instrumentation",
    "InstrumentationSettings",
    "Reporter",
    "SqlComments",
    "add_correlation",
    "correlation_id",
    "instrument",
    "statement",
]
