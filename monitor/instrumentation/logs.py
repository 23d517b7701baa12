"""Correlation ids in logs: a filter for the standard library, a processor for structlog, JSON for the platform."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

from monitor.instrumentation.exchange import current


class CorrelationFilter(logging.Filter):
    """Gives records `correlation_id`, `trace_id` and `route`, None outside of a request. It drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True."""
        exchange = current.get()
        record.correlation_id = exchange.correlation_id if exchange else None
        record.trace_id = exchange.trace.id if exchange and exchange.trace else None
        record.route = exchange.route if exchange else None
        return True


def add_correlation(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: `correlation_id`, `trace_id` and `route` of the request being answered, if any."""
    if exchange := current.get():
        event["correlation_id"] = exchange.correlation_id
        event["route"] = exchange.route
        if exchange.trace:
            event["trace_id"] = exchange.trace.id
    return event


def log_json(level: str = "INFO") -> None:
    """Route the standard library's logging, structlog's and uvicorn's to standard output, one JSON object a line."""
    import structlog  # a portal that keeps its own logs need not load it

    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        add_correlation,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Uvicorn gives them handlers of their own, for people.
    for server in ("uvicorn", "uvicorn.access"):
        logging.getLogger(server).handlers = []
        logging.getLogger(server).propagate = True
