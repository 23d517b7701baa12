"""B6: the store behind the pages: size, queries at 10 and 100 million rows, and a page of 300 series up to its first
paint. Prometheus holds the same series at 10 million."""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import asyncpg
import httpx

from baselines import Measurement, Outcome
from baselines.postgres import PostgresMeasurements
from baselines.postgres_history import PostgresHistory
from baselines.verdict import Comparison, Verdict
from monitor.database import migrate, store_pool
from monitor.embedded import EmbeddedServer
from tests.acceptance.running import free_port
from tests.bench.filled_store import CADENCE_SECONDS, fill, registry
from tests.bench.result import Result
from tests.dashboards.examples import compared
from tests.pages.browser import looking, started
from tests.pages.scenes import NOW, Line, Scene
from tests.pages.shown import Shown, shown

PEERS = ("prometheus", "promtool")
SMALL, LARGE = 10_000_000, 100_000_000
# 100 series at 30 s are 35 days at 10 million: every query finds as much to read in both.
SERIES = registry(100)
SHOWN = 300
PAIRS = 20
WRITTEN = 100_000
PAGES = 20
GOAL_BYTES = 20.0
GOAL_FLAT = 1.5
GOAL_PAGE_MS = 100.0
GOAL_PAINT_MS = 500.0


def b6() -> Result:
    """Queries take turns at both sizes; the page is asked for over loopback, and painted by Chromium."""
    if missing := [one for one in PEERS if shutil.which(one) is None]:
        raise SystemExit(f"B6 needs {', '.join(missing)}; on Debian: apt-get install prometheus")
    figures: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="portalwatch-bench-") as folder:
        directory = Path(folder)
        directory.chmod(0o755)
        # How fast a disk writes is no question here, and would take minutes more.
        with EmbeddedServer.start(directory / "server", durable=False) as server:
            asyncio.run(_queries(server, figures, directory))
            asyncio.run(_prepare_page(server))
            _page(server, figures, directory)
    flat = [
        large / small
        for query in ("last_hour", "30_days")
        for small, large in zip(figures[f"{query}_10_million_ms"], figures[f"{query}_100_million_ms"], strict=True)
    ]
    met = (
        max(figures["bytes_per_measurement"]) <= GOAL_BYTES
        and all(
            _median(figures[f"{one}_100_million_ms"]) <= GOAL_FLAT * _median(figures[f"{one}_10_million_ms"])
            for one in ("last_hour", "30_days")
        )
        and _median(figures["page_of_300_read_anew_ms"]) < GOAL_PAGE_MS
        and _median(figures["first_paint_ms"]) < GOAL_PAINT_MS
    )
    goal = (
        "at most 20 bytes a measurement; queries of the pages flat from 10 to 100 million (1.5); a page of 300 series "
        "in under 100 ms, painted in under 500 ms"
    )
    return Result(id="B6", goal=goal, figures=figures, ratio=flat, met=met)


async def _queries(server: EmbeddedServer, figures: dict[str, list[float]], directory: Path) -> None:
    small, large = await _made(server, "small"), await _made(server, "large")
    async with store_pool(small) as at_small, store_pool(large) as at_large:
        await _write(at_small, figures)
        await fill(at_small, SERIES, SMALL, NOW)
        await fill(at_large, SERIES, LARGE, NOW)
        size = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = ANY ($1::regclass[])"
        tables = ["sample_chunk", "sample_rollup"]
        for pool, calls in ((at_small, SMALL), (at_large, LARGE)):
            figures.setdefault("bytes_per_measurement", []).append(float(await pool.fetchval(size, tables)) / calls)
        names = list(SERIES)
        with _prometheus(await _exposed(at_small, directory), directory) as peer:
            figures["bytes_per_measurement_prometheus"] = [peer.bytes / SMALL]
            for number in range(PAIRS + 1):
                name = names[7 * number % len(names)]
                for query, ours, theirs in (
                    ("last_hour", _last_hour, peer.last_hour),
                    ("30_days", _thirty_days, peer.thirty_days),
                ):
                    took = {
                        f"{query}_10_million_ms": await _timed(lambda: ours(at_small, name)),  # noqa: B023
                        f"{query}_100_million_ms": await _timed(lambda: ours(at_large, name)),  # noqa: B023
                        f"{query}_prometheus_ms": await _timed(lambda: asyncio.to_thread(theirs, name)),  # noqa: B023
                    }
                    if number:  # the first round warms all three
                        for figure, seconds in took.items():
                            figures.setdefault(figure, []).append(1000 * seconds)


async def _last_hour(pool: asyncpg.Pool, series: str) -> None:
    found = await PostgresHistory(pool).course(series, NOW - timedelta(hours=1), NOW, timedelta(minutes=1))
    assert len(found) >= 59


async def _thirty_days(pool: asyncpg.Pool, series: str) -> None:
    assert len(await PostgresHistory(pool).closed_hours(series, NOW - timedelta(days=30))) >= 719


async def _timed(act: Callable[[], Awaitable[None]]) -> float:
    started_at = time.perf_counter()
    await act()
    return time.perf_counter() - started_at


async def _made(server: EmbeddedServer, name: str) -> str:
    connection = await asyncpg.connect(server.dsn("postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    await migrate(server.dsn(name))
    return server.dsn(name)


async def _write(pool: asyncpg.Pool, figures: dict[str, list[float]]) -> None:
    """How many measurements a second the store takes in, in batches of a thousand; they are gone afterwards."""
    store = PostgresMeasurements(pool)
    await store.register(SERIES)
    batches = [
        [
            Measurement(series=name, intended_at=at, started_at=at, outcome=Outcome.OK, value=0.01, correlation_id="c")
            for name in SERIES
            for at in [NOW + timedelta(seconds=10 * batch + number) for number in range(10)]
        ]
        for batch in range(WRITTEN // 1000)
    ]
    started_at = time.perf_counter()
    for batch in batches:
        await store.append(batch)
    figures["written_per_second"] = [WRITTEN / (time.perf_counter() - started_at)]
    await pool.execute("TRUNCATE sample_head")


@dataclass(frozen=True, slots=True)
class _Peer:
    url: str
    bytes: float

    def last_hour(self, series: str) -> None:
        """Every sample of the last hour."""
        self._range(f'm{{series="{series}"}}', NOW - timedelta(hours=1), 30)

    def thirty_days(self, series: str) -> None:
        """The median of each hour of 30 days: what the drawing needs at least."""
        self._range(f'quantile_over_time(0.5, m{{series="{series}"}}[1h])', NOW - timedelta(days=30), 3600)

    def _range(self, query: str, start: datetime, step: int) -> None:
        asked = urlencode({"query": query, "start": start.timestamp(), "end": NOW.timestamp(), "step": step})
        with urlopen(f"{self.url}/api/v1/query_range?{asked}", timeout=60) as answer:
            (found,) = json.load(answer)["data"]["result"]
        assert len(found["values"]) > 100


async def _exposed(pool: asyncpg.Pool, directory: Path) -> Path:
    """The same samples as OpenMetrics, a series after the other."""
    path = directory / "samples.om"
    query = """
        SELECT format('m{series="%s"} %s %s', series.name, one.value, EXTRACT(epoch FROM one.at))
        FROM series CROSS JOIN LATERAL (
            SELECT chunk.hour + make_interval(secs => each.offset_ms / 1000.0) AS at, each.value
            FROM sample_chunk AS chunk
            CROSS JOIN LATERAL unnest(chunk.offset_ms, chunk.value) AS each (offset_ms, value)
            WHERE chunk.series_id = series.id
            UNION ALL
            SELECT started_at, value FROM sample_head WHERE series_id = series.id
        ) AS one
        ORDER BY series.id, one.at
    """
    with path.open("wb") as file:
        file.write(b"# TYPE m gauge\n")
        async with pool.acquire() as connection:
            await connection.copy_from_query(query, output=file, timeout=600)
        file.write(b"# EOF\n")
    return path


@contextmanager
def _prometheus(samples: Path, directory: Path) -> Iterator[_Peer]:
    """A Prometheus that holds those samples."""
    data = directory / "prometheus"
    command = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--max-block-duration=744h",
        str(samples),
        str(data),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    samples.unlink()
    size = sum(one.stat().st_size for one in data.rglob("*") if one.is_file())
    configuration, port = directory / "prometheus.yml", free_port()
    configuration.write_text("global: {}\n", encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={configuration}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with subprocess.Popen(command) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/-/ready")
            yield _Peer(url, float(size))
        finally:
            process.terminate()


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit(f"{url} does not answer")
        time.sleep(0.1)


def _scene() -> Scene:
    return Scene(
        name="bench",
        cadence_seconds=CADENCE_SECONDS,
        measured=False,
        lines=tuple(
            Line(
                probe=one.metric,
                category=one.category,
                target="portal_database" if number % 2 else "portal",
                sql=bool(number % 2),
            )
            for number, one in enumerate(registry(SHOWN).values())
        ),
    )


async def _prepare_page(server: EmbeddedServer) -> None:
    dsn = await _made(server, "page")
    async with store_pool(dsn) as pool:
        await fill(pool, registry(SHOWN), SMALL, NOW)


def _page(server: EmbeddedServer, figures: dict[str, list[float]], directory: Path) -> None:
    """The status page of 300 series, all of them measured and compared, over 10 million stored measurements."""
    with shown(_scene(), server.dsn("page"), directory) as served:
        _see(served)
        with httpx.Client(base_url=served.url) as client:
            figures["page_of_300_ms"] = _asked(client, "/")
            figures["page_of_300_read_anew_ms"] = _asked(client, "/", served.site.strips.forget)
            figures["page_of_300_kb"] = [len(client.get("/").content) / 1000]
            series = f"/series/{next(iter(served.site.watch.series))}"
            for window in ("hour", "day", "month"):
                figures[f"page_of_a_series_{window}_ms"] = _asked(client, f"{series}?window={window}")
        with started() as browser:
            for _ in range(PAGES // 4 + 1):
                with looking(browser) as (page, complaints):
                    page.goto(served.url, wait_until="load")
                    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
                    paint = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
                    figures.setdefault("first_paint_ms", []).append(float(page.evaluate(paint)))
                    assert not complaints
    figures["first_paint_ms"].pop(0)  # of a browser that has just started


def _asked(client: httpx.Client, path: str, before: Callable[[], None] = lambda: None) -> list[float]:
    """Milliseconds from each question, after `before`, to the last byte of its answer; the first two warm the pool."""
    took = []
    for _ in range(PAGES + 2):
        before()
        started_at = time.perf_counter()
        assert client.get(path).status_code == 200
        took.append(1000 * (time.perf_counter() - started_at))
    return took[2:]


def _see(served: Shown) -> None:
    watch = served.site.watch
    for name in watch.series:
        at = NOW - timedelta(seconds=9)
        watch.saw(Measurement(series=name, intended_at=at, started_at=at, outcome=Outcome.OK, value=0.02))
    watch.comparison = Comparison(
        before="before", after="live", series=[compared(name, Verdict.WITHIN, 1.02) for name in watch.series]
    )


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
