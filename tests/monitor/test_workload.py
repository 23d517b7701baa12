"""From the counters of a real database to a verdict on the statement that no probe sends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from baselines import Baseline, Spacing
from baselines.postgres_workload import PostgresWorkload
from baselines.verdict import Verdict, WorkloadComparison
from baselines.workload import WorkloadBin, WorkloadGap
from monitor.capturing import Capturing
from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from monitor.database import store_pool
from monitor.workload import Workloads, bins_kept
from probes import ProbeSet
from probes.workload.deltas import WorkloadReader
from tests.baselines.made import baseline
from tests.baselines.workloads import bins
from tests.clocks import START
from tests.monitor.cli.commands import configuration, portalwatch
from tests.monitor.cli.stored import SERIES, in_store, made, save
from tests.monitor.ledgers import KeptEntries
from tests.monitor.test_capturing import QUICK, Steps
from tests.probes.watched import watched

INSERT = "INSERT INTO ownership (product, share) VALUES ($1, $2)"
READ = "SELECT share FROM ownership WHERE id = $1"
PORTAL = """
CREATE EXTENSION pg_stat_statements;
CREATE TABLE ownership (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, product int, share numeric);
CREATE TABLE audit (at timestamptz, entry jsonb);
CREATE TABLE history AS SELECT i AS product, i AS share FROM generate_series(1, 2000) AS i;
"""
MIGRATION = """
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit SELECT now(), to_jsonb(NEW) || jsonb_build_object('was', sum(share)) FROM history;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_ownership AFTER INSERT ON ownership FOR EACH ROW EXECUTE FUNCTION note();
""" + "".join(f"CREATE INDEX i{number} ON ownership (product, (share + {number}));" for number in range(28))


@asynccontextmanager
async def busy(dsn: str) -> AsyncIterator[None]:
    """A portal that reads and writes as long as the context lasts."""
    connection = await asyncpg.connect(dsn)

    async def work() -> None:
        while True:
            for number in range(5):
                await connection.execute(INSERT, number, 1)
                await connection.fetch(READ, number)
            await asyncio.sleep(0.005)

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await connection.close(timeout=5)


def spanned(name: str, start: datetime, end: datetime) -> Baseline:
    """A quick capture of five sessions that lasted that long."""
    made_up = baseline(name, [{"q.a": [0.01]}] * 5)
    conditions = replace(made_up.sessions[0].conditions, spacing=Spacing.BURST)
    step = (end - start) / 5
    return replace(
        made_up,
        sessions=[
            replace(
                one, started_at=start + number * step, finished_at=start + (number + 1) * step, conditions=conditions
            )
            for number, one in enumerate(made_up.sessions)
        ],
    )


def test_a_write_that_a_migration_slows_is_named_though_no_probe_sends_it(store: str, empty_database: str) -> None:
    """An audit trigger and twenty-eight indexes: the insert is degraded and has no probe; the read has one."""

    async def run() -> WorkloadComparison:
        target = {"kind": "postgresql", "url": empty_database}
        read = {"kind": "sql", "target": "portal", "category": "q", "query": READ, "arguments": [[1]]}
        configured = watched({"portal": target}, {"read": read})
        clock = SystemClock()
        administrator = await asyncpg.connect(empty_database)
        await administrator.execute(PORTAL)
        async with store_pool(store) as pool, ProbeSet(configured.probes, configured.targets, clock) as probes:
            kept = PostgresWorkload(pool)

            async def capture(name: str) -> Baseline:
                started_at = clock.now()
                reader = WorkloadReader(configured.targets, probes.links, clock)
                async with busy(empty_database), bins_kept(reader, kept, "test", 0.25, clock):
                    await clock.sleep(1.5)
                return spanned(name, started_at, clock.now())

            before = await capture("pre")
            await administrator.execute(MIGRATION)
            after = await capture("post")
            await administrator.close()
            materials = await Workloads.of(kept, configured.probes).materials(before, after)
            return materials.judged(before, after, 1.25)

    found = asyncio.run(run())
    by_text = {one.statement.text: one for one in found.statements}
    worst = found.statements[0]
    assert worst is by_text[INSERT]
    assert worst.compared.verdict is Verdict.DEGRADED
    assert (worst.probes, by_text[READ].probes) == ((), ["read"])
    assert worst.share > 0.5
    assert worst.compared.impact_seconds_per_hour is not None
    assert worst.compared.impact_seconds_per_hour > 0
    assert found.gaps == []


def test_a_capture_keeps_the_bins_of_its_time(store: str, empty_database: str, tmp_path: Path) -> None:
    """From its first call to its last one, whoever runs the service."""

    async def run() -> tuple[Baseline, int]:
        portal = await asyncpg.connect(empty_database)
        await portal.execute(PORTAL)
        path = configuration(
            tmp_path,
            store,
            targets={"portal": {"kind": "postgresql", "url": empty_database}},
            probes={"a": {"kind": "sql", "target": "portal", "category": "q", "query": READ, "arguments": [[1]]}},
        )
        configured, clock = load_configuration(path, {}), SystemClock()
        async with (
            store_pool(store) as pool,
            busy(empty_database),
            ProbeSet(configured.settings.probes, configured.settings.targets, clock) as probes,
        ):
            kept = PostgresWorkload(pool)
            capturing = Capturing(configured, probes, KeptEntries(), clock, Steps(), kept)
            captured = await capturing.capture("pre", QUICK)
            told = await kept.between(captured.environment, captured.sessions[0].started_at, captured.finished_at)
        await portal.close()
        return captured, sum(usage.calls for one in told for text, usage in one.statements.items() if text.writes)

    captured, writes = asyncio.run(run())
    assert len(captured.sessions) == 2
    assert writes > 0


def judged(store: str, before: Baseline, after: Baseline) -> WorkloadComparison:
    """What the store knows of the time of both."""

    async def act(pool: asyncpg.Pool) -> WorkloadComparison:
        materials = await Workloads.of(PostgresWorkload(pool), {}).materials(before, after)
        return materials.judged(before, after, 1.25)

    return in_store(store, act)


def keep(store: str, *notes: WorkloadBin | WorkloadGap) -> None:
    """Put bins and gaps into the store."""

    async def act(pool: asyncpg.Pool) -> None:
        for one in notes:
            await PostgresWorkload(pool).append("test", one)

    in_store(store, act)


def test_a_database_that_told_nothing_is_said_with_the_reason(store: str) -> None:
    """On the side where it was so; where nobody ever read a database, there is nothing to say."""
    hour = timedelta(hours=1)
    before = spanned("pre", START, START + hour)
    after = spanned("post", START + 2 * hour, START + 3 * hour)
    assert judged(store, before, after).gaps == []
    keep(
        store,
        *bins({"insert": [0.01] * 5}),
        WorkloadGap(database="portal", at=START + 2.5 * hour, reason="the database has no pg_stat_statements"),
    )
    assert judged(store, before, after).gaps == [
        "the statements of portal are not judged: the database has no pg_stat_statements (while post was captured)"
    ]


def test_compare_answers_1_for_a_statement_that_no_probe_sends(store: str, tmp_path: Path) -> None:
    """Though every series is within: the statement is named, ranked and a finding."""
    pre = made("pre", 40)
    post = replace(
        made("post", 40.2, release="v2"),
        sessions=[
            replace(one, started_at=one.started_at + timedelta(days=1), finished_at=one.finished_at + timedelta(days=1))
            for one in made("post", 40.2).sessions
        ],
    )
    save(store, pre, post)
    for capture, mean in ((pre, 0.010), (post, 0.030)):
        keep(store, *bins({"insert": [mean] * 6}, since=capture.sessions[0].started_at))
    path = configuration(tmp_path, store)
    answer = portalwatch("compare", "pre", "post", "--format", "json", "--config", path)
    document = answer.json()
    assert [one["verdict"] for one in document["series"] if one["series"] == SERIES] == ["within"]
    assert (answer.code, document["overall"]["verdict"]) == (1, "degraded")
    (statement,) = document["workload"]["statements"]
    assert (statement["statement"], statement["verdict"]) == ("insert the table", "degraded")
