"""The migration, up and down, on a real server."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import asyncpg
import httpx
import pytest

from monitor.demo.deployment import PHASES, carry_out, migrate, roll_back
from monitor.demo.faults import Fault
from monitor.demo.portal.database import statements
from tests.monitor.demo.deployed_portal import ask, migrate_quietly, roll_back_quietly, rows, value
from tests.probes.deployment.watching import facts_of

# Everything a schema consists of, one line each, without what only tells when it was made.
SCHEMA = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
       || ' ' || coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'invalid index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid
UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'view ' || matviewname || ' ' || definition FROM pg_matviews WHERE schemaname = 'public'
ORDER BY 1
"""
OLD_TABLES = (
    "users",
    "profiles",
    "available_providers",
    "client_groups",
    "product_owners",
    "client_group_product_owners",
    "portfolios",
    "client_products",
    "product_owner_products",
    "portfolio_funds",
    "portfolio_valuations",
    "holding_activity_log",
)


def contents(dsn: str) -> dict[str, object]:
    """A digest of every row that was there before the migration, by table."""
    digest = "SELECT md5(string_agg((to_jsonb(t) - 'ownership_details')::text, '|' ORDER BY t.id)) FROM {} AS t"
    return {table: value(dsn, digest.format(table)) for table in OLD_TABLES}


def test_a_rollback_leaves_no_trace(portal_database: str) -> None:
    """Migrated and taken back, the portal has the schema and the rows it had; migrated again, what it had then."""
    before, rows_before = rows(portal_database, SCHEMA), contents(portal_database)
    migrate_quietly(portal_database)
    after, rows_after = rows(portal_database, SCHEMA), contents(portal_database)
    roll_back_quietly(portal_database)

    assert after != before
    assert rows(portal_database, SCHEMA) == before
    assert rows_after == rows_before == contents(portal_database)
    migrate_quietly(portal_database)
    assert rows(portal_database, SCHEMA) == after


def test_each_phase_can_be_taken_back_by_itself(portal_database: str) -> None:
    """Taking a phase back leaves the schema as it was when that phase began."""
    begun: dict[int, list[tuple[object, ...]]] = {}
    taken_back: dict[int, list[tuple[object, ...]]] = {}

    def keep_schema(phase: int, text: str) -> None:
        # In a thread, because the migration's event loop runs in this one.
        schema = thread.submit(rows, portal_database, SCHEMA).result()
        if text.endswith("migration started"):
            begun[phase] = schema
        elif "rollback completed" in text:
            taken_back[phase] = schema

    with ThreadPoolExecutor(1) as thread:
        asyncio.run(migrate(portal_database, faults=frozenset(), progress=keep_schema))
        asyncio.run(roll_back(portal_database, progress=keep_schema))

    assert set(taken_back) == set(PHASES)
    assert taken_back == begun


def test_shares_add_up_to_a_hundred(portal_database: str) -> None:
    """Every product's percentages add up to exactly 100.00, the last of three has 33.34, types are known ones."""
    migrate_quietly(portal_database)
    sums = (
        "SELECT sum(o.value::numeric) FROM client_products AS p, jsonb_each_text(p.ownership_details -> 'owners') AS o"
    )

    assert rows(portal_database, f"SELECT DISTINCT s.sum FROM ({sums} GROUP BY p.id) AS s") == [(Decimal("100.00"),)]
    shares = "SELECT o.value FROM client_products AS p, jsonb_each_text(p.ownership_details -> 'owners') AS o"
    assert rows(portal_database, f"{shares} WHERE p.id = 5 ORDER BY o.key::bigint") == [
        ("33.33",),
        ("33.33",),
        ("33.34",),
    ]
    types = "SELECT DISTINCT ownership_details ->> 'type' FROM client_products ORDER BY 1"
    assert rows(portal_database, types) == [("individual",), ("joint_ownership",), ("tenants_in_common",)]


def test_every_owner_of_the_old_table_is_in_the_document(portal_database: str) -> None:
    """The old ownership table stays, and says of each product's owners what the document says."""
    migrate_quietly(portal_database)
    documents = (
        "SELECT p.id, o.key::bigint FROM client_products AS p, jsonb_each_text(p.ownership_details -> 'owners') AS o"
        " ORDER BY 1, 2"
    )

    old = rows(portal_database, "SELECT product_id, product_owner_id FROM product_owner_products ORDER BY 1, 2")
    assert rows(portal_database, documents) == old


@pytest.mark.parametrize(
    ("owners", "is_valid"),
    [
        ('{"1": 100.00}', True),
        ('{"1": 33.33, "2": 33.33, "3": 33.34}', True),
        ('{"1": 33.33, "2": 33.33, "3": 33.33}', True),
        ('{"1": 33.33, "2": 33.33, "3": 33.32}', False),
        ('{"1": 120, "2": -20}', False),
        ("{}", False),
    ],
)
def test_percentages_are_held_to_a_hundredth(portal_database: str, owners: str, is_valid: bool) -> None:
    """The database takes shares that add up to 100 % within 0.01 % and refuses all others."""
    migrate_quietly(portal_database)
    change = (
        f'UPDATE client_products SET ownership_details = \'{{"type": "tenants_in_common", "owners": {owners}}}\''
        " WHERE id = 2"
    )

    if is_valid:
        ask(portal_database, lambda connection: connection.execute(change))
    else:
        with pytest.raises(asyncpg.CheckViolationError):
            ask(portal_database, lambda connection: connection.execute(change))


def test_a_share_that_the_old_release_hands_over_reaches_the_document(portal_database: str) -> None:
    """The old table goes on being written: the new owner has the old one's percentage, and the change is audited."""
    migrate_quietly(portal_database)
    document = "SELECT ownership_details -> 'owners' ->> {} FROM client_products WHERE id = 3"
    owner = value(portal_database, "SELECT product_owner_id FROM product_owner_products WHERE product_id = 3")
    assert value(portal_database, document.format(f"'{owner}'")) == "100.00"
    ask(
        portal_database,
        lambda connection: connection.execute(
            "UPDATE product_owner_products SET product_owner_id = 2 WHERE product_id = 3"
        ),
    )

    assert value(portal_database, document.format("'2'")) == "100.00"
    assert value(portal_database, document.format(f"'{owner}'")) is None
    assert rows(portal_database, "SELECT table_name, row_id FROM ownership_audit_log") == [("client_products", 3)]


def test_a_change_of_owners_is_audited(portal_database: str) -> None:
    """A changed document leaves one audit row with what was and what is; an unchanged one leaves none."""
    migrate_quietly(portal_database)
    change = (
        """UPDATE client_products SET ownership_details = '{"type": "individual", "owners": {"9": 100}}' WHERE id = 2"""
    )
    for _ in range(2):
        ask(portal_database, lambda connection: connection.execute(change))

    audit = "SELECT table_name, row_id, after #>> '{owners,9}', before <> after FROM ownership_audit_log"
    assert rows(portal_database, audit) == [("client_products", 2, "100", True)]


def test_the_migration_has_what_the_health_score_asks_for(portal_database: str) -> None:
    """At least 28 new indexes, GIN and partial ones among them, 20 constraints, functions, trigger and views."""
    migrate_quietly(portal_database)
    new_indexes = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'idx\\_%'"
    checks = "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    objects = """
        SELECT (SELECT count(*) FROM pg_proc WHERE proname IN
                ('validate_ownership_percentages', 'audit_ownership_change', 'count_jsonb_keys')),
               (SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_ownership_changes'),
               (SELECT count(*) FROM pg_matviews WHERE matviewname IN
                ('client_complete_summary', 'client_ownership_summary')),
               (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace)
    """

    assert value(portal_database, new_indexes) == 32
    assert value(portal_database, f"{new_indexes} AND indexdef LIKE '%USING gin%'") == 4
    assert value(portal_database, f"{new_indexes} AND indexdef LIKE '% WHERE %'") == 7
    assert value(portal_database, checks) == 22
    assert rows(portal_database, objects) == [(3, 1, 2, 30)]


def test_no_phase_leaves_the_planner_guessing(portal_database: str) -> None:
    """Whoever waits at the gate behind a phase need not wait for autovacuum to come round."""
    stale = {}
    for phase in PHASES:
        asyncio.run(carry_out(portal_database, phase, "migration", lambda *_: None))
        stale[phase] = facts_of(portal_database).stale_tables
    assert stale == dict.fromkeys(PHASES, ())


def test_a_portal_passes_the_checklist_before_its_deployment(portal_database: str) -> None:
    """The portal has the 20 foreign keys and at least 40 indexes that the deployment checklist asks for."""
    keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"

    assert value(portal_database, keys) == 20
    assert value(portal_database, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'") == 41


def test_the_migration_keeps_its_books(portal_database: str) -> None:
    """Each phase is logged with its seconds and rows, compared with the first, told to the caller, and current."""
    told: list[tuple[int, str]] = []
    asyncio.run(migrate(portal_database, faults=frozenset(), progress=lambda phase, text: told.append((phase, text))))

    log = rows(portal_database, "SELECT phase, status, execution_seconds > 0 FROM migration_log ORDER BY id")
    assert log == [(f"phase_{phase}", "completed", True) for phase in PHASES]
    assert value(portal_database, "SELECT rows_affected FROM migration_log WHERE phase = 'phase_3'") == 520 + 5331
    assert value(portal_database, "SELECT count(*) FROM migration_benchmarks WHERE phase = 'phase_6'") == 3
    control = rows(portal_database, "SELECT setting, value FROM migration_control ORDER BY 1")
    assert control == [("current_phase", "phase_6"), ("performance_tolerance_percent", "25")]
    assert [phase for phase, _ in told] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]


def test_a_failing_phase_leaves_nothing_half_done(portal_database: str) -> None:
    """Phase 2 meets a table of its name: it is logged as failed with the reason, and nothing of it stays."""
    ask(portal_database, lambda connection: connection.execute("CREATE TABLE networth_statements ()"))

    with pytest.raises(asyncpg.DuplicateTableError):
        migrate_quietly(portal_database)
    log = rows(portal_database, "SELECT phase, status, error_message FROM migration_log ORDER BY id")
    assert log == [
        ("phase_1", "completed", None),
        ("phase_2", "failed", 'relation "networth_statements" already exists'),
    ]
    assert value(portal_database, "SELECT to_regclass('client_information_items')") is None


def test_the_first_phase_refuses_data_it_would_lose(portal_database: str) -> None:
    """A product without an owner stops the migration before anything is changed."""
    before = rows(portal_database, SCHEMA)
    ask(
        portal_database,
        lambda connection: connection.execute("DELETE FROM product_owner_products WHERE product_id = 1"),
    )

    with pytest.raises(asyncpg.RaiseError, match="products without an owner"):
        migrate_quietly(portal_database)
    assert rows(portal_database, SCHEMA) == before


def test_a_lost_index_comes_back_with_the_rollback(portal_database: str) -> None:
    """Phase 4 with the fault ends without the valuations' index; taking phase 4 back restores it."""
    index = "SELECT to_regclass('portfolio_valuations_by_date')::text"
    migrate_quietly(portal_database, Fault.MISSING_INDEX)
    assert value(portal_database, index) is None

    roll_back_quietly(portal_database, down_to=4)
    assert value(portal_database, index) == "portfolio_valuations_by_date"


def test_the_portal_answers_throughout(portal: httpx.Client, portal_database: str) -> None:
    """While the migration runs and is taken back, three times, no caller of the old endpoints is refused."""
    paths = ("/dashboard", "/api/client_groups", "/api/client_groups/3/products", "/api/analytics/portfolio_summary")
    over = threading.Event()

    def keep_asking(path: str) -> set[int]:
        statuses = {portal.get(path).status_code}
        while not over.is_set():
            statuses.add(portal.get(path).status_code)
        return statuses

    with ThreadPoolExecutor(len(paths)) as threads:
        asked = [threads.submit(keep_asking, path) for path in paths]
        try:
            for _ in range(3):
                migrate_quietly(portal_database)
                roll_back_quietly(portal_database)
        finally:
            over.set()

    assert [one.result() for one in asked] == [{200}] * len(paths)


def test_statements_end_outside_of_quotes() -> None:
    """A function's body stays in one piece, comments are left out, and no statement is empty."""
    found = list(statements("migration/phase_5"))

    assert all(statement.startswith(("LOCK", "CREATE", "ALTER", "UPDATE")) for statement in found)
    assert sum("LANGUAGE plpgsql" in statement and statement.endswith("$$;") for statement in found) == 2
