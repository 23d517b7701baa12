"""A vanished index, held against a real database: told apart, rebuilt from the ledger, proved, or why not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import pytest

from baselines import PlanShape
from baselines.ledger import Change, LedgerEntry, Section
from monitor.clock import SystemClock
from probes import ProbeSet
from probes.database.hypothetical import GoneIndex, IndexProof, Unproved, prove
from probes.database.link import DatabaseLink
from probes.ledger import LedgerReader
from probes.targets import PostgresTarget
from tests.clocks import START
from tests.probes.database.watched_database import connections
from tests.probes.watched import look, watched

VALUATIONS = """
CREATE TABLE valuations (id int, at date);
INSERT INTO valuations SELECT n, date '2020-01-01' + n / 10 FROM generate_series(1, 20000) n;
CREATE INDEX valuations_at ON valuations (at);
ANALYZE valuations
"""
QUERY = "SELECT max(id) FROM valuations WHERE at = $1::text::date"
ARGUMENTS = ("2021-05-05",)

Facts = Callable[[], Awaitable[LedgerEntry]]
T = TypeVar("T")


def with_database(dsn: str, use: Callable[[ProbeSet, asyncpg.Connection, Facts], Awaitable[T]]) -> T:
    """What `use` returns, given a probe of the database, an ordinary connection, and the ledger's indexes of now."""

    async def main() -> T:
        administrator = await asyncpg.connect(dsn)
        entry = {"kind": "sql", "target": "db", "category": "q", "query": QUERY, "arguments": [ARGUMENTS]}
        configuration = watched({"db": {"kind": "postgresql", "url": dsn}}, {"probe": entry})
        try:
            async with ProbeSet(configuration.probes, configuration.targets, SystemClock()) as probes:

                async def indexes() -> LedgerEntry:
                    # A reader of its own each time: an unchanged section is not read twice.
                    read = await LedgerReader(configuration.targets, probes.links, SystemClock()).read(START)
                    return next(one for one in read if one.section is Section.INDEXES)

                return await use(probes, administrator, indexes)
        finally:
            await administrator.close()

    return asyncio.run(main())


async def prove_after_drop(probes: ProbeSet, administrator: asyncpg.Connection, indexes: Facts) -> Any:
    """The proof for the index that the probe went by."""
    await administrator.execute(VALUATIONS)
    old = await probes.plan("probe")
    assert old is not None
    before = await indexes()
    await administrator.execute("DROP INDEX valuations_at")
    (change,) = (await indexes()).changes_since(before.facts)
    index = GoneIndex.of(change)
    assert index is not None
    for _ in range(7):  # by now the server may have taken to a generic plan
        assert (await look(probes)).reason is None
    return await prove(probes.links.to("db", DatabaseLink), QUERY, ARGUMENTS, index, old, SystemClock())


def change_of(item: str, before: str | None, after: str | None, section: Section = Section.INDEXES) -> Change:
    """A change as the ledger tells it."""
    return Change(source="db", section=section, item=item, before=before, after=after, at=START)


@pytest.mark.parametrize(
    ("item", "before", "name", "statement"),
    [
        ("index by_date on valuations", "btree (at)", "by_date", "CREATE INDEX ON valuations USING btree (at)"),
        ("index a.b on a.c", "unique btree (x)", "b", "CREATE UNIQUE INDEX ON a.c USING btree (x)"),
        ('index "By "" on" on "My t"', "btree (x)", 'By " on', 'CREATE INDEX ON "My t" USING btree (x)'),
    ],
)
def test_an_index_that_is_gone_has_a_statement_that_brings_it_back(
    item: str, before: str, name: str, statement: str
) -> None:
    """Its name is that of a plan: without schema and quotes. One that is invalid now serves as little."""
    for after in (None, "invalid"):
        assert GoneIndex.of(change_of(item, before, after)) == GoneIndex(name, statement)


@pytest.mark.parametrize(
    "change",
    [
        change_of("index a on t", None, "btree (x)"),
        change_of("index a on t", "btree (x)", "btree (y)"),
        change_of("index a on t", "invalid", None),
        change_of("index a on t", None, "invalid"),
        change_of("setting a", "1", None, Section.SETTINGS),
    ],
)
def test_nothing_else_is_an_index_that_is_gone(change: Change) -> None:
    """What came, changed, or never worked."""
    assert GoneIndex.of(change) is None


def test_what_the_ledger_keeps_of_an_index_makes_the_same_index_again(empty_database: str) -> None:
    """Every kind of definition, in a schema and under names that need quotes."""
    setup = """
    CREATE SCHEMA app; CREATE TABLE app."My table" (a int, "b c" text, d date);
    CREATE INDEX plain ON app."My table" (a DESC NULLS LAST, d) INCLUDE ("b c") WITH (fillfactor = 70);
    CREATE UNIQUE INDEX "On it" ON app."My table" (a) WHERE d > '2020-01-01';
    CREATE INDEX ON app."My table" (lower("b c") text_pattern_ops); CREATE INDEX ON app."My table" USING brin (d)
    """

    async def use(_: ProbeSet, administrator: asyncpg.Connection, indexes: Facts) -> None:
        await administrator.execute(setup)
        before = await indexes()
        assert len(before.facts) == 4
        for item in before.facts:
            await administrator.execute(f"DROP INDEX {item.removeprefix('index ').partition(' on app.')[0]}")
        after = await indexes()
        for change in after.changes_since(before.facts):
            index = GoneIndex.of(change)
            assert index is not None
            await administrator.execute(index.statement)
        assert sorted((await indexes()).facts.values()) == sorted(before.facts.values())

    with_database(empty_database, use)


def test_without_hypopg_there_is_a_reason_and_no_proof(empty_database: str) -> None:
    """What to do is said, and the probe goes on over the one connection."""

    async def use(probes: ProbeSet, administrator: asyncpg.Connection, indexes: Facts) -> None:
        proof = await prove_after_drop(probes, administrator, indexes)
        assert proof == Unproved("hypopg is not installed in this database (CREATE EXTENSION hypopg)")
        assert (await look(probes)).reason is None
        assert len(await connections(administrator)) == 1

    with_database(empty_database, use)


def test_a_database_that_can_t_be_reached_is_a_reason() -> None:
    """Why is told as a probe tells it."""
    target = PostgresTarget.model_validate({"kind": "postgresql", "url": "postgresql://127.0.0.1:1/none"})
    link = DatabaseLink(target, SystemClock())
    index, old = GoneIndex("a", "CREATE INDEX ON t USING btree (a)"), PlanShape(())
    proof = asyncio.run(prove(link, QUERY, ARGUMENTS, index, old, SystemClock()))
    assert isinstance(proof, Unproved)
    assert "127.0.0.1" in proof.reason


def test_with_the_index_back_the_old_plan_returns(hypopg_database: str) -> None:
    """The costs without and with it are told; nothing is left of it, neither for the probe nor in the catalogue."""

    async def use(probes: ProbeSet, administrator: asyncpg.Connection, indexes: Facts) -> None:
        proof = await prove_after_drop(probes, administrator, indexes)
        assert isinstance(proof, IndexProof)
        assert proof.index == "valuations_at"
        assert proof.old_plan_returns
        assert proof.cost_with < proof.cost_without / 10
        assert proof.sentence.startswith("with valuations_at back the old plan returns: cost ")
        plan = await probes.plan("probe")
        assert plan is not None
        assert "Seq Scan on valuations" in plan.nodes[-1]
        assert (await look(probes)).reason is None
        assert (await indexes()).facts == {}

    with_database(hypopg_database, use)
