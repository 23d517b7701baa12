"""Every way a request can end, and the route it is counted under."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websocket
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor import InstrumentationSettings, correlation_id, instrument
from monitor.instrumentation.exchange import current
from tests.monitor.instrumentation.served_app import Told, asking, client_of, values
from tests.served import served


def _eventually(holds: object, *, within_seconds: float = 10) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if callable(holds) and holds():
            return True
        time.sleep(0.02)
    return False


def _paths(app: Starlette, *paths: str, method: str = "GET") -> tuple[list[int], dict[tuple[str, ...], float]]:
    """The statuses of the answers, and the counts by method, route and status."""

    async def get() -> tuple[list[int], str]:
        async with asking(app) as client:
            statuses = [(await client.request(method, path)).status_code for path in paths]
            return statuses, (await client.get("/metrics")).text

    statuses, page = asyncio.run(get())
    return statuses, values(page, "http_requests_total")


async def _ok() -> str:
    return "ok"


def test_routes_are_templates_however_they_are_put_together() -> None:
    """Routers with prefixes, routers in routers, mounted applications, mounts with parameters, files."""
    app = FastAPI()
    instrument(app)
    inner = APIRouter(prefix="/{group}")
    inner.add_api_route("/items/{item}", _ok)
    outer = APIRouter()
    outer.include_router(inner, prefix="/groups")
    outer.add_route("/plain/{name}", lambda _request: PlainTextResponse("ok"))
    app.include_router(outer, prefix="/api")
    mounted = FastAPI()
    mounted.add_api_route("/{report}", _ok)
    mounted.include_router(inner, prefix="/below")
    app.mount("/reports", mounted)
    tenant = Starlette(routes=[Route("/{page}", lambda _request: PlainTextResponse("ok"))])
    app.router.routes.append(Mount("/tenants/{tenant}", app=tenant))
    app.mount("/files", StaticFiles(directory=Path(__file__).parent))
    app.add_api_route("/direct/{number}", _ok)
    app.add_route("/bare/{name}", lambda _request: PlainTextResponse("ok"))
    mounted.router.routes.insert(0, Route("/bare/{name}", lambda _request: PlainTextResponse("ok")))

    statuses, counts = _paths(
        app,
        "/api/groups/7/items/8",
        "/api/plain/x",
        "/reports/2024",
        "/reports/below/1/items/2",
        "/tenants/a/start",
        "/tenants/b/start",
        f"/files/{Path(__file__).name}",
        "/direct/1",
        "/direct/2",
        "/bare/x",
        "/reports/bare/x",
    )
    assert statuses == [200] * 11
    assert {route: count for (_, route, _), count in counts.items()} == {
        "/api/groups/{group}/items/{item}": 1,
        "/api/plain/{name}": 1,
        "/reports/{report}": 1,
        "/reports/below/{group}/items/{item}": 1,
        "/tenants/{tenant}/{page}": 2,
        "/files": 1,
        "/direct/{number}": 2,
        "/bare/{name}": 1,
        "/reports/bare/{name}": 1,
    }


def test_a_route_that_was_asked_for_on_the_way_is_found_to_its_end() -> None:
    """A middleware of a mounted application, between its own router and the outer one, sees as much as there is."""
    app, mounted, seen = FastAPI(), FastAPI(), list[str]()
    instrument(app)

    class Asking:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            _note_route(seen)
            await self._app(scope, receive, send)

    app.add_middleware(Asking)
    mounted.add_middleware(Asking)

    async def report(number: int) -> int:
        _note_route(seen)
        return number

    mounted.add_api_route("/{number}", report)
    app.mount("/reports", mounted)
    assert _paths(app, "/reports/7")[1] == {("GET", "/reports/{number}", "200"): 1}
    assert seen[:3] == ["unknown", "/reports", "/reports/{number}"]


def _note_route(seen: list[str]) -> None:
    exchange = current.get()
    assert exchange is not None
    seen.append(exchange.route)


def test_a_starlette_application_has_templates_as_well() -> None:
    """Without FastAPI."""
    app = Starlette(routes=[Mount("/a", routes=[Route("/{b}", lambda _request: PlainTextResponse("ok"))])])
    instrument(app)
    assert _paths(app, "/a/1", "/a/2") == ([200, 200], {("GET", "/a/{b}", "200"): 2})


def test_unknown_paths_and_methods_are_one_label_each() -> None:
    """Nobody fills the registry from outside."""
    app = FastAPI()
    instrument(app)
    app.add_api_route("/known", _ok)
    statuses, _ = _paths(app, "/a", "/b/c", "/metrics/", "/known?x=1")
    assert statuses == [404, 404, 404, 200]
    _, counts = _paths(app, "/known", "/d", method="BREW")
    assert counts == {
        ("GET", "unknown", "404"): 3,
        ("GET", "/known", "200"): 1,
        ("other", "/known", "405"): 1,
        ("other", "unknown", "404"): 1,
    }


def test_an_unhandled_error_is_counted_answered_with_its_id_and_told() -> None:
    """The answer that Starlette gives outside of all middleware has the id, and the error goes on to the server."""
    app, told = FastAPI(), Told()
    instrument(app, reporter=told)

    @app.get("/broken/{number}")
    async def broken(number: int) -> None:
        raise ZeroDivisionError(f"number {number} of o'neill@example.org")

    async def get() -> httpx.Response:
        async with asking(app) as client:
            return await client.get("/broken/4711?who=me", headers={"X-Correlation-ID": "fe_1", "User-Agent": "tests"})

    answer = asyncio.run(get())
    assert (answer.status_code, answer.headers["x-correlation-id"]) == (500, "fe_1")
    assert _paths(app)[1] == {("GET", "/broken/{number}", "500"): 1}
    (failure,) = told.failures
    assert failure.document() == {
        "error": {
            "name": "ZeroDivisionError",
            "message": "number … of o'…",
            "stack": failure.stack,
        },
        "context": {
            "correlationId": "fe_1",
            "component": "portal",
            "action": "GET /broken/{number}",
            "timestamp": failure.at.isoformat(),
            "userAgent": "tests",
            "url": "/broken/{number}",
        },
    }
    assert failure.stack.splitlines()[-2].startswith('  File "monitor/instrumentation/test_instrumented.py", line ')
    transport = httpx.ASGITransport(app=app)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(httpx.AsyncClient(transport=transport, base_url="http://portal").get("/broken/1"))


def test_an_error_in_middleware_counts_as_well() -> None:
    """Of the portal's own middleware, added before or after the one line, nothing is outside."""

    class Broken:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
            raise LookupError

    app, told = FastAPI(), Told()
    instrument(app, reporter=told)
    app.add_middleware(Broken)
    app.add_api_route("/", _ok)
    assert _paths(app, "/") == ([500], {("GET", "unknown", "500"): 1})
    assert [failure.name for failure in told.failures] == ["LookupError"]


def test_an_answer_of_5xx_without_an_error_is_told() -> None:
    """What a handler has made of an error is a failed request all the same; a 404 is none."""
    app, told = FastAPI(), Told()
    instrument(app, reporter=told)

    @app.get("/{status}")
    async def fail(status: int) -> None:
        raise HTTPException(status, "of secret 42")

    assert _paths(app, "/503", "/404")[0] == [503, 404]
    assert [(one.name, one.message, one.stack) for one in told.failures] == [
        ("HTTP 503", "GET /{status} answered 503", "")
    ]


def test_base_class_middleware_of_the_portal_keeps_the_id() -> None:
    """It runs the application in another task."""
    app = FastAPI()
    instrument(app)

    async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    async def seen() -> str | None:
        return correlation_id()

    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    app.add_api_route("/{name}", seen)
    with client_of(app) as client:
        assert client.get("/x", headers={"X-Correlation-ID": "fe_1"}).json() == "fe_1"
    assert _paths(app)[1] == {("GET", "/{name}", "200"): 1}


def test_a_background_task_is_not_part_of_the_answer() -> None:
    """It has the id, its time and its failure are not the request's, and the failure is told."""
    app, told, ids = FastAPI(), Told(), list[str | None]()
    instrument(app, reporter=told)

    async def later() -> None:
        await asyncio.sleep(0.3)
        ids.append(correlation_id())
        raise LookupError

    @app.get("/")
    async def start(tasks: BackgroundTasks) -> None:
        tasks.add_task(later)

    with client_of(app) as client:
        assert client.get("/", headers={"X-Correlation-ID": "fe_1"}).status_code == 200
        page = client.get("/metrics").text
    assert ids == ["fe_1"]
    assert values(page, "http_requests_total") == {("GET", "/", "200"): 1}
    assert values(page, "http_request_duration_seconds_sum")["GET", "/"] < 0.3
    assert [failure.name for failure in told.failures] == ["LookupError"]


def _streaming() -> FastAPI:
    app = FastAPI()
    instrument(app)

    async def pieces(count: int, broken: bool) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 1000
            await asyncio.sleep(0.05)
        if broken:
            raise LookupError

    @app.get("/stream")
    async def stream(count: int = 6, broken: bool = False) -> StreamingResponse:
        return StreamingResponse(pieces(count, broken))

    @app.get("/wait")
    async def wait() -> None:
        await asyncio.sleep(30)

    return app


def test_a_stream_lasts_to_its_end_and_is_not_collected() -> None:
    """It is in progress meanwhile, and its first piece comes before its last is made."""
    with served(_streaming()) as url, httpx.Client(base_url=url) as client:
        with client.stream("GET", "/stream") as answer:
            pieces = answer.iter_bytes()
            piece = next(pieces)
            during = values(httpx.get(f"{url}/metrics").text, "http_requests_in_progress")
            rest = b"".join(pieces)
        page = client.get("/metrics").text
    assert len(piece) < 6000
    assert len(piece) + len(rest) == 6000
    assert (during, values(page, "http_requests_in_progress")) == ({(): 1}, {(): 0})
    assert values(page, "http_request_duration_seconds_sum")["GET", "/stream"] >= 0.25


def test_a_stream_that_breaks_off_has_failed() -> None:
    """Whatever its status said when it began."""
    with served(_streaming()) as url:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/stream?broken=1")
        page = httpx.get(f"{url}/metrics").text
    assert values(page, "http_requests_total") == {("GET", "/stream", "500"): 1}


def test_a_caller_who_leaves_is_not_the_portals_failure() -> None:
    """In the middle of a stream: counted as 499, and no longer in progress."""
    with served(_streaming()) as url:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as caller:
            caller.sendall(b"GET /stream?count=200 HTTP/1.1\r\nHost: portal\r\n\r\n")
            assert caller.recv(100)

        def has_left() -> bool:
            page = httpx.get(f"{url}/metrics").text
            return values(page, "http_requests_in_progress") == {(): 0} and values(page, "http_requests_total") == {
                ("GET", "/stream", "499"): 1
            }

        assert _eventually(has_left)


def test_a_request_that_is_cancelled_is_no_longer_in_progress() -> None:
    """As a server does that stops."""
    app = _streaming()

    async def cancel() -> str:
        async with asking(app) as client:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.get("/wait")
            return (await client.get("/metrics")).text

    page = asyncio.run(cancel())
    assert values(page, "http_requests_total") == {("GET", "/wait", "499"): 1}
    assert values(page, "http_requests_in_progress") == {(): 0}


def test_a_websocket_has_its_id_and_is_counted_for_itself() -> None:
    """Open while it is open, closed where either side leaves, failed where the portal breaks; it is no request."""
    app, told = FastAPI(), Told()
    instrument(app, reporter=told)
    router = APIRouter()

    @router.websocket("/rooms/{room}")
    async def talk(socket: WebSocket, room: str) -> None:
        await socket.accept(headers=[(b"x-own", b"kept")])
        await socket.send_text(f"{room} {correlation_id()}")
        if await socket.receive_text() == "break":
            raise LookupError
        await socket.receive_text()

    app.include_router(router, prefix="/api")
    with client_of(app) as client:
        url = str(client.base_url.copy_with(scheme="ws")) + "/api/rooms/7"
        for word in ("break", "leave"):
            talking = websocket.create_connection(url, header=["X-Correlation-ID: fe_1"], timeout=10)
            headers = talking.getheaders() or {}
            assert (headers["x-correlation-id"], headers["x-own"]) == ("fe_1", "kept")
            assert talking.recv() == "7 fe_1"
            during = values(client.get("/metrics").text, "websocket_connections_in_progress")
            assert during == {(): 1}
            talking.send(word)
            talking.close()
            assert _eventually(
                lambda: values(client.get("/metrics").text, "websocket_connections_in_progress") == {(): 0}
            )
        page = client.get("/metrics").text
    assert values(page, "websocket_connections_total") == {
        ("closed", "/api/rooms/{room}"): 1,
        ("failed", "/api/rooms/{room}"): 1,
    }
    assert values(page, "websocket_connections_in_progress") == {(): 0}
    assert values(page, "http_requests_total") == {}
    assert [(one.name, one.action) for one in told.failures] == [("LookupError", "WEBSOCKET /api/rooms/{room}")]


def test_exemplars_name_a_request_for_whoever_can_read_them() -> None:
    """OpenMetrics has them from its first scrape on, the older format never."""
    app = FastAPI()
    instrument(app)
    app.add_api_route("/", _ok)
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    with client_of(app) as client:
        client.get("/metrics", headers=accept)
        client.get("/", headers={"X-Correlation-ID": "x" * 64})
        page = client.get("/metrics", headers=accept)
        plain = client.get("/metrics").text
    assert page.headers["content-type"].startswith("application/openmetrics-text")
    exemplars = [
        sample.exemplar.labels
        for family in text_string_to_metric_families(page.text)  # type: ignore[no-untyped-call]
        for sample in family.samples
        if sample.exemplar
    ]
    assert exemplars == [{"correlation_id": "x" * 64}]
    assert "# {" not in plain


def test_the_figures_path_is_a_setting_and_the_registry_the_applications() -> None:
    """Served elsewhere, with the application's own metrics; None serves nothing."""
    app, registry = FastAPI(), CollectorRegistry()
    Gauge("own", "The application's own", registry=registry).set(7)
    instrument(app, registry=registry, settings=InstrumentationSettings(metrics_path="/internal/figures"))
    with client_of(app) as client:
        assert values(client.get("/internal/figures").text, "own") == {(): 7}
        assert client.get("/metrics").status_code == 404
        assert client.head("/internal/figures").content == b""
    silent = FastAPI()
    done = instrument(silent, settings=InstrumentationSettings(metrics_path=None))
    with client_of(silent) as client:
        assert client.get("/metrics").status_code == 404
    assert (
        done.registry.get_sample_value("http_requests_total", {"method": "GET", "route": "unknown", "status": "404"})
        == 1
    )


def test_the_one_line_works_in_a_lifespan_that_runs_again() -> None:
    """Pools are opened there; the second run counts on."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        instrument(app)
        yield

    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/", _ok)
    for count in (1, 2):
        with client_of(app) as client:
            client.get("/")
            assert values(client.get("/metrics").text, "http_requests_total") == {("GET", "/", "200"): count}


@pytest.mark.parametrize("root_path", ["", "/portal", "/portal/"])
def test_figures_are_there_behind_a_proxy_that_takes_a_prefix_off(root_path: str) -> None:
    """The server puts it back in front of the path; a path that merely ends like it is the portal's."""
    app = FastAPI()
    instrument(app)
    app.add_api_route("/known/metrics", _ok)
    with served(app, root_path=root_path) as url:
        assert "http_requests_total" in httpx.get(f"{url}/metrics").text
        assert httpx.get(f"{url}/known/metrics").json() == "ok"


def test_only_an_application_can_be_instrumented() -> None:
    """What else is given is named."""
    with pytest.raises(TypeError, match="not dict"):
        instrument({})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not str"):
        instrument(FastAPI(), pool="postgresql://")  # type: ignore[arg-type]
