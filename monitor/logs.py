"""Structured logs: JSON in a service, readable on a terminal; never a password."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

LogFormat = Literal["auto", "json", "console"]

# user:password@ of any URL, wherever it came from (a driver's message, a library's log line).
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]*(?=@)")


def without_credentials(text: str) -> str:
    """The text with user and password of every URL in it masked."""
    return _CREDENTIALS.sub("***", text)


def _mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = without_credentials(value)
    return event


def configure_logs(to: TextIO, log_format: LogFormat = "auto", level: str = "INFO", **bound: str) -> None:
    """Route structlog and the standard library's logging there; `bound` goes with every line.

    A service logs to standard output; whoever has a result to write there, or can't start, to standard error.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    readable = log_format == "console" or (log_format == "auto" and to.isatty())
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Their request lines would repeat what our own say, at the rate of the probes.
    for noisy in ("httpx", "httpcore", "apprise", "alembic", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(**bound)
