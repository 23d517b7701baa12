"""B2: what a probe of SQL costs, against postgres_exporter, and what it adds to the server's own time."""

import asyncio
import shutil
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import asyncpg
import psutil
import yaml

from monitor.embedded import EmbeddedServer
from monitor.event_loop import run, settle
from probes import ProbeSet
from probes.database.connection import Connection
from tests.acceptance.running import eventually, free_port
from tests.bench.result import Result
from tests.probes.watched import SystemClock, look, watched

PEER = "prometheus-postgres-exporter"
PAIRS = 5
PROBES = 2000
SCRAPES = 150
# About as many as a configuration has for one database: a scrape's own cost is shared by that many.
MANY = 20
GOAL = 0.5
BIAS_GOAL_MS = 0.4
# About 1 ms on the server.
QUERY = "SELECT count(*)::float8 AS found FROM work WHERE (number * 7) % 11 = 3"
WORK = (
    "CREATE EXTENSION pg_stat_statements;"
    "CREATE TABLE work AS SELECT number FROM generate_series(1, 20000) number; ANALYZE work"
)
OF_THE_SERVER = "SELECT sum(calls)::int, sum(total_exec_time) FROM pg_stat_statements WHERE query LIKE $1"
OURS = "%FROM work WHERE%"


def b2() -> Result:
    """Five pairs: our probes through the runner, and scrapes with one and with many of the same query."""
    if shutil.which(PEER) is None:
        raise SystemExit(f"B2: {PEER} is not installed")
    figures = defaultdict[str, list[float]](list)
    with TemporaryDirectory(prefix="portalwatch-bench-") as folder, ExitStack() as running:
        directory = Path(folder)
        directory.chmod(0o755)
        dsn = running.enter_context(EmbeddedServer.start(directory / "server", durable=False)).dsn("postgres")
        asyncio.run(_execute(dsn, WORK))
        exporters = {
            queries: running.enter_context(_Exporter.running(dsn, directory, queries)) for queries in (1, MANY)
        }
        for _ in range(PAIRS):
            for name, value in run(_probes(dsn)).items():
                figures[name].append(value)
            for queries, exporter in exporters.items():
                figures[f"exporter_cpu_ms_of_{queries}_queries"].append(exporter.cpu_ms())
    return _judged(figures)


def _judged(figures: dict[str, list[float]]) -> Result:
    """The goal is held against one query of a scrape of many; against a scrape of one it is reported.

    So is what the driver alone costs: no probe over it can cost less.
    """
    one, many = (figures[f"exporter_cpu_ms_of_{queries}_queries"] for queries in (1, MANY))
    each = [scrape / MANY for scrape in many]
    ratio = figures["ratio"] = [a / b for a, b in zip(figures["cpu_ms"], each, strict=True)]
    figures["ratio_of_the_driver_alone"] = [a / b for a, b in zip(figures["driver_cpu_ms"], each, strict=True)]
    figures["ratio_to_a_scrape_of_one"] = [a / b for a, b in zip(figures["cpu_ms"], one, strict=True)]
    met = statistics.median(ratio) <= GOAL and statistics.median(figures["bias_ms"]) <= BIAS_GOAL_MS
    goal = f"CPU at most {GOAL} of postgres_exporter's for one of {MANY} queries, bias at most {BIAS_GOAL_MS} ms"
    return Result(id="B2", goal=goal, figures=figures, ratio=ratio, met=met)


class _Exporter:
    """postgres_exporter with so many times the query, and nothing else switched on."""

    def __init__(self, port: int, pid: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._process = psutil.Process(pid)

    @classmethod
    @contextmanager
    def running(cls, dsn: str, directory: Path, queries: int) -> Iterator["_Exporter"]:
        port, file = free_port(), directory / f"{queries}.yaml"
        metrics = [{"found": {"usage": "GAUGE", "description": "the same query"}}]
        exported = {f"bench_{number}": {"query": QUERY, "metrics": metrics} for number in range(queries)}
        file.write_text(yaml.safe_dump(exported), encoding="utf-8")
        process = subprocess.Popen(
            [
                *(PEER, f"--web.listen-address=127.0.0.1:{port}", f"--extend.query-path={file}"),
                *("--disable-default-metrics", "--disable-settings-metrics"),
                *("--no-collector.database", "--no-collector.bgwriter"),
            ],
            env={"DATA_SOURCE_NAME": dsn + "&sslmode=disable"},
            stderr=subprocess.DEVNULL,
        )
        try:
            one = cls(port, process.pid)
            eventually(lambda: one._found() == queries, f"{PEER} carries out {queries} queries")
            yield one
        finally:
            process.terminate()
            process.wait()

    def scrape(self) -> bytes:
        with urlopen(self._url) as answer:
            content: bytes = answer.read()
            return content

    def cpu_ms(self) -> float:
        """Milliseconds of its processor time for one scrape."""
        before = self._process.cpu_times()
        for _ in range(SCRAPES):
            self.scrape()
        after = self._process.cpu_times()
        return (after.user + after.system - before.user - before.system) * 1000 / SCRAPES

    def _found(self) -> int | None:
        try:
            return self.scrape().count(b"_found{")
        except OSError:
            return None


async def _probes(dsn: str) -> dict[str, float]:
    """Our processor time for one probe, and the mean of its values less the server's mean of the same runs."""
    configuration = watched(
        {"database": {"kind": "postgresql", "url": dsn, "share": 1}},
        {"probe": {"kind": "sql", "target": "database", "category": "bench", "query": QUERY}},
    )
    server = await asyncpg.connect(dsn)
    async with ProbeSet(configuration.probes, configuration.targets, SystemClock()) as probes:
        for _ in range(20):
            await look(probes)
        settle()
        calls, server_ms = await server.fetchrow(OF_THE_SERVER, OURS) or (0, 0.0)
        cpu, values = time.process_time(), []
        for _ in range(PROBES):
            (measured,) = await probes.run("probe", datetime.now(UTC))
            values.append(measured.value or 0.0)
        cpu = time.process_time() - cpu
        calls_after, server_ms_after = await server.fetchrow(OF_THE_SERVER, OURS) or (0, 0.0)
    driver = await _driver_cpu_ms(server)
    await server.close()
    if calls_after - calls != PROBES:
        raise SystemExit(f"B2: the server counted {calls_after - calls} of {PROBES} probes")
    mean_ms = (server_ms_after - server_ms) / PROBES
    return {
        "cpu_ms": cpu * 1000 / PROBES,
        "driver_cpu_ms": driver,
        "server_ms": mean_ms,
        "bias_ms": statistics.mean(values) * 1000 - mean_ms,
    }


async def _driver_cpu_ms(connection: Connection) -> float:
    """Milliseconds of processor time for one execution of the prepared statement, and nothing else."""
    statement = await connection.prepare(QUERY)
    cpu = time.process_time()
    for _ in range(PROBES):
        await statement.fetch()
    return (time.process_time() - cpu) * 1000 / PROBES


async def _execute(dsn: str, statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statements)
    await connection.close()
