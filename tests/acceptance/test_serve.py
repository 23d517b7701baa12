"""The service as a whole: it measures, keeps, tells, survives, and leaves nothing behind."""

import asyncio
import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import asyncpg
import numpy as np
import psutil
import pytest
import yaml

from baselines import Series, SeriesRegistry
from baselines.postgres import PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.reference import FrozenReference, Reference
from monitor.demo.sink import running_sink
from monitor.embedded import EmbeddedServer
from tests.acceptance.running import PATIENCE_SECONDS, Service, eventually, free_port, serving
from tests.monitor.cli.stored import in_store

CHANNELS = ("slack-alerts", "slack-critical", "email-ops-team", "sms-on-call")


def configuration(path: Path, port: int, watched: str, **sections: object) -> Path:
    """A configuration of one query a second against `watched`; further sections as given."""
    document = {
        "environment": "test",
        "http": {"port": port},
        "log": {"format": "json"},
        "targets": {"db": {"kind": "postgresql", "url": watched}},
        "probes": {
            "one": {"kind": "sql", "target": "db", "category": "database_queries", "every": 1, "query": "SELECT 1"}
        },
        **sections,
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def count(dsn: str, query: str) -> int:
    """One number of a database."""

    async def ask() -> int:
        connection = await asyncpg.connect(dsn)
        try:
            found: int = await connection.fetchval(query)
            return found
        finally:
            await connection.close()

    return asyncio.run(ask())


def make(dsn: str, statement: str) -> None:
    """Change a database."""

    async def execute() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them is left (what is dead and not yet collected counts as gone)."""
    return not psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)[1]


def test_it_measures_keeps_and_stops_in_order(empty_database: str, store: str, tmp_path: Path) -> None:
    """Ready, measured into the store, scraped; SIGTERM ends it with 0, nothing measured is lost, no process is left."""
    port = free_port()
    path = configuration(tmp_path / "c.yml", port, empty_database, store={"url": store, "directory": str(tmp_path)})
    with serving(path, port, tmp_path / "log") as service:
        eventually(service.is_ready, "ready")
        series = 'portalwatch_probe_runs_total{outcome="ok",reason="none",series="database_queries.one"}'
        eventually(lambda: service.metric(series) >= 3, "three runs in /metrics")
        family = service.family()
        assert len(family) == 3
        counted = service.metric(series)
        assert service.stop() == 0
        assert gone(family)
        assert count(store, "SELECT count(*) FROM sample_head") >= counted
        assert count(store, "SELECT count(*) FROM sample_head WHERE correlation_id = ''") == 0


def test_kill_9_leaves_nothing_and_a_restart_works_at_once(
    empty_database: str, reachable_directory: Path, tmp_path: Path
) -> None:
    """With the embedded store: everything below dies with it, PostgreSQL too, and what was kept is still there."""
    port = free_port()
    directory = reachable_directory / "killed"
    path = configuration(tmp_path / "c.yml", port, empty_database, store={"directory": str(directory)})
    runs = 'portalwatch_probe_runs_total{outcome="ok",reason="none",series="database_queries.one"}'
    with serving(path, port, tmp_path / "log") as service:
        eventually(service.is_ready, "ready")
        eventually(lambda: service.metric(runs) >= 2, "two runs")
        family = service.family()
        assert any(one.name() == "postgres" for one in family)
        service.process.send_signal(signal.SIGKILL)
        assert service.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        with serving(path, port, tmp_path / "log") as again:
            eventually(again.is_ready, "ready again")
            assert gone(family)
            dsn = EmbeddedServer.running_dsn(directory / "postgresql", "portalwatch")
            assert count(dsn, "SELECT count(*) FROM sample_head") >= 2
            assert again.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("module", ["probing", "service"])
def test_a_process_that_dies_is_started_again(
    module: str, number: signal.Signals, empty_database: str, store: str, tmp_path: Path
) -> None:
    """Either child may die, or be told to end by somebody else; measurements go on arriving."""
    port = free_port()
    path = configuration(tmp_path / "c.yml", port, empty_database, store={"url": store, "directory": str(tmp_path)})
    with serving(path, port, tmp_path / "log") as service:
        eventually(service.is_ready, "ready")
        eventually(lambda: count(store, "SELECT count(*) FROM sample_head") >= 2, "kept")
        before = count(store, "SELECT count(*) FROM sample_head")
        victim = service.child(module)
        victim.send_signal(number)
        eventually(lambda: gone([victim]), "the old one is gone")
        eventually(service.is_ready, "ready again")
        eventually(lambda: count(store, "SELECT count(*) FROM sample_head") > before + 1, "kept again")
        if module == "probing":
            restarts = 'portalwatch_process_restarts_total{process="probing"}'
            eventually(lambda: service.metric(restarts) == 1, "the restart is counted")
        said = [json.loads(line) for line in service.log.read_text(encoding="utf-8").splitlines()]
        assert ("process died, starting it again", "supervisor") in {(one["event"], one["process"]) for one in said}


def test_losing_the_store_does_not_stop_the_watching(
    empty_database: str, reachable_directory: Path, tmp_path: Path
) -> None:
    """While the store is away measurements are spooled and /ready says so; when it is back they are written."""
    port = free_port()
    directory = reachable_directory / "lost"
    server = EmbeddedServer.start(directory, durable=False)
    try:
        server.create_database("portalwatch")
        dsn = server.dsn("portalwatch")
        path = configuration(tmp_path / "c.yml", port, empty_database, store={"url": dsn, "directory": str(tmp_path)})
        with serving(path, port, tmp_path / "log") as service:
            eventually(service.is_ready, "ready")
            server.stop()
            spooled = "portalwatch_measurements_spooled_total"
            eventually(lambda: service.metric(spooled) >= 2, "spooled")
            answer = service.get("/ready")
            assert answer is not None
            assert "the store can't be reached" in answer.text
            assert service.get("/").status_code == 200  # type: ignore[union-attr]
            service.child("service").kill()
            eventually(lambda: service.get("/health"), "the service comes up without the store")
            eventually(lambda: service.metric(spooled) >= 2, "spooled again")
            server = EmbeddedServer.start(directory, durable=False)
            eventually(service.is_ready, "ready again")
            lost = int(service.metric(spooled))
            eventually(lambda: count(dsn, "SELECT count(*) FROM sample_head") > lost + 2, "what was spooled is written")
            assert service.stop() == 0
    finally:
        server.stop()


SLEEPY = "database_queries.sleepy"


def with_reference(store: str, level: float) -> None:
    """The sleepy series has been watched before, and took so long then."""

    async def act(pool: asyncpg.Pool) -> None:
        await PostgresMeasurements(pool).register(SeriesRegistry([Series(SLEEPY, cadence_seconds=0.2)]))
        fastest = np.sort(level * np.random.default_rng(1).lognormal(0, 0.1, 500))
        until = datetime.now(UTC) - timedelta(hours=1)
        frozen = FrozenReference(
            reference=Reference(fastest, 500), taken_from=until, taken_until=until, release="v1", reason="it was so"
        )
        await PostgresDrift(pool).freeze(SLEEPY, frozen)

    in_store(store, act)


def test_a_restart_goes_on_watching_where_it_was(empty_database: str, store: str, tmp_path: Path) -> None:
    """A query that takes ten times as long as in its reference: evidence is kept over a stop, and so is the alarm.

    What the first service saw is in the store when it has ended; the second one finds the drift; the third one knows.
    """
    port, drift = free_port(), f'portalwatch_series_drift{{series="{SLEEPY}"}}'
    path = configuration(
        tmp_path / "c.yml",
        port,
        empty_database,
        store={"url": store, "directory": str(tmp_path)},
        probes={
            "sleepy": {
                "kind": "sql",
                "target": "db",
                "category": "database_queries",
                "every": "200ms",
                "query": "SELECT pg_sleep(0.1)",
            }
        },
    )
    with_reference(store, 0.01)
    runs = f'portalwatch_probe_runs_total{{outcome="ok",reason="none",series="{SLEEPY}"}}'
    with serving(path, port, tmp_path / "log") as service:
        eventually(lambda: service.metric(runs) >= 10, "ten runs")
        assert service.stop() == 0
    assert count(store, "SELECT coalesce(sum(cardinality(recent) + cardinality(waiting)), 0) FROM drift_standing") > 0
    with serving(path, port, tmp_path / "log") as service:
        firing = "SELECT count(*) FROM alert WHERE state <> 'pending' AND rule = 'baseline'"
        eventually(lambda: count(store, firing), "the alert")
        assert service.stop() == 0
    with serving(path, port, tmp_path / "log") as service:
        eventually(lambda: service.metric(drift) == 2, "still degraded")
        assert service.stop() == 0


@pytest.fixture
def endpoint() -> Iterator[ThreadingHTTPServer]:
    """A web server that answers 200 until it is told to answer something else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(getattr(self.server, "status", 200))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_failing_endpoint_reaches_people_and_its_end_too(
    endpoint: ThreadingHTTPServer, store: str, tmp_path: Path
) -> None:
    """Three bad runs fire at tier 3 on all its channels; two good ones resolve; the page shows it meanwhile."""
    port = free_port()
    with running_sink() as sink:
        path = configuration(
            tmp_path / "c.yml",
            port,
            "",
            store={"url": store, "directory": str(tmp_path)},
            targets={"web": {"kind": "http", "url": f"http://127.0.0.1:{endpoint.server_address[1]}"}},
            probes={"page": {"kind": "http", "target": "web", "category": "api_endpoints", "every": 1, "path": "/"}},
            public_url=f"http://127.0.0.1:{port}",
            signing_key="a key of sixteen characters",
            alerts={
                "channels": {name: {"url": sink.url(name)} for name in CHANNELS},
                "tiers": {"tier_3_critical": {"group_wait": "1 s"}},
            },
        )
        with serving(path, port, tmp_path / "log") as service:
            eventually(service.is_ready, "ready")
            endpoint.status = 500  # type: ignore[attr-defined]
            eventually(lambda: len(sink.delivered) >= 3, "all channels of tier 3 are told")
            assert {one.channel for one in sink.delivered} == {"slack-critical", "email-ops-team", "sms-on-call"}
            assert all("api_endpoints.page" in one.message for one in sink.delivered)
            assert "api_endpoints.page" in page(service)
            delivered = 'portalwatch_deliveries_total{channel="sms-on-call",outcome="delivered"}'
            eventually(lambda: service.metric(delivered) == 1, "the delivery is counted")
            endpoint.status = 200  # type: ignore[attr-defined]
            eventually(lambda: len(sink.delivered) >= 6, "all are told that it is over")
            assert all("RESOLVED" in one.title.upper() for one in sink.delivered[3:])
            assert service.stop() == 0


def page(service: Service) -> str:
    """The status page without the marks where long names may break."""
    answer = service.get("/")
    assert answer is not None
    return answer.text.replace("<wbr>", "")


def test_evidence_of_a_lock_is_there_when_the_lock_is_gone(empty_database: str, store: str, tmp_path: Path) -> None:
    """A table is locked, the probe times out; after the lock has gone the API still names who held it."""
    port = free_port()
    statement = "SELECT count(*) FROM accounts"
    probe = {"kind": "sql", "target": "db", "category": "database_queries", "every": 1, "query": statement}
    path = configuration(
        tmp_path / "c.yml",
        port,
        empty_database,
        store={"url": store, "directory": str(tmp_path)},
        probes={"accounts": probe},
    )

    def evidence() -> list[dict[str, str]]:
        answer = service.get("/api/v1/snapshots")
        told: list[dict[str, str]] = answer.json() if answer and answer.status_code == 200 else []
        return told

    async def hold_a_lock() -> None:
        culprit = await asyncpg.connect(empty_database, server_settings={"application_name": "batch"})
        waiting = await asyncpg.connect(empty_database)
        try:
            async with culprit.transaction():
                await culprit.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
                behind = asyncio.create_task(waiting.execute(statement))
                await asyncio.to_thread(eventually, evidence, "a snapshot")
            await behind
        finally:
            await culprit.close()
            await waiting.close()

    make(empty_database, "CREATE TABLE accounts (id int)")
    with serving(path, port, tmp_path / "log") as service:
        eventually(service.is_ready, "ready")
        asyncio.run(hold_a_lock())
        (one,) = [one for one in evidence() if "batch" in one["sentence"]]
        assert one["series"] == "database_queries.accounts"
        assert "blocks 1 session" in one["sentence"]
