"""Records how long the demo portal takes, for judging rules offline: `python -m tests.bench.recorder SECONDS FILE`.

Two portals stand side by side, the second with tables that have grown: a real change, call by call beside none. What is
in the file says tests/data/spread/README.md.
"""

import asyncio
import gzip
import json
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import asyncpg
import httpx

from monitor.demo import stage
from monitor.demo.portal import ADVISERS, install
from monitor.demo.portal.database import statements
from monitor.demo.probes import probes
from monitor.embedded import EmbeddedServer
from monitor.event_loop import run
from probes.database.link import Statement

TICK_SECONDS = 3.0
WARM_UP_CALLS = 15
ENDPOINTS = (
    "health",
    "dashboard",
    "portfolios",
    "client_groups",
    "client_group_products",
    "analytics_portfolio_summary",
)
GROWN = (
    """
    INSERT INTO client_products (client_id, product_name, provider_id, portfolio_id, status, created_by, updated_at)
    SELECT client_id, 'Again: ' || product_name, provider_id, portfolio_id, status, created_by, updated_at
    FROM client_products WHERE id % 5 < 2
    """,
    """
    INSERT INTO portfolio_valuations (portfolio_id, valuation, valuation_date)
    SELECT portfolio_id, valuation, valuation_date + 3650 FROM portfolio_valuations WHERE portfolio_id % 2 = 0
    """,
    "VACUUM (ANALYZE)",
)

# Makes one call; returns nanoseconds, None where it failed.
Call = Callable[[], Awaitable[int | None]]


def record(seconds: float, path: Path, tick_seconds: float = TICK_SECONDS) -> None:
    """Install both portals, warm them up, and write a line every `tick_seconds` for so long."""
    password = secrets.token_urlsafe(18)
    with ExitStack() as standing:
        directory = Path(standing.enter_context(tempfile.TemporaryDirectory(prefix="portalwatch-recording-")))
        directory.chmod(0o755)
        server = standing.enter_context(EmbeddedServer.start(directory / "server", durable=False))
        portals = {}
        for name, changes in (("plain", ()), ("grown", GROWN)):
            server.create_database(name)
            dsn = server.dsn(name)
            asyncio.run(install(dsn, adviser_password=password))
            asyncio.run(_execute(dsn, changes))
            portals[name] = dsn, standing.enter_context(stage.running_portal(dsn, secrets.token_urlsafe(32)))
        run(_record(portals, password, seconds, path, tick_seconds))


async def _record(
    portals: Mapping[str, tuple[str, str]], password: str, seconds: float, path: Path, tick_seconds: float
) -> None:
    async with AsyncExitStack() as open_links:
        calls: dict[str, Call] = {}
        for name, (dsn, url) in portals.items():
            suffix = ":b" if name == "grown" else ""
            calls |= {f"{series}{suffix}": call for series, call in (await _queries(dsn)).items()}
            client = await open_links.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20, trust_env=False))
            calls |= {f"{series}{suffix}": call for series, call in (await _requests(client, password)).items()}
        for _ in range(WARM_UP_CALLS):
            for call in calls.values():
                await call()
        started, turn = time.monotonic(), 0
        with gzip.open(path, "wt", encoding="utf-8") as file:
            while time.monotonic() - started < seconds:
                await asyncio.sleep(max(0.0, started + turn * tick_seconds - time.monotonic()))
                taken = {name: await calls[name]() for name in random.sample(sorted(calls), len(calls))}
                line = {
                    "t": round(time.monotonic() - started, 2),
                    "load": round(os.getloadavg()[0], 2),
                    "x": {name: -1 if taken[name] is None else (taken[name] or 0) // 1000 for name in sorted(taken)},
                }
                file.write(json.dumps(line) + "\n")
                turn += 1


async def _queries(dsn: str) -> dict[str, Call]:
    """The demo's queries with their arguments in turn, and one that costs nothing."""
    connection = await asyncpg.connect(dsn)

    def query(statement: Statement, arguments: Sequence[list[int]]) -> Call:
        turn = 0

        async def call() -> int | None:
            nonlocal turn
            turn += 1
            started = time.perf_counter_ns()
            try:
                await statement.fetch(*arguments[turn % len(arguments)])
            except asyncpg.PostgresError:
                return None
            return time.perf_counter_ns() - started

        return call

    found = {
        name: query(await connection.prepare(next(iter(statements(f"probes/{name}")))), probe["arguments"])
        for name, probe in probes(migrated=False).items()
        if probe["kind"] == "sql"
    }
    return found | {"select_1": query(await connection.prepare("SELECT 1"), [[]])}


async def _requests(client: httpx.AsyncClient, password: str) -> dict[str, Call]:
    """Endpoints of the demo, logged in, and anew where the log-in has ended."""

    async def log_in() -> None:
        answer = await client.post("/auth/login", json={"username": ADVISERS[0], "password": password})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def request(path: str) -> Call:
        async def call() -> int | None:
            for _ in range(2):
                started = time.perf_counter_ns()
                answer = await client.get(path)
                taken = time.perf_counter_ns() - started
                if answer.status_code != httpx.codes.UNAUTHORIZED:
                    return taken if answer.is_success else None
                await log_in()
            return None

        return call

    await log_in()
    configured = probes(migrated=False)
    return {name: request(configured[name]["path"]) for name in ENDPOINTS}


async def _execute(dsn: str, changes: Sequence[str]) -> None:
    connection = await asyncpg.connect(dsn)
    for change in changes:
        await connection.execute(change)
    await connection.close()


if __name__ == "__main__":
    record(float(sys.argv[1]), Path(sys.argv[2]))
