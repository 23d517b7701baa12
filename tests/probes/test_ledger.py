"""Facts that may explain a change, read from a real PostgreSQL of each version, and from this host."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import asyncpg
import pytest

from baselines.ledger import LedgerEntry, Section
from baselines.measurement import Outcome
from monitor.clock import SystemClock
from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes import ProbeSet
from probes.ledger import LedgerReader
from probes.ledger.database import SECTIONS
from tests.clocks import START
from tests.probes.database.watched_database import as_role, connections
from tests.probes.watched import look, watched

PORTAL = """
CREATE TABLE portfolios (id int PRIMARY KEY, owner text NOT NULL DEFAULT 'nobody') WITH (fillfactor = 90);
CREATE TABLE valuations (portfolio_id int REFERENCES portfolios, day date, amount numeric(12,2) CHECK (amount > 0));
CREATE INDEX valuations_by_day ON valuations (day);
CREATE FUNCTION total(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noted BEFORE INSERT ON valuations FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW owners AS SELECT owner FROM portfolios;
CREATE MATERIALIZED VIEW days AS SELECT day FROM valuations;
"""

Read = Callable[[], Awaitable[dict[Section, LedgerEntry]]]


def with_ledger(
    dsn: str, use: Callable[[Read, asyncpg.Connection, ProbeSet], Awaitable[None]], reader_dsn: str = ""
) -> None:
    """Does what `use` does with a reader of the database, an ordinary connection to it, and a probe beside."""

    async def main() -> None:
        administrator = await asyncpg.connect(dsn)
        configuration = watched(
            {"database": {"kind": "postgresql", "url": reader_dsn or dsn}},
            {"probe": {"kind": "sql", "target": "database", "category": "q", "query": "SELECT pg_sleep(0.2)"}},
        )
        try:
            async with ProbeSet(configuration.probes, configuration.targets, SystemClock()) as probes:
                reader = LedgerReader(configuration.targets, probes.links, SystemClock())

                async def read() -> dict[Section, LedgerEntry]:
                    return {one.section: one for one in await reader.read(START) if one.source == "database"}

                await use(read, administrator, probes)
        finally:
            await administrator.close()

    asyncio.run(main())


def test_every_section_is_read_from_every_version(each_postgres: PostgresBinaries, reachable_directory: Path) -> None:
    """The same facts from PostgreSQL 15, 16 and 18; the server's own objects are none of them."""
    directory = reachable_directory / f"ledger-{each_postgres.major}"

    async def use(read: Read, administrator: asyncpg.Connection, _: ProbeSet) -> None:
        await administrator.execute(PORTAL)
        await administrator.execute("ANALYZE valuations")
        await administrator.execute("CREATE ROLE portal; ALTER ROLE portal SET work_mem = '8MB'")
        entries = await read()
        facts = {section: dict(entry.facts) for section, entry in entries.items()}
        assert set(facts) == set(SECTIONS)
        assert facts[Section.SETTINGS]["setting work_mem"] == "4MB"
        assert facts[Section.SETTINGS]["setting work_mem of role portal"] == "8MB"
        assert facts[Section.SETTINGS]["setting server_version"].startswith(str(each_postgres.major))
        assert facts[Section.EXTENSIONS] == {"extension plpgsql": "1.0"}
        assert facts[Section.TABLES] == {
            "table portfolios": "id integer not null\nowner text not null default 'nobody'::text\nfillfactor=90",
            "table valuations": "portfolio_id integer\nday date\namount numeric(12,2)",
        }
        assert facts[Section.INDEXES] == {
            "index portfolios_pkey on portfolios": "unique btree (id)",
            "index valuations_by_day on valuations": "btree (day)",
        }
        assert facts[Section.CONSTRAINTS] == {
            "constraint portfolios_pkey on portfolios": "PRIMARY KEY (id)",
            "constraint valuations_amount_check on valuations": "CHECK ((amount > (0)::numeric))",
            "constraint valuations_portfolio_id_fkey on valuations": (
                "FOREIGN KEY (portfolio_id) REFERENCES portfolios(id)"
            ),
        }
        assert facts[Section.TRIGGERS] == {
            "trigger noted on valuations": "BEFORE INSERT ON public.valuations FOR EACH ROW EXECUTE FUNCTION note()"
        }
        assert set(facts[Section.FUNCTIONS]) == {"function total(integer)", "function note()"}
        assert set(facts[Section.VIEWS]) == {"view owners", "materialized view days"}
        assert set(facts[Section.STATISTICS]) == {"analyze of valuations"}

    with EmbeddedServer.start(directory, binaries=each_postgres, durable=False) as server:
        with_ledger(server.dsn("postgres"), use)


CHANGES: Mapping[str, tuple[Section, str]] = {
    "DROP INDEX valuations_by_day": (Section.INDEXES, "index valuations_by_day on valuations is gone"),
    "CREATE INDEX by_owner ON portfolios (owner)": (Section.INDEXES, "index by_owner on portfolios is new"),
    "ALTER DATABASE {database} SET work_mem = '64kB'": (
        Section.SETTINGS,
        "setting work_mem in database {database} is new",
    ),
    "ALTER TABLE valuations ADD note text": (Section.TABLES, "table valuations: note text is new"),
    "ALTER TABLE valuations ALTER amount TYPE numeric": (
        Section.TABLES,
        "table valuations: amount numeric(12,2) → amount numeric",
    ),
    "ALTER TABLE valuations DISABLE TRIGGER noted": (Section.TRIGGERS, "trigger noted on valuations is disabled"),
    "CREATE OR REPLACE FUNCTION total(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 2'": (
        Section.FUNCTIONS,
        "function total(integer) has changed",
    ),
    "ALTER TABLE valuations DROP CONSTRAINT valuations_amount_check": (
        Section.CONSTRAINTS,
        "constraint valuations_amount_check on valuations is gone",
    ),
    "CREATE OR REPLACE VIEW owners AS SELECT lower(owner) AS owner FROM portfolios": (
        Section.VIEWS,
        "view owners has changed",
    ),
    "REFRESH MATERIALIZED VIEW days WITH NO DATA": (Section.VIEWS, "materialized view days is not populated"),
}


def test_what_changes_is_read_again_and_nothing_else(empty_database: str) -> None:
    """An untouched database brings nothing; each change brings its section, and the section says just that."""

    async def use(read: Read, administrator: asyncpg.Connection, _: ProbeSet) -> None:
        await administrator.execute(PORTAL)
        database = await administrator.fetchval("SELECT current_database()")
        known = await read()
        assert await read() == {}
        for change, (section, expected) in CHANGES.items():
            await administrator.execute(change.format(database=database))
            entries = await read()
            sentences = [
                one.sentence
                for name, entry in entries.items()
                if name is not Section.STATISTICS
                for one in entry.changes_since(known[name].facts)
            ]
            assert expected.format(database=database) in sentences
            assert len(sentences) == 1, sentences
            assert section in entries
            known |= entries

    with_ledger(empty_database, use)


def test_an_index_that_a_failed_concurrent_build_left_is_found(empty_database: str) -> None:
    """Duplicates make CREATE UNIQUE INDEX CONCURRENTLY fail, and what stays behind is invalid until it is dropped."""

    async def use(read: Read, administrator: asyncpg.Connection, _: ProbeSet) -> None:
        await administrator.execute("CREATE TABLE clients (name text); INSERT INTO clients VALUES ('a'), ('a')")
        known = (await read())[Section.INDEXES]
        with pytest.raises(asyncpg.UniqueViolationError):
            await administrator.execute("CREATE UNIQUE INDEX CONCURRENTLY clients_by_name ON clients (name)")
        found = (await read())[Section.INDEXES]
        (change,) = found.changes_since(known.facts)
        assert change.sentence == "index clients_by_name on clients is invalid"
        await administrator.execute("DELETE FROM clients")
        await administrator.execute("REINDEX INDEX CONCURRENTLY clients_by_name")
        (change,) = (await read())[Section.INDEXES].changes_since(found.facts)
        assert change.sentence == "index clients_by_name on clients is no longer invalid"

    with_ledger(empty_database, use)


def test_an_extension_that_goes_is_told(empty_database: str) -> None:
    """By its name."""

    async def use(read: Read, administrator: asyncpg.Connection, _: ProbeSet) -> None:
        known = (await read())[Section.EXTENSIONS]
        await administrator.execute("DROP EXTENSION plpgsql")
        (change,) = (await read())[Section.EXTENSIONS].changes_since(known.facts)
        assert change.sentence == "extension plpgsql is gone"

    with_ledger(empty_database, use)


def test_secrets_are_never_read(empty_database: str) -> None:
    """Neither what a replica logs in with, nor commands, nor what an application keeps in settings of its own."""

    async def use(read: Read, administrator: asyncpg.Connection, _: ProbeSet) -> None:
        database = await administrator.fetchval("SELECT current_database()")
        await administrator.execute(f"ALTER DATABASE {database} SET portal.api_key = 'geheim'")
        settings = (await read())[Section.SETTINGS].facts
        names = " ".join(settings)
        assert "geheim" not in " ".join(settings.values())
        for name in ("primary_conninfo", "archive_command", "ssl_passphrase_command", "restore_command", "portal."):
            assert name not in names
        assert "setting shared_buffers" in settings

    with_ledger(empty_database, use)


def test_temporary_tables_are_no_change(empty_database: str) -> None:
    """What a connection makes for itself and leaves behind never makes the catalogue be read again."""

    async def use(read: Read, administrator: asyncpg.Connection, _: ProbeSet) -> None:
        await read()
        await administrator.execute("CREATE TEMPORARY TABLE scratch (id int PRIMARY KEY)")
        assert set(await read()) <= {Section.CONSTRAINTS}
        assert set(await read()) == set()

    with_ledger(empty_database, use)


def test_a_role_without_a_right_goes_without_that_section(
    empty_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without functions for once; all else is read, it is said once, and the probe beside never notices."""

    async def use(read: Read, administrator: asyncpg.Connection, probes: ProbeSet) -> None:
        await administrator.execute(
            "CREATE ROLE narrow LOGIN; REVOKE SELECT ON pg_proc FROM PUBLIC; ALTER ROLE narrow SET search_path = public"
        )
        try:
            assert set(await read()) == set(SECTIONS) - {Section.FUNCTIONS}
            assert await read() == {}
            assert (await look(probes)).outcome is Outcome.OK
        finally:
            await administrator.execute("GRANT SELECT ON pg_proc TO PUBLIC; DROP ROLE narrow")

    with caplog.at_level(logging.WARNING):
        with_ledger(empty_database, use, as_role(empty_database, "narrow"))
    assert [one.message for one in caplog.records if "goes without functions" in one.message] != []
    assert len(caplog.records) == 1


def test_reading_takes_its_turn_and_opens_no_second_connection(empty_database: str) -> None:
    """It waits for the probe that runs; a reading whose connection is killed has a gap, and the next one has none."""

    async def use(read: Read, administrator: asyncpg.Connection, probes: ProbeSet) -> None:
        assert (await look(probes)).outcome is Outcome.OK
        measured, entries = await asyncio.gather(look(probes), read())
        assert len(await connections(administrator)) == 1
        assert set(entries) == set(SECTIONS)
        assert measured.outcome is Outcome.OK
        await administrator.execute("CREATE TABLE later (id int)")
        for pid in await connections(administrator):
            await administrator.execute(f"SELECT pg_terminate_backend({pid})")
        assert Section.TABLES in {*await read(), *await read()}
        assert len(await connections(administrator)) == 1
        assert (await look(probes)).outcome is Outcome.OK

    with_ledger(empty_database, use)


def test_all_facts_come_again_after_a_while(empty_database: str) -> None:
    """What got lost on its way to the store is there after 15 readings at most."""

    async def use(read: Read, _: asyncpg.Connection, __: ProbeSet) -> None:
        counts = [len(await read()) for _ in range(16)]
        assert counts == [len(SECTIONS), *[0] * 14, len(SECTIONS)]

    with_ledger(empty_database, use)


def test_the_hosts_limits_are_read_once_while_they_stay() -> None:
    """Processors and memory at least, under the host's own name."""

    async def main() -> list[list[LedgerEntry]]:
        configuration = watched({}, {"host": {"kind": "host", "category": "system_resources"}})
        async with ProbeSet(configuration.probes, configuration.targets, SystemClock()) as probes:
            reader = LedgerReader(configuration.targets, probes.links, SystemClock())
            return [await reader.read(START) for _ in range(2)]

    (first,), second = asyncio.run(main())
    assert second == []
    assert first.source.startswith("host ")
    assert {"processors", "memory", "kernel"} <= set(first.facts)
