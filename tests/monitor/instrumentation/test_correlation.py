"""Correlation ids: taken, made, echoed, logged; and traces that they join."""

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
import structlog
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from monitor import CorrelationFilter, InstrumentationSettings, add_correlation, correlation_id, instrument
from monitor.instrumentation.correlation import accepted
from monitor.instrumentation.logs import log_json
from monitor.instrumentation.trace import read_traceparent
from tests.monitor.instrumentation.served_app import asking, values
from tests.served import served

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _app() -> FastAPI:
    app = FastAPI()
    instrument(app)

    @app.get("/id")
    async def seen() -> str | None:
        return correlation_id()

    @app.get("/in_a_thread")
    def seen_in_a_thread() -> str | None:
        return correlation_id()

    return app


def _get(app: FastAPI, path: str, *headers: tuple[bytes, bytes]) -> httpx.Response:
    async def get() -> httpx.Response:
        async with asking(app) as client:
            return await client.get(path, headers=list(headers))

    return asyncio.run(get())


@pytest.mark.parametrize("path", ["/id", "/in_a_thread"])
def test_a_harmless_id_is_taken_and_echoed(path: str) -> None:
    """The endpoint sees it, in a thread as well, and the answer has it once."""
    answer = _get(_app(), path, (b"X-Correlation-ID", b"fe_1700000000000_ab12"))
    assert answer.json() == "fe_1700000000000_ab12"
    assert answer.headers.get_list("x-correlation-id") == ["fe_1700000000000_ab12"]
    assert correlation_id() is None


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"x" * 65,
        b"x" * 100_000,
        b"a\r\nSet-Cookie: b=c",
        b"a\nb",
        b"*/ DROP TABLE users; /*",
        b"a'b",
        b"a b",
        b"\xff",
        b"-a",
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_forged_id_is_replaced_and_counted(forged: bytes) -> None:
    """Neither too long ones nor characters that headers, logs or SQL mind get any further."""
    app = _app()
    answer = _get(app, "/id", (b"X-Correlation-ID", forged))
    assert answer.status_code == 200
    assert len(answer.json()) == 32
    assert answer.headers.get_list("x-correlation-id") == [answer.json()]
    assert "set-cookie" not in answer.headers
    page = _get(app, "/metrics").text
    assert values(page, "http_correlation_ids_refused_total") == {(): 1}


def test_ids_of_64_characters_are_the_longest() -> None:
    """The bound is the bound."""
    assert accepted("x" * 64) == "x" * 64
    assert accepted("x" * 65) is None


def test_a_made_id_is_never_made_twice() -> None:
    """Two callers without one get two, and none is counted as refused."""
    app = _app()
    assert _get(app, "/id").json() != _get(app, "/id").json()
    assert values(_get(app, "/metrics").text, "http_correlation_ids_refused_total") == {(): 0}


def test_a_caller_with_a_trace_gets_the_id_of_the_trace() -> None:
    """Without an id of its own; a wrong traceparent is nobody's trace."""
    app = _app()
    assert _get(app, "/id", (b"traceparent", PARENT.encode())).json() == "4bf92f3577b34da6a3ce929d0e0e4736"
    both = (b"traceparent", PARENT.encode()), (b"x-correlation-id", b"mine")
    assert _get(app, "/id", *both).json() == "mine"
    assert _get(app, "/id", (b"traceparent", b"00-" + b"0" * 32 + PARENT[35:].encode())).json() != "0" * 32


@pytest.mark.parametrize(
    "header",
    [
        PARENT[:-1],
        PARENT + "-more",
        "ff" + PARENT[2:],
        PARENT.replace("00f067aa0ba902b7", "0" * 16),
        PARENT.upper(),
        "x",
    ],
)
def test_a_traceparent_that_the_specification_calls_invalid_is_ignored(header: str) -> None:
    """W3C Trace Context, section 3.2."""
    assert read_traceparent(header.encode()) is None


def test_a_traceparent_of_a_later_version_may_be_longer() -> None:
    """Its known part is taken."""
    found = read_traceparent(b"01" + PARENT[2:].encode() + b"-later")
    assert found is not None
    assert (found.id, found.is_sampled) == (PARENT[3:35], True)


def test_the_id_joins_the_span_that_opentelemetry_has() -> None:
    """Where a span is current, a made id is the id of its trace."""
    context = SpanContext(0x1234, 0x56, is_remote=False, trace_flags=TraceFlags(0))
    with trace.use_span(NonRecordingSpan(context)):
        assert _get(_app(), "/id").json() == f"{0x1234:032x}"


def test_importing_monitor_loads_nothing() -> None:
    """A portal pays for what it uses: neither the frameworks nor the rest of the house come along."""
    code = "import sys, monitor; print([m for m in sys.modules if m.partition('.')[0] in "
    code += "('starlette', 'fastapi', 'prometheus_client', 'asyncpg', 'httpx', 'alerts', 'probes')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_instrumenting_loads_neither_the_house_nor_a_client() -> None:
    """numpy, SQLAlchemy and the probes are the service's business, httpx that of a portal with failures."""
    code = "import sys, monitor; monitor.instrument; print([m for m in sys.modules if m.partition('.')[0] in "
    code += "('numpy', 'scipy', 'sqlalchemy', 'alerts', 'probes', 'baselines', 'httpx', 'apprise', 'structlog')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_monitor_has_no_other_names() -> None:
    """A typing mistake is told as one."""
    import monitor

    with pytest.raises(AttributeError, match="instrumnet"):
        monitor.instrumnet  # noqa: B018


@contextmanager
def _logs_restored() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", "uvicorn", "uvicorn.access")]
    before = [(one.handlers, one.level, one.propagate) for one in loggers]
    try:
        yield
    finally:
        for logger, state in zip(loggers, before, strict=True):
            logger.handlers, logger.level, logger.propagate = state
        structlog.reset_defaults()


def test_log_lines_are_json_with_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the standard library and of structlog, on standard output, one object a line."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    app = FastAPI()
    instrument(app)

    @app.get("/say/{word}")
    async def say(word: str) -> None:
        logging.getLogger("portal").warning("said\n%s", word, extra={"length": len(word)})
        structlog.get_logger("portal").info("said", word=word)

    with _logs_restored():
        log_json()
        _get(app, "/say/hello", (b"x-correlation-id", b"fe_1"), (b"traceparent", PARENT.encode()))
        logging.getLogger("portal").warning("outside")
    first, second, *_, last = [
        json.loads(line) for line in output.getvalue().splitlines() if '"logger": "portal"' in line
    ]
    assert (first["event"], first["length"], second["word"]) == ("said\nhello", 5, "hello")
    for line in (first, second):
        assert (line["correlation_id"], line["route"], line["trace_id"]) == ("fe_1", "/say/{word}", PARENT[3:35])
    assert "correlation_id" not in last


def test_what_the_server_logs_of_a_failed_request_has_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uvicorn's own lines are JSON too: the request, and the traceback of what nobody handled."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "stderr", complaints := io.StringIO())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        instrument(app, settings=InstrumentationSettings(log_format="json"))
        yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("told to")

    with _logs_restored(), served(app, log_level="info", access_log=True) as url:
        httpx.get(f"{url}/fails", headers={"X-Correlation-ID": "fe_1"})
        httpx.get(f"{url}/metrics")
    lines = [json.loads(line) for line in output.getvalue().splitlines() if "correlation_id" in line]
    told = next(line for line in lines if line["logger"] == "uvicorn.error")
    assert (told["correlation_id"], told["route"], told["level"]) == ("fe_1", "/fails", "error")
    assert told["exception"].endswith("RuntimeError: told to")
    assert "RuntimeError" not in complaints.getvalue()
    assert any("/metrics" in line and "fe_1" not in line for line in output.getvalue().splitlines())


def test_a_filter_gives_the_id_to_the_portals_own_handlers() -> None:
    """Outside of a request there is none, and the line is written all the same."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.addFilter(CorrelationFilter())
    handler.setFormatter(logging.Formatter("%(correlation_id)s %(trace_id)s %(message)s"))
    logger = logging.getLogger("portal.filtered")
    logger.addHandler(handler)
    app = FastAPI()
    instrument(app)

    @app.get("/")
    async def say() -> None:
        logger.warning("inside")

    try:
        _get(app, "/", (b"x-correlation-id", b"fe_1"))
        logger.warning("outside")
    finally:
        logger.removeHandler(handler)
    assert output.getvalue() == "fe_1 None inside\nNone None outside\n"
    assert add_correlation(None, "info", {"event": "outside"}) == {"event": "outside"}
