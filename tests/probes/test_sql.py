"""SQL probes against a real PostgreSQL: one connection, read-only, and every way to fail."""

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from baselines.measurement import Outcome, Reason
from baselines.series import Direction, Unit
from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes import ProbeSet
from tests.probes.database.watched_database import ONE, QUERY, as_role, connections, probe_database
from tests.probes.gate import gate
from tests.probes.watched import look, watched, with_probes


def test_a_query_is_timed_apart_from_its_connection(empty_database: str) -> None:
    """The first run has connecting and preparing as phases; the second finds both done."""

    async def use(probes: ProbeSet, _: Any) -> None:
        first, second = await look(probes), await look(probes)
        assert (first.outcome, list(first.phases)) == (Outcome.OK, ["connect", "prepare"])
        assert (second.outcome, list(second.phases)) == (Outcome.OK, [])
        assert second.value is not None
        assert second.value > 0

    probe_database(empty_database, {"probe": ONE}, use)


def test_all_probes_of_a_database_share_one_connection(empty_database: str) -> None:
    """Probes run at once wait for each other: one connection, and the wait is lateness, not the database's time."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        slow, quick = await asyncio.gather(look(probes, "slow"), look(probes, "quick"))
        assert len(await connections(administrator)) == 1
        assert (slow.outcome, quick.outcome) == (Outcome.OK, Outcome.OK)
        assert quick.lateness_seconds >= 0.3
        assert quick.value is not None
        assert quick.value < 0.3

    probe_database(empty_database, {"slow": {"query": "SELECT pg_sleep(0.3)"}, "quick": ONE}, use)


def test_the_connection_is_bounded_as_configured(empty_database: str) -> None:
    """Read-only and the three time-outs are set on the very session the probes use."""
    expected = [
        ["default_transaction_read_only", "on"],
        ["statement_timeout", "4000"],
        ["lock_timeout", "250"],
        ["idle_in_transaction_session_timeout", "6000"],
    ]
    query = "SELECT FROM pg_settings WHERE (name, setting) IN (VALUES ($1, $2))"
    entry = {"query": query, "minimum_rows": 1, "arguments": expected}

    async def use(probes: ProbeSet, _: Any) -> None:
        assert [(await look(probes)).outcome for _ in expected] == [Outcome.OK] * 4

    bounds: dict[str, Any] = {"statement_timeout": "4s", "lock_timeout": "250ms", "idle_in_transaction_timeout": 6}
    probe_database(empty_database, {"probe": entry}, use, **bounds)


def test_arguments_are_taken_in_turn_in_an_order_of_the_probe_s_own(empty_database: str) -> None:
    """Each round takes every list once, in an order that is the probe's at every start and not that of the file."""
    entry = {"query": "SELECT $1::int", "arguments": [[n] for n in range(8)], "measure": "value"}

    async def use(probes: ProbeSet, _: Any) -> list[float | None]:
        return [(await look(probes)).value for _ in range(16)]

    first = probe_database(empty_database, {"probe": entry}, use)
    assert first[:8] == first[8:]
    assert sorted(first[:8]) == list(range(8)) != first[:8]
    assert probe_database(empty_database, {"probe": entry}, use, populate=False) == first


@pytest.mark.parametrize(
    ("query", "outcome", "reason"),
    [
        ("SELEKT 1", Outcome.ERROR, Reason.SQL_ERROR),
        ("SELECT * FROM nowhere", Outcome.ERROR, Reason.SQL_ERROR),
        ("SELECT 1 / (SELECT count(*) - 5000 FROM portfolios)", Outcome.ERROR, Reason.SQL_ERROR),
        ("INSERT INTO portfolios VALUES (0, 'us') RETURNING id", Outcome.ERROR, Reason.PERMISSION),
        ("SELECT pg_sleep(10)", Outcome.TIMEOUT, Reason.STATEMENT_TIMEOUT),
    ],
)
def test_each_failure_has_its_reason(empty_database: str, query: str, outcome: Outcome, reason: Reason) -> None:
    """Whatever the server says becomes a reason, and the other probes go on over the one connection."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        measured = await look(probes)
        assert (measured.outcome, measured.reason) == (outcome, reason)
        assert (await look(probes, "good")).outcome is Outcome.OK
        assert len(await connections(administrator)) == 1

    probe_database(empty_database, {"probe": {"query": query}, "good": ONE}, use, statement_timeout="300ms")


@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
def test_an_administrator_ends_our_statement(empty_database: str, function: str) -> None:
    """Somebody who cancels our statement, or ends our connection, is the reason cancelled; the next run is as ever."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        assert (await look(probes)).outcome is Outcome.OK
        (ours,) = await connections(administrator)
        running = asyncio.create_task(look(probes, "long"))
        await asyncio.sleep(0.3)
        await administrator.fetch(f"SELECT {function}($1)", ours)
        measured = await running
        assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.CANCELLED)
        assert (await look(probes)).outcome is Outcome.OK
        assert len(await connections(administrator)) == 1

    probe_database(empty_database, {"long": {"query": "SELECT pg_sleep(3)"}, "probe": ONE}, use)


@pytest.mark.parametrize("arguments", [["one"], [1, 2], []])
def test_arguments_that_do_not_fit_are_an_sql_error(empty_database: str, arguments: list[Any]) -> None:
    """Arguments of the wrong type or number are the reason sql_error, and the connection stays usable."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        assert (await look(probes)).reason is Reason.SQL_ERROR
        assert (await look(probes, "good")).outcome is Outcome.OK
        assert len(await connections(administrator)) == 1

    probe_database(empty_database, {"probe": {"query": QUERY, "arguments": [arguments]}, "good": ONE}, use)


def test_a_role_without_the_right_is_permission(empty_database: str) -> None:
    """A table our role may not read is an error with the reason permission."""
    role = f"probe_{uuid.uuid4().hex}"

    async def use(_: ProbeSet, administrator: Any) -> None:
        await administrator.execute(f"CREATE ROLE {role} LOGIN")
        try:
            configuration = watched(
                {"database": {"kind": "postgresql", "url": as_role(empty_database, role)}},
                {"probe": {"kind": "sql", "target": "database", "category": "database_queries", **ONE}},
            )
            measured = await with_probes(configuration, look)
        finally:
            await administrator.execute(f"DROP ROLE {role}")
        assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.PERMISSION)

    probe_database(empty_database, {}, use)


def test_a_locked_table_costs_one_connection_and_half_a_second(empty_database: str) -> None:
    """While the table is locked each run ends as a lock time-out; we hold one connection and queue no longer."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        async with administrator.transaction():
            await administrator.execute("LOCK TABLE portfolios IN ACCESS EXCLUSIVE MODE")
            for _ in range(2):
                measured = await look(probes)
                assert (measured.outcome, measured.reason) == (Outcome.TIMEOUT, Reason.LOCK_TIMEOUT)
                assert measured.value is not None
                assert 0.2 <= measured.value < 5
                assert len(await connections(administrator)) == 1
        assert (await look(probes)).outcome is Outcome.OK

    probe_database(empty_database, {"probe": ONE}, use, lock_timeout="200ms")


def test_a_deadline_ends_the_statement_and_keeps_the_connection(empty_database: str) -> None:
    """Past the deadline the statement is cancelled on the server, and the next run uses the same connection."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        before = await look(probes)
        (ours,) = await connections(administrator)
        late = await look(probes, "late")
        after = await look(probes)
        assert (before.outcome, late.reason, after.outcome) == (Outcome.OK, Reason.DEADLINE, Outcome.OK)
        assert await connections(administrator) == [ours]

    late = {"query": "SELECT pg_sleep(4)", "timeout": "200ms"}
    probe_database(empty_database, {"probe": ONE, "late": late}, use)


def test_a_lost_connection_is_opened_again(empty_database: str) -> None:
    """A connection ended by the server between two runs costs nothing but a new connection."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        await look(probes)
        (ours,) = await connections(administrator)
        await administrator.fetch("SELECT pg_terminate_backend($1, 5000)", ours)
        measured = await look(probes)
        assert (measured.outcome, "connect" in measured.phases) == (Outcome.OK, True)
        assert len(await connections(administrator)) == 1

    probe_database(empty_database, {"probe": ONE}, use)


def test_a_server_that_is_gone_is_refused(empty_database: str) -> None:
    """Without a server runs are refused; the connection lost with it is noticed."""

    async def use(_: ProbeSet, administrator: Any) -> None:
        async with gate(empty_database) as door:
            configuration = watched(
                {"database": {"kind": "postgresql", "url": door.dsn}},
                {"probe": {"kind": "sql", "target": "database", "category": "database_queries", **ONE}},
            )

            async def through(probes: ProbeSet) -> None:
                assert (await look(probes)).outcome is Outcome.OK
                door.shut()
                await asyncio.sleep(0.05)
                measured = await look(probes)
                assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.REFUSED)

            await with_probes(configuration, through)
        assert await administrator.fetchval("SELECT 1") == 1

    probe_database(empty_database, {}, use)


def test_a_silent_server_is_given_up_and_found_again(empty_database: str) -> None:
    """A server that keeps silent times out each run, and is measured again as soon as it answers."""

    async def use(_: ProbeSet, __: Any) -> None:
        async with gate(empty_database) as door:
            configuration = watched(
                {"database": {"kind": "postgresql", "url": door.dsn, "connect_timeout": "200ms"}},
                {
                    "probe": {
                        "kind": "sql",
                        "target": "database",
                        "category": "database_queries",
                        "timeout": 2,
                        **ONE,
                    }
                },
            )

            async def through(probes: ProbeSet) -> None:
                assert (await look(probes)).outcome is Outcome.OK
                door.open.clear()
                assert (await look(probes)).reason is Reason.DEADLINE
                assert (await look(probes)).reason is Reason.CONNECT_TIMEOUT
                door.open.set()
                assert (await look(probes)).outcome is Outcome.OK

            await with_probes(configuration, through)

    probe_database(empty_database, {}, use)


def test_no_slot_left_is_too_many_connections(empty_database: str) -> None:
    """A database that takes no more connections is an error of that name."""

    async def use(_: ProbeSet, administrator: Any) -> None:
        role = f"probe_{uuid.uuid4().hex}"
        await administrator.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
        try:
            configuration = watched(
                {"database": {"kind": "postgresql", "url": as_role(empty_database, role)}},
                {"probe": {"kind": "sql", "target": "database", "category": "database_queries", **ONE}},
            )
            measured = await with_probes(configuration, look)
        finally:
            await administrator.execute(f"DROP ROLE {role}")
        assert measured.reason is Reason.TOO_MANY_CONNECTIONS

    probe_database(empty_database, {}, use)


def test_a_migrated_table_is_prepared_anew(empty_database: str) -> None:
    """A column added between two runs is no failure: the statement is prepared again."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        await look(probes)
        await administrator.execute("ALTER TABLE portfolios ADD COLUMN note text")
        measured = await look(probes)
        assert (measured.outcome, "prepare" in measured.phases) == (Outcome.OK, True)

    probe_database(empty_database, {"probe": ONE}, use)


def test_every_statement_says_whose_it_is(empty_database: str) -> None:
    """The statement the server sees starts with our marker."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        await look(probes)
        (ours,) = await connections(administrator)
        query = await administrator.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", ours)
        assert query == "/* portalwatch */ " + QUERY

    probe_database(empty_database, {"probe": ONE}, use)


def test_a_plan_tells_the_index_and_shows_its_loss(empty_database: str) -> None:
    """The shape names node, relation, index and condition, is the same twice, and changes when the index goes."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        before = await probes.plan("probe")
        assert before is not None
        assert before.nodes == ("Index Scan on portfolios using portfolios_pkey (Index Cond: (portfolios.id = ?))",)
        await look(probes)
        assert await probes.plan("probe") == before
        await administrator.execute("ALTER TABLE portfolios DROP CONSTRAINT portfolios_pkey")
        after = await probes.plan("probe")
        assert after is not None
        assert after.nodes == ("Seq Scan on portfolios (Filter: (portfolios.id = ?))",)

    probe_database(empty_database, {"probe": {**ONE, "arguments": [[1], [2]]}}, use)


def test_a_plan_that_can_not_be_had_is_none(empty_database: str) -> None:
    """A wrong statement has no plan; that raises nothing."""

    async def use(probes: ProbeSet, _: Any) -> None:
        assert await probes.plan("probe") is None

    probe_database(empty_database, {"probe": {"query": "SELECT * FROM nowhere"}}, use)


def test_reconnecting_drops_the_connection(empty_database: str) -> None:
    """After reconnect() nothing is open, and the next run connects anew."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        await look(probes)
        await probes.reconnect()
        for _ in range(100):
            if not await connections(administrator):
                break
            await asyncio.sleep(0.02)
        assert await connections(administrator) == []
        assert "connect" in (await look(probes)).phases

    probe_database(empty_database, {"probe": ONE}, use)


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@[::1", "postgresql://u:hunter2@localhost:99999/x"])
def test_a_url_that_makes_no_sense_is_told_without_its_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """A database URL the driver refuses becomes a measurement, and its password reaches no log."""
    caplog.set_level("DEBUG")
    configuration = watched(
        {"database": {"kind": "postgresql", "url": url}},
        {"probe": {"kind": "sql", "target": "database", "category": "database_queries", **ONE}},
    )
    measured = asyncio.run(with_probes(configuration, look))
    assert measured.outcome is Outcome.ERROR
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT 2.5::numeric", 2.5),
        ("SELECT count(*) FROM portfolios", 5000),
        ("SELECT 'much'", "expected a number, found str"),
        ("SELECT true", "found bool"),
        ("SELECT FROM generate_series(1, 1)", "found no column"),
        ("SELECT -1", "found -1"),
        ("SELECT 'NaN'::float", "found nan"),
        ("SELECT n FROM generate_series(1, 2) n", "expected one row, found 2"),
        ("SELECT 1 WHERE false", "expected one row, found 0"),
    ],
)
def test_a_value_is_the_number_of_the_only_row(empty_database: str, query: str, found: float | str) -> None:
    """The query's number is the series' value; no number, or not one row, is a failed assertion."""
    entry = {"query": query, "measure": "value", "unit": "bytes", "direction": "floor"}

    async def use(probes: ProbeSet, _: Any) -> None:
        (series,) = probes.series_of("probe")
        assert (series.unit, series.direction) == (Unit.BYTES, Direction.FLOOR)
        measured = await look(probes)
        if isinstance(found, str):
            assert measured.outcome is Outcome.FAILED_ASSERTION
            assert found in measured.detail
        else:
            assert measured.value == found

    probe_database(empty_database, {"probe": entry}, use)


def test_a_value_that_is_null_says_nothing(empty_database: str) -> None:
    """A share of nothing, as SQL has it, is skipped for too little, and neither good nor bad."""
    entry = {"query": "SELECT avg(1) FROM portfolios WHERE false", "measure": "value", "unit": "ratio"}

    async def use(probes: ProbeSet, _: Any) -> None:
        measured = await look(probes)
        assert (measured.outcome, measured.reason) == (Outcome.SKIPPED, Reason.TOO_LITTLE)

    probe_database(empty_database, {"probe": entry}, use)


@pytest.mark.parametrize(
    "wrong", [{"unit": "bytes"}, {"direction": "floor"}, {"measure": "value", "minimum_rows": 1}, {"measure": "rows"}]
)
def test_settings_that_do_not_fit_together_are_refused(wrong: dict[str, Any]) -> None:
    """A unit goes with a value, a number of rows with a time."""
    targets = {"database": {"kind": "postgresql", "url": "postgresql://localhost/x"}}
    entry = {"kind": "sql", "target": "database", "category": "database_queries", **ONE, **wrong}
    with pytest.raises(ValidationError):
        watched(targets, {"probe": entry})


def test_too_many_rows_are_a_failed_assertion(empty_database: str) -> None:
    """maximum_rows is kept as an assertion, which says what was found."""
    entry = {"query": "SELECT FROM portfolios", "maximum_rows": 10}

    async def use(probes: ProbeSet, _: Any) -> None:
        assert (await look(probes)).detail == "expected at most 10 rows, found 5000"

    probe_database(empty_database, {"probe": entry}, use)


def test_arguments_are_told_by_type_only(empty_database: str, caplog: pytest.LogCaptureFixture) -> None:
    """What a query looks for reaches neither the details of a run nor its failure, its plan or the log."""
    caplog.set_level("DEBUG")
    entries = {
        "probe": {"query": "SELECT * FROM portfolios WHERE owner = $1", "arguments": [["O'Hara \\"]]},
        "wrong": {"query": "SELECT $1::int", "arguments": [["O'Hara"]]},
        "unfit": {"query": "SELECT $1::text::int", "arguments": [["O'Hara"]]},
    }

    async def use(probes: ProbeSet, _: Any) -> None:
        for name in entries:
            observed = await probes.observe(name, datetime.now(UTC))
            assert observed.run is not None
            assert observed.run.details["arguments"] == "1 of 1: $1 str"
            assert "Hara" not in f"{observed} {await probes.inspect(name)} {caplog.text}"

    probe_database(empty_database, entries, use)


def test_a_look_inside_is_taken_from_the_very_statement(
    each_postgres: PostgresBinaries, reachable_directory: Path
) -> None:
    """Custom plans at first and a generic one later are told apart and look alike, with figures of an execution."""
    arguments = [[3, "it's", "a\\b", 0.5, True, None]]
    query = (
        "SELECT * FROM portfolios WHERE id = $1 AND owner <> $2 AND owner <> $3::varchar(9)"
        " AND $4::float8 < 1 AND $5 AND $6::date IS NULL"
    )

    async def use(probes: ProbeSet, _: Any) -> None:
        first = await probes.inspect("probe")
        for _ in range(8):
            assert (await look(probes)).outcome is Outcome.OK
        later = await probes.inspect("probe")
        assert first is not None
        assert later is not None
        assert (first.generic, later.generic) == (False, True)
        for one in (first, later):
            assert any("Index Scan on portfolios using portfolios_pkey" in node for node in one.plan.nodes)
            assert (one.rows, one.hit_ratio) == (1, 1.0)
            assert len(one.figures) == len(one.plan.nodes)
            assert one.figures[0].rows_met == 1
            assert one.server_seconds is not None
            assert 0 < one.server_seconds < 1
            assert one.analyzed_at["public.portfolios"] is not None

    directory = reachable_directory / f"plans-{each_postgres.major}"
    with EmbeddedServer.start(directory, binaries=each_postgres, durable=False) as server:
        entry = {"query": query, "arguments": arguments}
        probe_database(server.dsn("postgres"), {"probe": entry}, use)


def test_the_planner_s_settings_are_part_of_a_look_inside(empty_database: str) -> None:
    """A plan_cache_mode that somebody set for our role is told with the plan it explains."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        await administrator.execute("ALTER ROLE portalwatch SET plan_cache_mode = force_generic_plan")
        try:
            inspection = await probes.inspect("probe")
        finally:
            await administrator.execute("ALTER ROLE portalwatch RESET plan_cache_mode")
        assert inspection is not None
        assert inspection.settings["plan_cache_mode"] == "force_generic_plan"
        assert inspection.generic is True

    probe_database(empty_database, {"probe": ONE}, use)


def test_what_would_write_is_not_carried_out(empty_database: str) -> None:
    """A writing statement has a plan and no figures, and its table stays as it was."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        inspection = await probes.inspect("probe")
        assert inspection is not None
        assert "ModifyTable" in inspection.plan.nodes[0]
        assert inspection.server_seconds is None
        assert await administrator.fetchval("SELECT count(*) FROM portfolios") == 5000

    probe_database(empty_database, {"probe": {"query": "DELETE FROM portfolios"}}, use)


def test_a_statement_altered_meanwhile_still_has_a_plan(empty_database: str) -> None:
    """A table altered between a run and a look inside is no obstacle."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        await look(probes)
        await administrator.execute("ALTER TABLE portfolios ADD COLUMN note text")
        assert await probes.plan("probe") is not None

    probe_database(empty_database, {"probe": ONE}, use)
