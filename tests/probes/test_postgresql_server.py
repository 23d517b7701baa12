"""The figures of a real PostgreSQL server: sessions and locks of the moment, and what happened between two runs."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from baselines.measurement import Measurement, Outcome, Reason
from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes import ProbeSet, series_of
from probes.kinds.postgresql_server import LEAST_ROWS, LEAST_SCANS, LEAST_TRANSACTIONS
from tests.probes.database.watched_database import as_role
from tests.probes.watched import watched, with_probes

Look = Callable[[], Awaitable[dict[str, Measurement]]]
SINCE_THE_RUN_BEFORE = ("deadlocks", "transaction_rollback_rate", "cache_hit_ratio", "index_usage")


def probe_server(dsn: str, use: Callable[[Look, asyncpg.Connection], Awaitable[None]], role: str | None = None) -> None:
    """Does what `use` does with a look at the server (by metric) and with an ordinary connection."""
    configuration = watched(
        {"db": {"kind": "postgresql", "url": as_role(dsn, role) if role else dsn}},
        {"server": {"kind": "postgresql_server", "target": "db", "category": "database_performance"}},
    )

    async def main() -> None:
        administrator = await asyncpg.connect(dsn)

        async def with_look(probes: ProbeSet) -> None:
            async def look() -> dict[str, Measurement]:
                measured = await probes.run("server", datetime.now(UTC))
                return {one.series.partition(".")[2]: one for one in measured}

            await use(look, administrator)

        try:
            await with_probes(configuration, with_look)
        finally:
            await administrator.close()

    asyncio.run(main())


async def at_work(dsn: str, *statements: str) -> None:
    """A connection of its own carries them out and ends: only then the server has counted all of them."""
    connection = await asyncpg.connect(dsn)
    for one in statements:
        await connection.execute(one)
    await connection.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that is about to be so."""
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 - what others do in the server tells nobody
            await asyncio.sleep(0.02)


def value(measured: Measurement) -> float:
    assert (measured.outcome, measured.value is not None) == (Outcome.OK, True), measured.detail
    return measured.value or 0.0


def test_sessions_are_counted_without_ours(empty_database: str) -> None:
    """Connections against those that ordinary roles may have, and who does what in this database."""

    async def use(look: Look, administrator: asyncpg.Connection) -> None:
        usable = await administrator.fetchval(
            "SELECT sum(CASE WHEN name = 'max_connections' THEN 1 ELSE -1 END * setting::int) FROM pg_settings"
            " WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
        )
        before = await look()
        ours = [
            await asyncpg.connect(empty_database, server_settings={"application_name": n})
            for n in ("portalwatch", "portalwatch-store")
        ]
        theirs = [await asyncpg.connect(empty_database) for _ in range(3)]
        await theirs[0].execute("BEGIN")
        await theirs[0].execute("SELECT 1")
        busy = asyncio.create_task(theirs[1].execute("SELECT pg_sleep(30)"))
        await until(
            lambda: administrator.fetchval(
                "SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'sleep.30'"
                " AND state = 'active' AND pid <> pg_backend_pid()"
            )
        )
        now = await look()
        grown = value(now["database_connections"]) - value(before["database_connections"])
        assert grown == pytest.approx(3 / usable)
        assert value(now["active_connections"]) == 1
        assert value(now["idle_in_transaction"]) == 1
        assert 0 < value(now["longest_transaction"]) < 30
        busy.cancel()
        for connection in (*ours, *theirs):
            connection.terminate()

    probe_server(empty_database, use)


def test_a_wait_for_a_lock_is_seen_while_it_lasts(empty_database: str) -> None:
    """Who waits is counted, the longest wait is told in seconds, and both are nothing without a lock."""

    async def use(look: Look, administrator: asyncpg.Connection) -> None:
        await administrator.execute("CREATE TABLE clients (id int)")
        quiet = await look()
        assert (value(quiet["waiting_connections"]), value(quiet["lock_wait_time"])) == (0, 0)
        waiting = await asyncpg.connect(empty_database)
        async with administrator.transaction():
            await administrator.execute("LOCK TABLE clients")
            blocked = asyncio.create_task(waiting.execute("SELECT * FROM clients"))
            await until(
                lambda: administrator.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE waitstart IS NOT NULL)")
            )
            locked = await look()
        await blocked
        await waiting.close()
        assert value(locked["waiting_connections"]) == 1
        assert value(locked["lock_wait_time"]) > 0

    probe_server(empty_database, use)


def test_shares_are_those_since_the_run_before(empty_database: str) -> None:
    """The first run has none; of what happens then a third is rolled back, and one scan in two uses an index."""

    async def use(look: Look, administrator: asyncpg.Connection) -> None:
        await administrator.execute(
            "CREATE TABLE clients (id int PRIMARY KEY); INSERT INTO clients SELECT generate_series(1, 4000);"
            "ALTER TABLE clients SET (autovacuum_enabled = false); ANALYZE clients"
        )
        first = await look()
        for metric in SINCE_THE_RUN_BEFORE:
            assert (first[metric].outcome, first[metric].reason) == (Outcome.SKIPPED, Reason.TOO_LITTLE)
        times = 10 * LEAST_TRANSACTIONS
        by_index = "SET enable_seqscan = off", *["SELECT * FROM clients WHERE id = 5"] * times
        one_by_one = "SET enable_seqscan = on", *["SELECT count(*) FROM clients"] * times
        await at_work(empty_database, *by_index, *one_by_one, *["BEGIN; ROLLBACK"] * times)
        second = await look()
        assert value(second["transaction_rollback_rate"]) == pytest.approx(1 / 3, abs=0.05)
        assert value(second["index_usage"]) == pytest.approx(1 / 2, abs=0.05)
        assert value(second["cache_hit_ratio"]) > 0.9
        assert value(second["deadlocks"]) == 0

    assert LEAST_SCANS <= LEAST_TRANSACTIONS
    probe_server(empty_database, use)


def test_a_database_at_rest_is_not_judged(empty_database: str) -> None:
    """A few transactions, our own among them, make no share; and an empty table has no dead rows."""

    async def use(look: Look, _: asyncpg.Connection) -> None:
        await look()
        second = await look()
        for metric in ("transaction_rollback_rate", "dead_rows"):
            assert (second[metric].outcome, second[metric].reason) == (Outcome.SKIPPED, Reason.TOO_LITTLE)
            assert "too few" in second[metric].detail

    probe_server(empty_database, use)


def test_counters_that_began_anew_are_no_figures(empty_database: str) -> None:
    """After a reset of the statistics the next run has nothing to count from."""

    async def use(look: Look, administrator: asyncpg.Connection) -> None:
        await look()
        await administrator.execute("SELECT pg_stat_reset()")
        await at_work(empty_database, *["SELECT 1"] * 2 * LEAST_TRANSACTIONS)
        after = await look()
        for metric in SINCE_THE_RUN_BEFORE:
            assert after[metric].reason is Reason.TOO_LITTLE
            assert "no earlier run" in after[metric].detail

    probe_server(empty_database, use)


def test_dead_rows_are_a_share_of_all_rows(empty_database: str) -> None:
    """Of as many rows as are enough, half were deleted and not yet cleared away."""

    async def use(look: Look, _: asyncpg.Connection) -> None:
        await at_work(
            empty_database,
            "CREATE TABLE clients (id int) WITH (autovacuum_enabled = false)",
            f"INSERT INTO clients SELECT generate_series(1, {2 * LEAST_ROWS})",
            f"DELETE FROM clients WHERE id <= {LEAST_ROWS}",
        )
        assert value((await look())["dead_rows"]) == pytest.approx(0.5, abs=0.01)

    probe_server(empty_database, use)


def test_a_role_that_sees_nobody_says_so(empty_database: str, postgres_server: str) -> None:
    """Sessions of others are an error of their own series; locks and shares go on."""
    role = f"role_{uuid.uuid4().hex[:12]}"

    async def use(look: Look, _: asyncpg.Connection) -> None:
        measured = await look()
        for metric in ("database_connections", "longest_transaction", "replication_lag"):
            assert (measured[metric].outcome, measured[metric].reason) == (Outcome.ERROR, Reason.PERMISSION)
        assert value(measured["lock_wait_time"]) == 0

    asyncio.run(at_work(postgres_server, f"CREATE ROLE {role} LOGIN"))
    try:
        probe_server(empty_database, use, role)
    finally:
        asyncio.run(at_work(postgres_server, f"DROP ROLE {role}"))


def test_statements_are_counted_where_the_server_counts_them(
    each_postgres: PostgresBinaries, reachable_directory: Path
) -> None:
    """On every PostgreSQL: without pg_stat_statements nothing is judged, with it calls and seconds a second are told,
    and ours are not among them; a single server has no replica."""
    folder = reachable_directory / f"figures-{each_postgres.major}"

    async def use(look: Look, administrator: asyncpg.Connection) -> None:
        measured = await look()
        assert "not installed" in measured["statement_calls"].detail
        assert measured["replication_lag"].detail == "no replica is connected"
        if "pg_stat_statements" not in await administrator.fetchval("SHOW shared_preload_libraries"):
            return
        await administrator.execute("CREATE SCHEMA extra; CREATE EXTENSION pg_stat_statements SCHEMA extra")
        await administrator.execute("GRANT USAGE ON SCHEMA extra TO watcher")
        await look()
        idle = await look()
        assert value(idle["statement_calls"]) == 0
        await at_work(server.dsn("postgres"), "SELECT pg_sleep(0.2)", "SELECT 2")
        busy = await look()
        assert value(busy["statement_calls"]) > 0
        assert value(busy["statement_time"]) > 0

    with EmbeddedServer.start(folder, binaries=each_postgres, durable=False) as server:
        asyncio.run(at_work(server.dsn("postgres"), "CREATE ROLE watcher LOGIN", "GRANT pg_read_all_stats TO watcher"))
        probe_server(server.dsn("postgres"), use, "watcher")


def test_no_figure_is_held_against_a_baseline() -> None:
    """Waits and lags of a moment are seconds, and yet no durations that a deployment could make longer."""
    one = watched(
        {"db": {"kind": "postgresql", "url": "postgresql://localhost/x"}},
        {"server": {"kind": "postgresql_server", "target": "db", "category": "database_performance"}},
    )
    known = series_of(one.probes)
    assert "database_performance.lock_wait_time" in known
    assert not any(series.is_duration for series in known.values())


def test_what_is_counted_anew_at_each_run_is_known() -> None:
    """So that a limit by the hour can be held against it; and shares say how much they need."""
    one = watched(
        {"db": {"kind": "postgresql", "url": "postgresql://localhost/x"}},
        {"server": {"kind": "postgresql_server", "target": "db", "category": "database_performance"}},
    )
    known = series_of(one.probes).values()
    assert [series.metric for series in known if series.increment] == ["deadlocks"]
    least = {series.metric: series.minimum_traffic for series in known if series.minimum_traffic}
    assert least["transaction_rollback_rate"] == 100
