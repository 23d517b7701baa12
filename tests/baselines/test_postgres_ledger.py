"""The change ledger in a real store: nothing written where nothing changed, and the state of any instant."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import asyncpg

from baselines import Inspected, Inspection, PlanShape, Series, SeriesRegistry
from baselines.ledger import LedgerEntry, Section
from baselines.postgres import PostgresMeasurements
from baselines.postgres_inspections import PostgresInspections
from baselines.postgres_ledger import PostgresLedger
from tests.clocks import START
from tests.monitor.cli.stored import in_store

HERE = "test"


def entry(minute: float, source: str = "db", section: Section = Section.INDEXES, **facts: str) -> LedgerEntry:
    """Facts as they were so many minutes after the start."""
    return LedgerEntry(source=source, section=section, at=START + timedelta(minutes=minute), facts=facts)


def with_ledger(store: str, use: Callable[[PostgresLedger, asyncpg.Pool], Awaitable[None]]) -> None:
    """Does what `use` does with the ledger of a store."""
    in_store(store, lambda pool: use(PostgresLedger(pool), pool))


async def sentences(ledger: PostgresLedger, start: float, end: float, environment: str = HERE) -> list[str]:
    """What changed between two minutes."""
    at = [START + timedelta(minutes=minute) for minute in (start, end)]
    return [one.sentence for one in await ledger.between(environment, *at)]


def test_what_changed_between_two_instants(store: str) -> None:
    """The difference of the two states, whatever happened between; the first reading of a section is no change."""

    async def use(ledger: PostgresLedger, _: asyncpg.Pool) -> None:
        assert await ledger.append(HERE, entry(0, a="btree (x)", b="btree (y)")) == []
        changes = await ledger.append(HERE, entry(1, a="btree (x)", c="invalid"))
        assert [one.sentence for one in changes] == ["b is gone", "c is invalid"]
        await ledger.append(HERE, entry(2, a="btree (x, z)", c="invalid"))
        await ledger.append(HERE, entry(3, a="btree (x)", c="invalid"))
        assert await sentences(ledger, 0, 3) == ["b is gone", "c is invalid"]
        assert await sentences(ledger, 1, 2) == ["a btree (x) → btree (x, z)"]
        assert await sentences(ledger, 3, 9) == []
        assert await sentences(ledger, -1, 9) == []
        assert await sentences(ledger, 0, 3, "elsewhere") == []

    with_ledger(store, use)


def test_the_state_of_an_instant(store: str) -> None:
    """As it was then, of all sources or of one section; nothing before anybody had looked."""

    async def use(ledger: PostgresLedger, _: asyncpg.Pool) -> None:
        await ledger.append(HERE, entry(0, a="1", b="2"))
        await ledger.append(HERE, entry(0, "host h", Section.HOST, processors="4"))
        await ledger.append(HERE, entry(2, b="3"))
        assert await ledger.state(HERE, START - timedelta(minutes=1)) == []
        assert await ledger.state(HERE, START + timedelta(minutes=1)) == [
            entry(0, a="1", b="2"),
            entry(0, "host h", Section.HOST, processors="4"),
        ]
        assert await ledger.state(HERE, START + timedelta(minutes=5), Section.INDEXES) == [entry(2, b="3")]

    with_ledger(store, use)


def test_an_unchanged_minute_writes_nothing(store: str) -> None:
    """Twenty minutes of the same 1,000 facts leave the rows of the first one."""

    async def use(ledger: PostgresLedger, pool: asyncpg.Pool) -> None:
        facts = {f"index i{number}": "btree (a)" for number in range(1000)}
        for minute in range(20):
            await ledger.append(HERE, replace(entry(minute), facts=facts))
        assert await pool.fetchval("SELECT count(*) FROM ledger_fact") == 1000
        assert await pool.fetchval("SELECT changed_at FROM ledger_section") == START

    with_ledger(store, use)


def test_what_was_read_earlier_never_overwrites(store: str) -> None:
    """An entry that comes late, or is read beside another writer, leaves what is known of a later instant."""

    async def use(ledger: PostgresLedger, _: asyncpg.Pool) -> None:
        await ledger.append(HERE, entry(0, a="1"))
        await ledger.append(HERE, entry(5, a="2"))
        assert await ledger.append(HERE, entry(4, a="1")) == []
        entries = [entry(minute, a=str(minute)) for minute in range(6, 12)]
        await asyncio.gather(*(ledger.append(HERE, one) for one in entries))
        (now,) = await ledger.state(HERE, START + timedelta(hours=1))
        assert now.facts == {"a": "11"}

    with_ledger(store, use)


def test_statistics_alone_are_forgotten_after_a_while(store: str) -> None:
    """Of those, what was replaced by then; the state of a baseline of any age stays in all else."""

    async def use(ledger: PostgresLedger, pool: asyncpg.Pool) -> None:
        for minute in range(4):
            await ledger.append(HERE, entry(minute, a=str(minute)))
            await ledger.append(HERE, entry(minute, section=Section.STATISTICS, t=str(minute)))
        await ledger.prune(START + timedelta(minutes=3))
        rows = await pool.fetch(
            "SELECT section, count(*) FROM ledger_fact JOIN ledger_section ON id = section_id GROUP BY 1"
        )
        assert {row["section"]: row["count"] for row in rows} == {"indexes": 4, "statistics": 2}
        assert await sentences(ledger, 2, 9) == ["a 2 → 3", "t: 3"]

    with_ledger(store, use)


def test_inspections_are_kept_with_their_figures_and_pruned(store: str) -> None:
    """One row each; a series nobody registered is left out."""

    async def use(_: PostgresLedger, pool: asyncpg.Pool) -> None:
        await PostgresMeasurements(pool).register(SeriesRegistry([Series("q.a")]))
        inspections = PostgresInspections(pool)
        inspection = Inspection(
            plan=PlanShape(("Seq Scan on t",)),
            generic=False,
            server_seconds=0.001,
            rows=7,
            hit_ratio=0.5,
            analyzed_at={"t": START, "u": None},
            settings={"jit": "off"},
        )
        for series in ("q.a", "q.unheard_of"):
            await inspections.append(Inspected(series=series, at=START, inspection=inspection))
        row = await pool.fetchrow(
            "SELECT *, analyzed_at->>'t' AS t, analyzed_at->'u' AS u, settings->>'jit' AS jit FROM inspection"
        )
        assert row is not None
        assert (row["generic"], row["server_seconds"], row["rows_returned"], row["hit_ratio"]) == (False, 0.001, 7, 0.5)
        assert (row["t"], row["u"], row["jit"]) == (START.isoformat(), "null", "off")
        await inspections.prune(START)
        assert await pool.fetchval("SELECT count(*) FROM inspection") == 1
        await inspections.prune(START + timedelta(seconds=1))
        assert await pool.fetchval("SELECT count(*) FROM inspection") == 0

    with_ledger(store, use)
