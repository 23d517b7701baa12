"""SQL probes against a real PostgreSQL: one connection, read-only, and every way to fail."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from baselines.measurement import Outcome, Reason
from probes import ProbeSet
from tests.probes.gate import gate
from tests.probes.watched import look, watched, with_probes


def probe_database(
    dsn: str, probes: Mapping[str, Mapping[str, Any]], use: Callable[[ProbeSet, Any], Awaitable[Any]], **target: Any
) -> Any:
    """Does what `use` does with the probes and with an ordinary connection to the same database."""

    async def main() -> Any:
        administrator = await asyncpg.connect(dsn)
        try:
            await administrator.execute(
                "CREATE TABLE portfolios (id int PRIMARY KEY, owner text);"
                "INSERT INTO portfolios SELECT n, 'owner' FROM generate_series(1, 5000) n; ANALYZE portfolios"
            )
            configuration = watched(
                {"database": {"kind": "postgresql", "url": dsn, **target}},
                {
                    name: {"kind": "sql", "target": "database", "category": "database_queries", **entry}
                    for name, entry in probes.items()
                },
            )
            return await with_probes(configuration, lambda probe_set: use(probe_set, administrator))
        finally:
            await administrator.close()

    return asyncio.run(main())


async def connections(administrator: Any) -> list[int]:
    """The process ids of our connections to this database."""
    rows = await administrator.fetch(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'portalwatch' AND datname = current_database()"
    )
    return [row["pid"] for row in rows]


def as_role(dsn: str, role: str) -> str:
    """The same database, entered by that role."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))


QUERY = "SELECT * FROM portfolios WHERE id = $1"
ONE = {"query": QUERY, "arguments": [[1]]}


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

    bounds = {"statement_timeout": "4s", "lock_timeout": "250ms", "idle_in_transaction_timeout": 6}
    probe_database(empty_database, {"probe": entry}, use, **bounds)


def test_arguments_are_taken_in_turn(empty_database: str) -> None:
    """Each run takes the next arguments, and the first again after the last."""
    entry = {"query": "SELECT FROM portfolios WHERE id = $1", "arguments": [[1], [-1], [2]], "minimum_rows": 1}

    async def use(probes: ProbeSet, _: Any) -> None:
        reasons = [(await look(probes)).reason for _ in range(6)]
        assert reasons == [None, Reason.ASSERTION, None] * 2

    probe_database(empty_database, {"probe": entry}, use)


@pytest.mark.parametrize(
    ("query", "outcome", "reason"),
    [
        ("SELEKT 1", Outcome.ERROR, Reason.SQL_ERROR),
        ("SELECT * FROM nowhere", Outcome.ERROR, Reason.SQL_ERROR),
        ("SELECT 1 / (SELECT count(*) - 5000 FROM portfolios)", Outcome.ERROR, Reason.SQL_ERROR),
        ("INSERT INTO portfolios VALUES (0, 'us') RETURNING id", Outcome.ERROR, Reason.PERMISSION),
        ("SELECT pg_sleep(10)", Outcome.TIMEOUT, Reason.STATEMENT_TIMEOUT),
        ("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)", Outcome.ERROR, Reason.CANCELLED),
        ("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)", Outcome.ERROR, Reason.CANCELLED),
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
        assert before.nodes == ("Index Scan on portfolios using portfolios_pkey (Index Cond: (id = 1))",)
        await look(probes)
        assert await probes.plan("probe") == before
        await administrator.execute("ALTER TABLE portfolios DROP CONSTRAINT portfolios_pkey")
        after = await probes.plan("probe")
        assert after is not None
        assert after.nodes == ("Seq Scan on portfolios (Filter: (id = 1))",)

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
