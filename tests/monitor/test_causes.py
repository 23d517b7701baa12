"""Real faults of a real database, and the cause that a comparison of two real captures names first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from baselines import Baseline, Explanation, ExplanationKind, SeriesComparison, Spacing, Verdict
from baselines.capture import CapturePlan
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.capturing import Capturing
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import store_pool
from probes import ProbeSet, series_of
from tests.monitor.cli.commands import configuration
from tests.monitor.test_capturing import Steps

PLAN = CapturePlan(sessions=3, samples=10, spacing=Spacing.BURST)
HANGING = CapturePlan(sessions=2, samples=4, spacing=Spacing.BURST)
SERIES = "database_queries.orders"
PROBES = {
    "orders": {
        "kind": "sql",
        "category": "database_queries",
        "target": "db",
        "query": "SELECT count(note), max(id) FROM orders WHERE day = $1",
        "arguments": [[7], [8], [9]],
    },
    "items": {
        "kind": "sql",
        "category": "database_queries",
        "target": "db",
        "query": "SELECT sum(pieces) FROM orders JOIN items ON items.order_id = orders.id WHERE day = $1",
        "arguments": [[7], [8], [9]],
    },
    "notes": {
        "kind": "sql",
        "category": "database_queries",
        "target": "db",
        "query": "SELECT count(*) FROM notes WHERE id % 7 = 3",
    },
    "server": {"kind": "postgresql_server", "category": "database_performance", "target": "db"},
}
ORDERS = """
CREATE TABLE orders (id bigserial PRIMARY KEY, day int NOT NULL, note text NOT NULL) WITH (autovacuum_enabled = false);
INSERT INTO orders (day, note) SELECT n % 2000, repeat('x', 40) || n % 977 FROM generate_series(1, 80000) AS n;
CREATE INDEX orders_by_day ON orders (day);
CREATE TABLE items (order_id bigint NOT NULL, pieces int NOT NULL) WITH (autovacuum_enabled = false);
INSERT INTO items SELECT id, 1 FROM orders ORDER BY id * 7919 % 80021;
CREATE INDEX items_by_order ON items (order_id);
CREATE TABLE notes (id int NOT NULL) WITH (autovacuum_enabled = false);
INSERT INTO notes SELECT n FROM generate_series(1, 10000) AS n;
"""

Fault = Callable[[asyncpg.Connection], Awaitable[object]]


def statement(*statements: str) -> Fault:
    """What an administrator does, one statement after the other; none may stand in a transaction."""

    async def act(connection: asyncpg.Connection) -> None:
        for one in statements:
            await connection.execute(one)

    return act


class House:
    """A watched database and the store of its captures."""

    def __init__(self, path: Path, pool: asyncpg.Pool) -> None:
        self._configuration: Configuration = load_configuration(path, {})
        self._store, self._ledger = PostgresBaselines(pool), PostgresLedger(pool)

    async def capture(self, name: str, plan: CapturePlan) -> Baseline:
        """As the command takes it, and as the store gives it back."""
        settings = self._configuration.settings
        async with ProbeSet(settings.probes, settings.targets, SystemClock()) as probes:
            capturing = Capturing(self._configuration, probes, self._ledger, SystemClock(), Steps())
            await self._store.save(await capturing.capture(name, plan))
        return await self._store.load(name)

    async def compare(self, before: Baseline, after: Baseline) -> dict[str, SeriesComparison]:
        """Each series, by name."""
        figures = Figures.load(self._configuration, series_of(self._configuration.settings.probes))
        comparing = Comparing(figures=figures, store=self._store, ledger=self._ledger)
        return {one.series.name: one for one in (await comparing.judge(before, after)).series}


@asynccontextmanager
async def house(path: Path, store: str) -> AsyncIterator[House]:
    """It with its pool."""
    async with store_pool(store) as pool:
        yield House(path, pool)


@asynccontextmanager
async def administrator(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who may do anything to the watched database."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def path(tmp_path: Path, store: str, empty_database: str) -> Path:
    """The configuration that watches the orders."""
    asyncio.run(_prepare(empty_database))
    target = {"kind": "postgresql", "url": empty_database, "lock_timeout": "50ms"}
    return configuration(tmp_path, store, targets={"db": target}, probes=PROBES)


async def _prepare(dsn: str) -> None:
    async with administrator(dsn) as connection:
        await connection.execute(ORDERS)
        await connection.execute("VACUUM ANALYZE")


async def explained(path: Path, store: str, dsn: str, fault: Fault) -> dict[str, SeriesComparison]:
    """A capture in health, the fault, and a capture with it."""
    async with house(path, store) as home, administrator(dsn) as connection:
        before = await home.capture("before", PLAN)
        await fault(connection)
        return await home.compare(before, await home.capture("after", PLAN))


def kinds(explanations: object) -> list[ExplanationKind]:
    """What kinds of causes, in order."""
    assert isinstance(explanations, list)
    return [one.kind for one in explanations if isinstance(one, Explanation)]


@pytest.mark.parametrize(
    ("series", "fault", "causes", "summary"),
    [
        pytest.param(
            SERIES,
            statement("DROP INDEX orders_by_day"),
            [ExplanationKind.INDEX_GONE, ExplanationKind.PLAN_CHANGE],
            "index orders_by_day on orders is gone",
            id="index gone",
        ),
        pytest.param(
            SERIES,
            statement("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_by_day'::regclass"),
            [ExplanationKind.INDEX_INVALID, ExplanationKind.PLAN_CHANGE],
            "index orders_by_day on orders is invalid",
            id="index invalid",
        ),
        pytest.param(
            "database_queries.items",
            # Giving a column its type, though it is the one it has, throws its statistics away.
            statement("ALTER TABLE orders ALTER COLUMN day TYPE int"),
            [ExplanationKind.STATISTICS_STALE, ExplanationKind.PLAN_CHANGE],
            "the planner's statistics are stale: public.orders has none for 1 of its columns",
            id="statistics stale",
        ),
        pytest.param(
            SERIES,
            statement(
                "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET enable_bitmapscan = off', current_database());"
                " EXECUTE format('ALTER DATABASE %I SET enable_indexscan = off', current_database()); END$$"
            ),
            [ExplanationKind.SETTING_CHANGED, ExplanationKind.PLAN_CHANGE],
            "the settings changed: enable_bitmapscan on → off, enable_indexscan on → off",
            id="setting changed",
        ),
        pytest.param(
            "database_queries.notes",
            statement("INSERT INTO notes SELECT n FROM generate_series(1, 90000) AS n", "VACUUM ANALYZE notes"),
            [ExplanationKind.ROWS_GROWN],
            "the same plan reads 100,000 rows instead of 10,000, 10 times as many",
            id="rows grown",
        ),
    ],
)
def test_the_cause_is_named_first(
    path: Path,
    store: str,
    empty_database: str,
    series: str,
    fault: Fault,
    causes: list[ExplanationKind],
    summary: str,
) -> None:
    """The series is degraded, and of its causes the one that was planted comes first."""
    one = asyncio.run(explained(path, store, empty_database, fault))[series]
    assert one.verdict is Verdict.DEGRADED
    assert kinds(one.explanations)[: len(causes)] == causes
    assert summary in one.explanations[0].summary


def test_a_held_lock_is_named(path: Path, store: str, empty_database: str) -> None:
    """The first calls that wait for it say so; then the probe holds back, so that nothing can be judged."""

    async def run() -> SeriesComparison:
        async with house(path, store) as home, administrator(empty_database) as connection:
            before = await home.capture("before", HANGING)
            async with connection.transaction():
                await connection.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
                after = await home.capture("after", HANGING)
            return (await home.compare(before, after))[SERIES]

    one = asyncio.run(run())
    assert one.verdict is Verdict.INCONCLUSIVE
    assert kinds(one.explanations)[0] is ExplanationKind.LOCK_WAIT
    assert "(lock_timeout)" in one.explanations[0].summary


def test_a_healthy_database_has_no_cause(path: Path, store: str) -> None:
    """Captured twice, nothing is degraded or explained, and what a cause would go by is in the store."""

    async def run() -> tuple[Baseline, dict[str, SeriesComparison]]:
        async with house(path, store) as home:
            before = await home.capture("before", PLAN)
            return before, await home.compare(before, await home.capture("after", PLAN))

    before, compared = asyncio.run(run())
    assert [kinds(one.explanations) for one in compared.values() if one.verdict is Verdict.DEGRADED] == []
    session = before.sessions[-1]
    evidence = session.evidence[SERIES]
    assert evidence.origin is not None
    assert evidence.origin.target == "db"
    assert evidence.inspection is not None
    assert evidence.inspection.plan == session.plans[SERIES]
    assert evidence.inspection.rows_read == 40
    assert evidence.inspection.tables["public.orders"].without_statistics == 0
    assert session.levels["database_performance.waiting_connections"] == [0.0] * 2
