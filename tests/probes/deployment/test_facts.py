"""What is read of the demo portal's database, before and after its migration, whole and broken, and by whom."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from monitor.demo.faults import Fault
from monitor.demo.portal.database import statements
from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes.database.connection import connect
from probes.deployment.facts import DatabaseFacts, read_facts
from probes.errors import ProbeFailed
from tests.monitor.demo.deployed_portal import ask, migrate_quietly, roll_back_quietly
from tests.probes.database.test_snapshot import reached
from tests.probes.database.watched_database import as_role
from tests.probes.deployment.watching import facts_of, target, watching

NEW_TABLES = ("client_information_items", "client_actions", "networth_statements")
OWNERSHIP = "SELECT count(*) FROM client_products AS p WHERE to_jsonb(p) ->> 'ownership_details' IS NOT NULL"
ASKED: dict[str, Any] = {
    "tables": ("client_groups", *NEW_TABLES),
    "functions": ("validate_ownership_percentages", "jsonb_object_agg"),
    "triggers": ("audit_ownership_changes",),
    "questions": {
        "active_client_groups": "SELECT count(*) FROM client_groups WHERE status = 'active'",
        "migrated_ownership": OWNERSHIP,
    },
}


def execute(dsn: str, *statements: str) -> None:
    async def one_by_one(connection: asyncpg.Connection) -> None:
        for one in statements:
            await connection.execute(one)

    ask(dsn, one_by_one)


def test_the_portal_before_its_migration(portal_database: str) -> None:
    """The old tables and keys are there, nothing of the new ones, and no log means that nothing failed."""
    facts = facts_of(portal_database, **ASKED)
    assert facts.troubles == {}
    assert facts.tables == frozenset({"client_groups"})
    assert facts.functions == frozenset({"jsonb_object_agg"})
    assert facts.triggers == frozenset()
    assert (facts.foreign_keys, facts.constraints) == (20, 0)
    assert (facts.indexes, facts.performance_indexes, facts.invalid_indexes) == (41, 0, ())
    assert facts.stale_tables == ()
    assert (facts.has_log, facts.failed_operations, facts.constraint_errors) == (False, 0, 0)
    assert facts.answers == {"active_client_groups": 120, "migrated_ownership": 0}
    assert (facts.size_bytes or 0) > 1_000_000


def test_the_portal_after_its_migration(migrated: str) -> None:
    """Everything that the customer's score asks for is found."""
    facts = facts_of(migrated, **ASKED)
    assert facts.troubles == {}
    assert facts.tables == frozenset(ASKED["tables"])
    assert facts.functions == frozenset(ASKED["functions"])
    assert facts.triggers == frozenset({"audit_ownership_changes"})
    assert (facts.foreign_keys, facts.constraints, facts.performance_indexes) == (30, 22, 32)
    assert (facts.invalid_indexes, facts.stale_tables) == ((), ())
    assert (facts.has_log, facts.failed_operations, facts.constraint_errors) == (True, 0, 0)
    assert facts.answers["migrated_ownership"] == 520


def test_the_watching_role_reads_the_same(portal_database: str, probe_role: str) -> None:
    """With what the shipped script grants, nothing stays out of sight, also of the tables that come with the
    migration."""
    migrate_quietly(portal_database)
    ours, superuser = facts_of(probe_role, **ASKED), facts_of(portal_database, **ASKED)
    assert ours.troubles == {}
    for name, value, _ in superuser.entries():
        if name != "size_bytes":
            assert {name: value} == {name: next(one for key, one, _ in ours.entries() if key == name)}


def test_every_version_can_be_asked(each_postgres: PostgresBinaries, reachable_directory: Any) -> None:
    """What is read stands in the catalogue of all of them."""
    directory = reachable_directory / f"facts-{each_postgres.major}"
    with EmbeddedServer.start(directory, binaries=each_postgres, durable=False) as server:
        dsn = server.dsn("postgres")
        execute(dsn, "CREATE TABLE kept (id int PRIMARY KEY CHECK (id > 0), up int NOT NULL REFERENCES kept)")
        facts = facts_of(dsn, tables=["kept", "public.kept", "other.kept"])
    assert facts.troubles == {}
    assert facts.tables == frozenset({"kept", "public.kept"})
    assert (facts.foreign_keys, facts.constraints, facts.indexes) == (1, 1, 1)


def test_an_index_that_no_query_uses_is_none(portal_database: str) -> None:
    """A concurrent build that failed is told by name, and does not count."""
    migrate_quietly(portal_database, Fault.INVALID_INDEX)
    broken = facts_of(portal_database)
    assert broken.invalid_indexes == ("portfolio_valuations_by_date",)
    execute(portal_database, "CREATE INDEX one_more ON users (full_name)")
    assert facts_of(portal_database).indexes == (broken.indexes or 0) + 1
    ask(portal_database, switch_off)
    assert facts_of(portal_database).indexes == (broken.indexes or 0) + 2


async def switch_off(connection: asyncpg.Connection) -> None:
    """The fault's end, as the demo ends it."""
    for one in statements("faults/off/invalid-index"):
        await connection.execute(one)


def test_statistics_that_are_gone_or_old_make_a_table_stale(portal_database: str) -> None:
    """A column whose statistics were thrown away, and a table that has changed since nobody analyzed it."""
    migrate_quietly(portal_database, Fault.MISSING_ANALYZE)
    assert facts_of(portal_database).stale_tables == ("portfolio_valuations",)
    execute(portal_database, "CREATE TABLE imported AS SELECT generate_series(1, 5000) AS id")
    assert facts_of(portal_database).stale_tables == ("imported", "portfolio_valuations")
    execute(portal_database, "ANALYZE imported", "ANALYZE portfolio_valuations")
    assert facts_of(portal_database).stale_tables == ()


def test_an_index_that_is_being_built_is_not_broken(portal_database: str) -> None:
    """While a concurrent build waits for a transaction that is open, its index is not told as an invalid one."""

    async def main() -> tuple[DatabaseFacts, int]:
        ours = await connect(target(portal_database))
        holding, building = await asyncpg.connect(portal_database), await asyncpg.connect(portal_database)
        try:
            transaction = holding.transaction()
            await transaction.start()
            await holding.execute("UPDATE users SET full_name = full_name WHERE id = 1")
            build = asyncio.create_task(building.execute("CREATE INDEX CONCURRENTLY slow ON users (full_name)"))
            unfinished = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
            await reached(ours, unfinished, 1)
            facts, count = await read_facts(ours), await ours.fetchval(unfinished)
            await transaction.rollback()
            await build
            return facts, count
        finally:
            for one in (ours, holding, building):
                await one.close()

    facts, count = asyncio.run(main())
    assert (facts.invalid_indexes, count) == ((), 1)


def test_a_disabled_trigger_and_a_dropped_function_are_missing(migrated: str) -> None:
    """Things that do nothing are not there."""
    execute(
        migrated,
        "ALTER TABLE client_products DISABLE TRIGGER audit_ownership_changes",
        "DROP FUNCTION validate_ownership_percentages CASCADE",
    )
    facts = facts_of(migrated, **ASKED)
    assert facts.triggers == frozenset()
    assert facts.functions == frozenset({"jsonb_object_agg"})
    assert facts.constraints == 20


def test_failures_are_counted_since_an_instant(migrated: str) -> None:
    """Failed operations of the log, those that a constraint refused apart, and none from before."""
    row = (
        "INSERT INTO migration_log (phase, operation, status, error_message, started_at, finished_at)"
        " VALUES ('phase_5', 'constraints', 'failed', '{}', now() - interval '{} h', now() - interval '{} h')"
    )
    execute(
        migrated,
        row.format('new row for relation "client_actions" violates check constraint "chk_actions_status"', 2, 1),
        row.format('check constraint "chk_groups_type" of relation "client_groups" is violated by some row', 2, 1),
        row.format("deadlock detected", 2, 1),
        row.format("deadlock detected", 30, 29),
    )
    now = datetime.now(UTC)
    lately = facts_of(migrated, since=now - timedelta(hours=3))
    ever = facts_of(migrated)
    assert (lately.failed_operations, lately.constraint_errors) == (3, 2)
    assert (ever.failed_operations, ever.constraint_errors) == (4, 2)


def test_a_rollback_of_all_phases_leaves_no_log(migrated: str) -> None:
    """The log goes with phase 1, and nothing is known to have failed."""
    roll_back_quietly(migrated)
    facts = facts_of(migrated, **ASKED)
    assert (facts.has_log, facts.failed_operations) == (False, 0)
    assert facts.answers["migrated_ownership"] == 0


def test_sessions_are_those_of_others_with_a_transaction_open(portal_database: str) -> None:
    """Idle in a transaction is active, idle is connected, ours are neither, be it the store's or the probe's."""

    async def main() -> DatabaseFacts:
        names: Sequence[str] = ("portal", "batch", "portalwatch", "portalwatch-store")
        others = [await asyncpg.connect(portal_database, server_settings={"application_name": name}) for name in names]
        for one in others[1:]:
            await one.execute("BEGIN; SELECT count(*) FROM users")
        ours = await connect(target(portal_database))
        try:
            return await read_facts(ours)
        finally:
            for one in (ours, *others):
                await one.close()

    facts = asyncio.run(main())
    assert (facts.connections, facts.active_connections) == (2, 1)


@pytest.fixture
def stranger(portal_database: str) -> Any:
    """The portal's database as a role without any right; gone after the test."""
    name = f"stranger_{urlsplit(portal_database).path[-12:]}"
    execute(portal_database, f"CREATE ROLE {name} LOGIN")
    yield as_role(portal_database, name)
    execute(portal_database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_what_a_role_may_not_read_is_none_with_a_reason(portal_database: str, stranger: str) -> None:
    """The catalogue is open to everybody, tables and sessions of others are not; nothing is made up."""
    migrate_quietly(portal_database)

    async def main() -> DatabaseFacts:
        other = await asyncpg.connect(portal_database)
        ours = await connect(target(stranger))
        try:
            return await read_facts(ours, **ASKED)
        finally:
            await ours.close()
            await other.close()

    facts = asyncio.run(main())
    assert (facts.foreign_keys, facts.tables) == (30, frozenset(ASKED["tables"]))
    assert (facts.active_connections, facts.connections) == (None, None)
    assert "pg_read_all_stats" in facts.troubles["active_connections"]
    assert (facts.failed_operations, facts.has_log) == (None, None)
    assert facts.troubles["failed_operations"] == "permission denied for table migration_log"
    assert facts.answers == {"active_client_groups": None, "migrated_ownership": None}
    assert facts.troubles["migrated_ownership"] == "permission denied for table client_products"


@pytest.mark.parametrize(
    ("sql", "trouble"),
    [
        ("SELECT count(*) FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT id FROM users", "more than one row"),
        ("SELECT id FROM users WHERE false", "no row, must be one"),
        ("SELECT 1, 2", "2 columns, must be one"),
        ("SELECT 'NaN'::float8", "no finite number"),
        ("SELECT pg_terminate_backend(1)", "a question may not use the function pg_terminate_backend"),
        ("WITH gone AS (DELETE FROM users RETURNING 1) SELECT count(*) FROM gone", "WITH clause containing"),
        ("SELECT full_name::int FROM users LIMIT 1", "invalid input syntax for type integer"),
    ],
)
def test_a_question_that_has_no_answer(portal_database: str, sql: str, trouble: str) -> None:
    """Its trouble says why and quotes no row; the others are answered."""
    facts = facts_of(portal_database, questions={"odd": sql, "sound": "SELECT 7 -- of course"})
    assert facts.answers == {"odd": None, "sound": 7}
    assert facts.troubles["odd"].startswith(trouble)
    assert "Adviser" not in facts.troubles["odd"]


def test_a_lost_connection_is_a_failure(portal_database: str) -> None:
    """It is no fact that could not be read: nothing can be."""

    async def main() -> None:
        ours = await connect(target(portal_database))
        administrator = await asyncpg.connect(portal_database)
        await administrator.fetchval("SELECT pg_terminate_backend($1, 5000)", ours.get_server_pid())
        await administrator.close()
        await read_facts(ours)

    with pytest.raises(ProbeFailed, match="connection"):
        asyncio.run(main())


def test_entries_carry_what_is_known_and_why_not(portal_database: str) -> None:
    """Each name once, figures as floats, and the reason beside what is None."""
    facts = facts_of(portal_database, tables=["users"], questions={"odd": "SELECT 1, 2"})
    entries = {name: (value, why) for name, value, why in facts.entries()}
    assert entries["foreign_keys"] == (20.0, "")
    assert entries["tables"] == (frozenset({"users"}), "")
    assert entries["odd"] == (None, "2 columns, must be one")
    assert watching(portal_database, read_facts).answers == {}
