"""From the watched database to what a comparison prints: reader, link, chronicle and store, on real parts."""

import asyncio
import socket

import asyncpg
import pytest

from baselines import Inspected, Inspection, LedgerEntry, PlanShape, Section, Series, SeriesRegistry
from baselines.ledger import release_entry
from baselines.postgres import PostgresMeasurements
from baselines.postgres_inspections import PostgresInspections
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from baselines.postgres_workload import PostgresWorkload
from baselines.snapshot import Snapshot
from monitor.chronicle import Chronicle
from monitor.clock import SystemClock
from monitor.database import store_pool
from monitor.link import LinkWriter, read_link
from monitor.probing import look_inside
from monitor.settings import Settings
from probes import ProbeSet
from probes.ledger import LedgerReader
from tests.baselines.workloads import bins
from tests.clocks import START, ManualClock
from tests.probes.watched import watched

SETTINGS = Settings(environment="test")
QUERY = {
    "kind": "sql",
    "target": "database",
    "category": "q",
    "query": "SELECT * FROM valuations WHERE day = $1",
    "arguments": [[7]],
}


def inspected(at_seconds: float, *nodes: str) -> Inspected:
    """A plan of the series so many seconds after the start."""
    clock = ManualClock()
    clock.advance(at_seconds)
    return Inspected(series="q.a", at=clock.now(), inspection=Inspection(plan=PlanShape(nodes)))


def chronicle_of(pool: asyncpg.Pool) -> Chronicle:
    """One that writes into that store."""
    kept = PostgresLedger(pool), PostgresInspections(pool), PostgresWorkload(pool), PostgresSnapshots(pool)
    return Chronicle(*kept, SETTINGS, ManualClock())


def test_a_plan_that_changed_is_logged_and_among_the_changes(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice the same plan is one; another one is told with what it does instead, and each look's figures are kept."""

    async def run() -> None:
        async with store_pool(store) as pool:
            await PostgresMeasurements(pool).register(SeriesRegistry([Series("q.a")]))
            chronicle, ledger = chronicle_of(pool), PostgresLedger(pool)
            looks = [inspected(number, "Sort", "  Index Scan on t using i") for number in range(2)]
            for look in [*looks, inspected(2, "Sort", "  Seq Scan on t")]:
                chronicle.note(look)
                await chronicle.write()
            (change,) = await ledger.between("test", START, inspected(9).at)
            assert change.sentence == "plan of q.a: Index Scan on t using i → Seq Scan on t"
            assert await pool.fetchval("SELECT count(*) FROM inspection") == 3

    asyncio.run(run())
    assert "plan of q.a: Index Scan on t using i → Seq Scan on t" in capsys.readouterr().out


def test_snapshots_wait_for_the_store_and_go_with_single_samples(store: str) -> None:
    """What was taken while the store was away is written once it is there; after `store.samples_days` it is dropped."""
    taken = [Snapshot(source="db", at=START, reason=str(number)) for number in range(3)]

    async def run() -> None:
        async with store_pool("postgresql://u:p@127.0.0.1:1/none", eager=False) as away, store_pool(store) as pool:
            chronicle, kept = chronicle_of(away), PostgresSnapshots(pool)
            for one in taken:
                chronicle.note(one)
            await chronicle.write()
            chronicle._snapshots = kept
            await chronicle.write()
            await chronicle.write()
            assert [one.snapshot for one in await kept.since("test", START)] == taken[::-1]
            clock = ManualClock()
            clock.advance(SETTINGS.store.samples_days * 86_400 + 1)
            chronicle = chronicle_of(pool)
            chronicle._clock = clock
            await chronicle.keep_house()
            assert await kept.since("test", START) == []

    asyncio.run(run())


def test_while_the_store_is_away_the_latest_waits(store: str) -> None:
    """Nothing is raised; once there is a store, what was true last is written, and every bin of the workload once."""

    async def run() -> None:
        async with store_pool("postgresql://u:p@127.0.0.1:1/none", eager=False) as away, store_pool(store) as pool:
            chronicle = chronicle_of(away)
            for release in ("v1", "v2"):
                chronicle.note(release_entry(release, START))
                await chronicle.write()
            for one in bins({"insert": [0.01, 0.02]}):
                chronicle.note(one)
                await chronicle.write()
            await chronicle.keep_house()
            chronicle._ledger, chronicle._workload = PostgresLedger(pool), PostgresWorkload(pool)
            await chronicle.write()
            await chronicle.write()
            assert await chronicle._workload.between("test", START, inspected(900).at) == bins({"insert": [0.01, 0.02]})
            (entry,) = await PostgresLedger(pool).state("test", START)
            assert entry.facts == {"release": "v2"}

    asyncio.run(run())


def test_a_dropped_index_goes_from_the_database_into_the_ledger(store: str, empty_database: str) -> None:
    """Read beside the probes, sent over the link, written down: the index that went, and the plan that changed."""

    async def run() -> list[str]:
        administrator = await asyncpg.connect(empty_database)
        await administrator.execute(
            "CREATE TABLE valuations AS SELECT n AS id, n AS day FROM generate_series(1, 20000) n;"
            "CREATE INDEX valuations_by_day ON valuations (day); ANALYZE valuations"
        )
        configuration = watched({"database": {"kind": "postgresql", "url": empty_database}}, {"a": QUERY})
        clock = SystemClock()
        async with store_pool(store) as pool:
            await PostgresMeasurements(pool).register(SeriesRegistry([Series("q.a")]))
            chronicle, ledger = chronicle_of(pool), PostgresLedger(pool)

            async def look() -> None:
                """Until the catalogue and the plan have come in."""
                writing_end, reading_end = socket.socketpair()
                writer = LinkWriter(writing_end)
                wanted = {("database", Section.INDEXES), ("q.a", Section.PLANS)}
                async with ProbeSet(configuration.probes, configuration.targets, clock) as probes:
                    reader = LedgerReader(configuration.targets, probes.links, clock)
                    looking = asyncio.create_task(look_inside(probes, reader, writer.note, Hurried()))
                    sending = asyncio.create_task(writer.send())
                    async for one in read_link(reading_end, asyncio.Event()):
                        if isinstance(one, LedgerEntry):
                            wanted.discard((one.source, one.section))
                            chronicle.note(one)
                        elif isinstance(one, Inspected):
                            wanted.discard((one.series, Section.PLANS))
                            chronicle.note(one)
                        if not wanted:
                            break
                    for task in (looking, sending):
                        task.cancel()
                    await asyncio.gather(looking, sending, return_exceptions=True)
                writing_end.close()
                await chronicle.write()

            await look()
            before = clock.now()
            await administrator.execute("DROP INDEX valuations_by_day")
            await look()
            changes = await ledger.between("test", before, clock.now())
        await administrator.close()
        return [one.sentence for one in changes if one.section is not Section.STATISTICS]

    sentences = asyncio.run(run())
    assert "index valuations_by_day on valuations is gone" in sentences
    (plan,) = [one for one in sentences if one.startswith("plan of q.a: ")]
    assert "using valuations_by_day" in plan.partition("→")[0]
    assert "Seq Scan on valuations" in plan.partition("→")[2]
    assert len(sentences) == 2


class Hurried(SystemClock):
    """The machine's time, with waits of minutes that last a twentieth of a second."""

    async def sleep(self, seconds: float) -> None:
        """Wait, not long."""
        await super().sleep(min(seconds, 0.05))
