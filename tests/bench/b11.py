"""B11: what instrumentation costs a request, by itself and with its SQL, beside a plain application and a peer."""

import asyncio
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import uvloop
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator
from starlette.types import ASGIApp, Message

from monitor import InstrumentationSettings, instrument
from monitor.demo.portal import SMALL, install
from monitor.embedded import EmbeddedServer
from monitor.instrumentation import SqlComments
from tests.bench.result import Result

GOAL_US = 30.0
GOAL_SHARE = 0.05
ROUNDS = 30
BARE_REQUESTS = 400
REQUESTS = 60
STATEMENTS = 300
PATHS = ("/api/client_groups", "/api/client_groups/7/products", "/dashboard")

# The second plain one shows what chance does.
_PORTALS = {"plain": "plain", "chance": "plain", "ours": "ours", "peer": "peer"}
_STATEMENT = "SELECT id, name, type, status FROM client_groups WHERE id = $1"

Figures = defaultdict[str, list[float]]
Ask = Callable[[str], Awaitable[float]]


def b11() -> Result:
    """Turn by turn: an application that does nothing, in one process; then the demo portal's requests with their SQL
    over HTTP, from portals that have a process each; last, what each kind of comment costs a statement.
    """
    figures = Figures(list)
    with tempfile.TemporaryDirectory(prefix="portalwatch-b11-") as directory:
        Path(directory).chmod(0o755)
        with EmbeddedServer.start(Path(directory) / "server", durable=False) as server:
            dsn = server.dsn("postgres")
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_bare(figures))
                runner.run(install(dsn, adviser_password="b11", service_password="b11", volume=SMALL))
                _portals(dsn, figures)
                runner.run(_statements(dsn, figures))
    added = statistics.median(figures["added_us"])
    ratio = figures["whole_request_ratio"]
    chance = statistics.quantiles(figures["p99_ratio_of_chance"])[2]
    return Result(
        id="B11",
        goal=f"at most {GOAL_US:.0f} µs a request, at most {GOAL_SHARE:.0%} of a request with its SQL, and a p99 no "
        "further from the plain portal's than chance takes a second plain one",
        figures=figures,
        ratio=ratio,
        met=added <= GOAL_US
        and statistics.median(ratio) <= 1 + GOAL_SHARE
        and statistics.median(figures["p99_ratio"]) <= max(1 + GOAL_SHARE, chance),
    )


async def _bare(figures: Figures) -> None:
    """Microseconds of processor time that a request costs more than without: others are at work on this machine too."""
    asks = {name: _asking(_bare_app(name)) for name in ("plain", "ours", "peer")}
    for ask in asks.values():
        await ask("/items/1")
    for turn in range(ROUNDS):
        spent = dict[str, float]()
        for name in _in_turn(asks, turn):
            started = time.process_time()
            for _ in range(BARE_REQUESTS):
                await asks[name]("/items/1")
            spent[name] = (time.process_time() - started) * 1e6 / BARE_REQUESTS
        figures["plain_us"].append(spent["plain"])
        figures["added_us"].append(spent["ours"] - spent["plain"])
        figures["added_by_peer_us"].append(spent["peer"] - spent["plain"])


def _bare_app(name: str) -> FastAPI:
    app = FastAPI()

    @app.get("/items/{number}")
    async def item(number: int) -> int:
        return number

    if name == "ours":
        instrument(app)
    elif name == "peer":
        Instrumentator(registry=CollectorRegistry()).instrument(app)
    return app


def _portals(dsn: str, figures: Figures) -> None:
    """The same request to each portal in turn, so that whatever disturbs one disturbs the others."""
    with ExitStack() as stack:
        clients = {name: stack.enter_context(_portal(dsn, kind)) for name, kind in _PORTALS.items()}
        for client in clients.values():
            for path in PATHS * 50:
                client.ask(path)
        before = {name: client.processor_seconds() for name, client in clients.items()}
        for turn in range(ROUNDS):
            seconds = {name: {path: list[float]() for path in PATHS} for name in clients}
            for request in range(REQUESTS):
                for name in _in_turn(clients, turn + request):
                    for path in PATHS:
                        seconds[name][path].append(clients[name].ask(path))
            # Medians, as others are at work on this machine too; of each path, as they take their own times.
            typical = {name: sum(statistics.median(one) for one in paths.values()) for name, paths in seconds.items()}
            p99 = {name: statistics.quantiles(chain(*paths.values()), n=100)[98] for name, paths in seconds.items()}
            figures["whole_request_ms"].append(typical["plain"] / len(PATHS) * 1000)
            figures["whole_request_ratio"].append(typical["ours"] / typical["plain"])
            figures["whole_request_ratio_of_chance"].append(typical["chance"] / typical["plain"])
            figures["whole_request_ratio_of_peer"].append(typical["peer"] / typical["plain"])
            figures["p99_ratio"].append(p99["ours"] / p99["plain"])
            figures["p99_ratio_of_chance"].append(p99["chance"] / p99["plain"])
        # Once for all of them: the kernel counts it in hundredths of a second.
        spent = {name: client.processor_seconds() - before[name] for name, client in clients.items()}
        asked = ROUNDS * REQUESTS * len(PATHS)
        figures["whole_request_added_us"].append((spent["ours"] - spent["plain"]) * 1e6 / asked)


class _Client:
    """One connection to a portal that is served by a process of its own, as every portal is."""

    def __init__(self, connection: socket.socket, token: str, process: psutil.Process) -> None:
        self._connection = connection
        self._token = token
        self._process = process

    def ask(self, path: str) -> float:
        """The seconds until the whole answer is there."""
        head = f"GET {path} HTTP/1.1\r\nHost: portal\r\nAuthorization: Bearer {self._token}\r\n\r\n"
        started = time.perf_counter()
        self._connection.sendall(head.encode())
        answer = b""
        while not _is_whole(answer):
            more = self._connection.recv(1 << 18)
            if not more:
                raise SystemExit(f"B11: the portal hung up at {path}")
            answer += more
        took = time.perf_counter() - started
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"B11: {path} answered {answer[:40]!r}")
        return took

    def processor_seconds(self) -> float:
        """What the portal has spent since it was started."""
        return sum(self._process.cpu_times()[:2])


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return bool(end and length and len(body) >= int(length[1]))


@contextmanager
def _portal(dsn: str, kind: str) -> Iterator[_Client]:
    command = [sys.executable, "-m", "tests.bench.portal_server", dsn, kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port, token = json.loads(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                yield _Client(connection, token, psutil.Process(process.pid))
        finally:
            process.terminate()


def _asking(app: ASGIApp) -> Ask:
    """Asks the application without a server in between, of which the costs would be the same for all."""
    headers = [(b"host", b"portal"), (b"accept", b"*/*"), (b"user-agent", b"b11"), (b"accept-encoding", b"gzip")]

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask(path: str) -> float:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        status = 0

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        started = time.perf_counter()
        await app(scope, receive, send)
        took = time.perf_counter() - started
        if status != 200:
            raise SystemExit(f"B11: {path} answered {status}")
        return took

    return ask


async def _statements(dsn: str, figures: Figures) -> None:
    """Microseconds a statement: as asyncpg has it, tagged with the route, with each request's id, and with an id in the
    text of a pool that knows nothing of it, which caches them all.
    """
    async with AsyncExitStack() as stack:
        asks = dict[str, Ask]()
        for name in ("plain", "off", "route", "always", "changing"):
            pool = await stack.enter_async_context(asyncpg.create_pool(dsn, min_size=1, max_size=1))
            asks[name] = _asking(_statement_app(name, pool))
            for _ in range(50):
                await asks[name]("/")
        for turn in range(ROUNDS):
            seconds = {name: list[float]() for name in asks}
            for request in range(STATEMENTS // 10):
                for name in _in_turn(asks, turn + request):
                    seconds[name].append(await asks[name]("/"))
            spent = {name: statistics.median(values) for name, values in seconds.items()}
            figures["statement_plain_us"].append(spent["plain"] * 1e6 / 10)
            for name in ("off", "route", "always", "changing"):
                figures[f"statement_{name}_ratio"].append(spent[name] / spent["plain"])


def _statement_app(name: str, pool: asyncpg.Pool) -> FastAPI:
    app, number = FastAPI(), count()
    if name in ("off", "route", "always"):
        instrument(app, pool=pool, settings=InstrumentationSettings(sql_comments=SqlComments(name)))

    @app.get("/")
    async def ten() -> None:
        text = f"/*correlation_id='{next(number):032x}'*/ {_STATEMENT}" if name == "changing" else _STATEMENT
        async with pool.acquire() as connection:
            for key in range(10):
                await connection.fetchrow(text if name != "changing" else f"{text} -- {key}", key)

    return app


def _in_turn(asks: Mapping[str, Any], turn: int) -> list[str]:
    names = list(asks)
    return names[turn % len(names) :] + names[: turn % len(names)]
