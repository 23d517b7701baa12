"""OpenTelemetry's SDK around an instrumented portal: FastAPI's own spans, and the package, called before or after."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor import InstrumentationSettings, correlation_id, instrument
from tests.monitor.instrumentation.served_app import Told, asking, values

NATIVE, BEFORE, AFTER = "native", "package before", "package after"
WAYS = (NATIVE, BEFORE, AFTER)


@contextmanager
def _traced(way: str, **options: object) -> Iterator[tuple[FastAPI, Callable[[], Sequence[ReadableSpan]]]]:
    """An application that is both traced and instrumented, and the spans that were exported."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = FastAPI(telemetry={"tracer_provider": provider} if way == NATIVE else {"tracing": False})
    try:
        if way == BEFORE:
            FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
        instrument(app, **options)  # type: ignore[arg-type]
        if way == AFTER:
            FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
        yield app, exporter.get_finished_spans
    finally:
        if way != NATIVE:
            FastAPIInstrumentor.uninstrument_app(app)
        provider.shutdown()


def _get(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    async def get(ask: httpx.AsyncClient) -> httpx.Response:
        return await ask.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return asyncio.run(_asked(app, get))


async def _asked(app: FastAPI, ask: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> httpx.Response:
    async with asking(app) as client:
        return await ask(client)


def _of_request(spans: Sequence[ReadableSpan], path: str) -> ReadableSpan:
    (found,) = (one for one in spans if one.name == f"GET {path}")
    return found


def _traceparent(span: ReadableSpan) -> str:
    context = span.context
    assert context is not None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@pytest.mark.parametrize("way", WAYS)
def test_a_made_id_is_that_of_the_trace(way: str) -> None:
    """From the id in an answer or a log line one gets to the trace; requests are counted once."""
    with _traced(way) as (app, spans):
        app.add_api_route("/id", correlation_id)
        answer = _get(app, "/id")
        figures = _get(app, "/metrics").text
    context = _of_request(spans(), "/id").context
    assert context is not None
    assert answer.json() == answer.headers["x-correlation-id"] == f"{context.trace_id:032x}"
    assert values(figures, "http_requests_total")["GET", "/id", "200"] == 1


def test_a_middleware_of_opentelemetry_among_the_portals_own_hides_nothing() -> None:
    """What stands around it, such as a log-in, is inside of the instrumentation, as everything is."""
    app = FastAPI(telemetry={"tracing": False})

    class Refusing:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse("who are you?", 401)(scope, receive, send)

    app.add_middleware(OpenTelemetryMiddleware)
    app.add_middleware(Refusing)
    instrument(app)
    assert _get(app, "/id", x_correlation_id="fe_1").headers["x-correlation-id"] == "fe_1"
    assert values(_get(app, "/metrics").text, "http_requests_total") == {("GET", "unknown", "401"): 1}


@pytest.mark.parametrize("way", WAYS)
def test_an_id_that_was_sent_is_an_attribute_of_the_span(way: str) -> None:
    """From a front end's id one gets to the trace."""
    with _traced(way) as (app, spans):
        app.add_api_route("/id", correlation_id)
        assert _get(app, "/id", x_correlation_id="fe_1").json() == "fe_1"
    attributes = _of_request(spans(), "/id").attributes
    assert attributes is not None
    assert attributes["correlation_id"] == "fe_1"


@pytest.mark.parametrize("way", WAYS)
def test_a_statement_names_the_span_it_is_asked_by(way: str, empty_database: str) -> None:
    """With the span's own `traceparent`: from a statement in PostgreSQL's log one gets to the trace."""

    async def ask() -> str:
        async with asyncpg.create_pool(empty_database, min_size=1, max_size=1) as pool:
            with _traced(way, pool=pool, settings=InstrumentationSettings(sql_sample_ratio=0)) as (app, spans):

                @app.get("/text")
                async def text() -> str:
                    found: str = await pool.fetchval(
                        "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND length($1) > 0", "x"
                    )
                    return found

                told: str = (await _asked(app, lambda client: client.get("/text"))).json()
                of_trace = [_traceparent(one) for one in spans()]
        assert any(f"traceparent='{one}'" in told for one in of_trace), (told, of_trace)
        return told

    assert asyncio.run(ask()).startswith("/*correlation_id='")


@pytest.mark.parametrize("way", WAYS)
def test_an_unhandled_error_is_counted_and_told_once(way: str) -> None:
    """Whoever makes the answer 500, and in whatever order it was all put around the application."""
    told = Told()
    with _traced(way, reporter=told) as (app, spans):

        @app.get("/fails")
        async def fails() -> None:
            raise RuntimeError("told to")

        answer = _get(app, "/fails")
        figures = _get(app, "/metrics").text
    context = _of_request(spans(), "/fails").context
    assert context is not None
    assert answer.status_code == 500
    # Called after us, the package makes the outermost part anew, and the answer 500 with it.
    assert answer.headers.get("x-correlation-id") == (None if way == AFTER else f"{context.trace_id:032x}")
    assert [one.correlation_id for one in told.failures] == [f"{context.trace_id:032x}"]
    assert values(figures, "http_requests_total")["GET", "/fails", "500"] == 1
