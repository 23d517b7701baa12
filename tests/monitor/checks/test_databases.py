"""Index usage analysis and constraint validation of a real database, and the suite against a real baseline."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from baselines import Baseline
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.checks.performance import judge_by
from monitor.checks.run import run_check
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import load_configuration
from monitor.database import store_pool
from probes import series_of
from tests.baselines.made import baseline
from tests.monitor.checks.test_health import database, page, sql, validated
from tests.monitor.cli.commands import NOWHERE, configuration, sql_probes
from tests.monitor.cli.stored import save
from thresholds import CheckKind, CheckReport


def execute(dsn: str, *statements: str) -> None:
    """Each by itself, as CONCURRENTLY needs it."""

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        for one in statements:
            try:
                await connection.execute(one)
            except asyncpg.UniqueViolationError:
                assert "CONCURRENTLY" in one  # which leaves the index behind, invalid
        await connection.close()

    asyncio.run(run())


def lines(report: CheckReport, component: str) -> dict[str, str]:
    """Names with their status."""
    return {one.name: one.status for one in report.components[component]}


def test_indexes_that_cost_more_than_they_give_are_found(empty_database: str, tmp_path: Path) -> None:
    """Unused, duplicate and invalid ones, and a large table without an index for its queries."""
    execute(
        empty_database,
        "CREATE TABLE held (id int PRIMARY KEY, owner int, twin int)",
        "INSERT INTO held SELECT n, n, n / 2 FROM generate_series(1, 600000) AS n",
        "CREATE INDEX held_owner ON held (owner)",
        "CREATE INDEX held_again ON held (owner)",
        "CREATE INDEX held_descending ON held (owner DESC)",
        "CREATE UNIQUE INDEX CONCURRENTLY held_twin ON held (twin)",
        "DO $$ BEGIN FOR n IN 1..30 LOOP PERFORM count(*) FROM held WHERE twin = 0; END LOOP; END $$",
        "SELECT pg_stat_force_next_flush()",
    )
    report = validated(tmp_path, database(empty_database), {}, kind=CheckKind.INDEX_USAGE)
    assert lines(report, "invalid indexes") == {"db.public.held.held_twin": "FAIL"}
    assert lines(report, "duplicate indexes") == {"db.public.held.held_owner": "WARNING"}
    unused = {f"db.public.held.{name}": "WARNING" for name in ("held_owner", "held_again", "held_descending")}
    assert lines(report, "unused indexes") == unused
    assert lines(report, "sequential scans") == {"db.public.held": "WARNING"}
    assert report.status == "FAIL"


def test_a_sound_database_passes_both(empty_database: str, tmp_path: Path) -> None:
    """A key with an index, a foreign key, a check: nothing to say."""
    execute(
        empty_database,
        "CREATE TABLE parent (id int PRIMARY KEY CHECK (id > 0))",
        "CREATE TABLE child (parent int REFERENCES parent)",
    )
    for kind in (CheckKind.INDEX_USAGE, CheckKind.CONSTRAINTS):
        report = validated(tmp_path, database(empty_database), {}, kind=kind)
        assert {one.status for one in report.lines} == {"PASS"}, kind


def test_constraints_that_hold_nothing_are_found(empty_database: str, tmp_path: Path) -> None:
    """NOT VALID ones with the orphans they let stand; triggers that are off, of a foreign key and by themselves."""
    execute(
        empty_database,
        'CREATE TABLE "Parent" ("Id" int, part int, PRIMARY KEY ("Id", part))',
        "CREATE TABLE child (a int, b int, c int CHECK (c > 0))",
        "INSERT INTO child VALUES (1, 1, 1), (2, 1, 1), (NULL, 7, 1)",
        'INSERT INTO "Parent" VALUES (1, 1)',
        'ALTER TABLE child ADD CONSTRAINT child_parent FOREIGN KEY (a, b) REFERENCES "Parent" NOT VALID',
        "ALTER TABLE child ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
        'CREATE TABLE other (a int, b int, CONSTRAINT other_parent FOREIGN KEY (a, b) REFERENCES "Parent" NOT VALID)',
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER audit BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION nothing()",
        "ALTER TABLE child DISABLE TRIGGER audit",
        'CREATE TABLE off (a int, b int, CONSTRAINT off_parent FOREIGN KEY (a, b) REFERENCES "Parent")',
        "ALTER TABLE off DISABLE TRIGGER ALL",
    )
    report = validated(tmp_path, database(empty_database), {}, kind=CheckKind.CONSTRAINTS)
    unproved = lines(report, "not validated constraints")
    assert {"db.child.child_parent": "WARNING", "db.child.positive": "WARNING"}.items() <= unproved.items()
    (orphans,) = [one for one in report.components["orphans"] if one.status == "FAIL"]
    assert (orphans.name, orphans.value) == ("db.child.child_parent", 1.0)
    assert lines(report, "disabled triggers") == {"db.off.off_parent": "FAIL", "db.child.audit": "WARNING"}


def test_orphans_that_our_role_may_not_count_are_said_to_be_unknown(empty_database: str, tmp_path: Path) -> None:
    """A warning with the reason, and no PASS."""
    execute(
        empty_database,
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (parent int)",
        "ALTER TABLE child ADD CONSTRAINT c FOREIGN KEY (parent) REFERENCES parent NOT VALID",
        "DO $$ BEGIN CREATE ROLE onlooker LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    looking = empty_database.replace("portalwatch@", "onlooker@", 1)
    report = validated(tmp_path, database(looking), {}, kind=CheckKind.CONSTRAINTS)
    (orphans,) = report.components["orphans"]
    assert (orphans.status, "not counted" in orphans.detail) == ("WARNING", True)


@pytest.mark.parametrize("kind", [CheckKind.INDEX_USAGE, CheckKind.CONSTRAINTS])
def test_a_database_that_is_away_fails(kind: CheckKind, tmp_path: Path) -> None:
    """It is named; without any database there is a warning."""
    report = validated(tmp_path, database(NOWHERE), {}, kind=kind)
    assert (report.status, report.unreachable) == ("FAIL", ["db"])
    assert validated(tmp_path, {"web": {"kind": "http"}}, {}, kind=kind).status == "WARNING"


def test_the_suite_runs_every_probe_that_takes_a_time(empty_database: str, tmp_path: Path) -> None:
    """A median each, by category; one that fails says so, and levels of a host are none of it."""
    report = validated(
        tmp_path,
        {**database(empty_database), "web": {"kind": "http"}},
        {
            "query": sql(),
            "endpoint": page("/good"),
            "broken": page("/broken"),
            "host": {"kind": "host", "category": "system_resources"},
        },
        kind=CheckKind.PERFORMANCE,
    )
    assert lines(report, "api_endpoints") == {"endpoint": "PASS", "broken": "FAIL"}
    (query,) = report.components["database_queries"]
    assert (query.status, query.unit) == ("PASS", "seconds")
    assert "median" in query.detail
    assert "21 of 21 calls did not end well" in report.components["api_endpoints"][1].detail
    assert list(report.components) == ["database_queries", "api_endpoints"]
    nothing = validated(tmp_path, {"web": {"kind": "http"}}, {}, kind=CheckKind.PERFORMANCE)
    assert (nothing.status, "not looked at" in nothing.lines[0].detail) == ("WARNING", True)


@pytest.mark.parametrize(("earlier", "status"), [(0.002, "WARNING"), (60.0, "PASS")])
def test_the_suite_is_held_against_the_active_baseline(
    earlier: float, status: str, store: str, empty_database: str, tmp_path: Path
) -> None:
    """A query that took 2 ms and takes 50 now is degraded, by the house's own judging."""
    name = "database_queries.slow"
    save(store, _made(name, earlier))
    execute(store, "UPDATE baseline SET active = true")
    path = configuration(
        tmp_path,
        store,
        **sql_probes(empty_database, slow="SELECT pg_sleep(0.05)"),
        thresholds={name: {"warning": "30 s", "critical": "60 s"}},
    )

    async def run() -> CheckReport:
        configured, clock = load_configuration(path, {}), SystemClock()
        async with store_pool(store) as pool:
            figures = Figures.load(configured, series_of(configured.settings.probes))
            comparing = Comparing(figures=figures, store=PostgresBaselines(pool), ledger=PostgresLedger(pool))
            return await run_check(CheckKind.PERFORMANCE, configured, clock, judge=judge_by(comparing, "test", clock))

    (found,) = asyncio.run(run()).lines
    assert (found.status, "× the baseline" in found.detail) == (status, True)


def _made(name: str, seconds: float) -> Baseline:
    return baseline("before", [{name: [seconds * (1 + n % 5 / 100) for n in range(20)]} for _ in range(5)])
