"""The guard against a real server: nobody waits for a lock because of a probe."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from baselines.measurement import Measurement, Outcome, Reason
from probes import ProbeSet
from probes.database import guard
from tests.probes.database.watched_database import ONE, as_role, connections, probe_database
from tests.probes.watched import look

# Holds its lock on the table for seconds, as a long report would; the goal for who waits is 100 ms.
LONG = {"query": "SELECT count(*), pg_sleep(4) FROM portfolios", "timeout": 10}
ALTER = "ALTER TABLE portfolios ADD COLUMN note text"


async def begun(administrator: Any) -> None:
    """Until our statement holds, or waits for, its lock on the table."""
    for _ in range(400):
        if await administrator.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.relation = $1::text::regclass AND a.application_name = 'portalwatch')",
            "portfolios",
        ):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("our statement never came near the table")


async def altered_beside(probes: ProbeSet, administrator: Any) -> tuple[Measurement, float]:
    """The long probe's measurement, and how long an ALTER TABLE on its table waited meanwhile."""
    probe = asyncio.create_task(look(probes, "long"))
    await begun(administrator)
    started = time.perf_counter()
    await administrator.execute(ALTER)
    waited = time.perf_counter() - started
    return await probe, waited


@asynccontextmanager
async def another(dsn: str) -> AsyncIterator[Any]:
    """One more ordinary connection."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


def test_a_long_probe_gives_way_to_whoever_waits(empty_database: str) -> None:
    """An ALTER TABLE does not wait for our statement to end; the run is skipped, and the connection is kept."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        assert (await look(probes)).outcome is Outcome.OK
        ours = await connections(administrator)
        measured, waited = await altered_beside(probes, administrator)
        assert (measured.outcome, measured.reason) == (Outcome.SKIPPED, Reason.GAVE_WAY)
        assert waited < 1
        assert (await look(probes)).outcome is Outcome.OK
        assert await connections(administrator) == ours

    probe_database(empty_database, {"long": LONG, "probe": ONE}, use)


def test_a_probe_that_waits_gives_way_as_well(empty_database: str) -> None:
    """Whoever queues behind our waiting statement does not wait until our lock time-out."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        async with another(empty_database) as reader, reader.transaction():
            await reader.execute("LOCK TABLE portfolios IN ACCESS EXCLUSIVE MODE")
            probe = asyncio.create_task(look(probes))
            await begun(administrator)
            with pytest.raises(asyncpg.LockNotAvailableError):
                await administrator.execute("SET lock_timeout = '500ms'; LOCK TABLE portfolios")
            measured = await probe
            assert (measured.outcome, measured.reason) == (Outcome.SKIPPED, Reason.GAVE_WAY)

    probe_database(empty_database, {"probe": ONE}, use, lock_timeout="1s")


def test_readers_do_not_make_a_probe_give_way(empty_database: str) -> None:
    """Who reads the same table does not wait for us, so the probe runs to its end."""
    entry = {"query": "SELECT count(*), pg_sleep(0.3) FROM portfolios"}

    async def use(probes: ProbeSet, administrator: Any) -> None:
        probe = asyncio.create_task(look(probes))
        await begun(administrator)
        await administrator.fetch("SELECT * FROM portfolios")
        assert (await probe).outcome is Outcome.OK

    probe_database(empty_database, {"probe": entry}, use)


async def guards(administrator: Any) -> set[int]:
    """The process ids of our connections to the maintenance database."""
    rows = await administrator.fetch(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'portalwatch' AND datname = 'postgres'"
    )
    return {row["pid"] for row in rows}


async def no_guard(administrator: Any) -> None:
    """Until there is none any more."""
    for _ in range(200):
        if not await guards(administrator):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the guard's connection was left open")


def test_the_guard_looks_from_another_database_and_only_at_long_statements(empty_database: str) -> None:
    """A quick probe costs no second connection, a long one none to its own database, and nothing stays at the end."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        assert (await look(probes)).outcome is Outcome.OK
        assert await guards(administrator) == set()
        probe = asyncio.create_task(look(probes, "long"))
        await asyncio.sleep(0.5)
        assert (len(await guards(administrator)), len(await connections(administrator))) == (1, 1)
        assert (await probe).outcome is Outcome.OK
        assert len(await guards(administrator)) == 1
        await probes.reconnect()
        await no_guard(administrator)

    probe_database(empty_database, {"probe": ONE, "long": {"query": "SELECT pg_sleep(1)"}}, use)


def test_an_idle_guard_leaves(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no statement has been long for a while, the guard's connection is closed; the next one opens it again."""
    monkeypatch.setattr(guard, "KEPT_SECONDS", 0.3)

    async def use(probes: ProbeSet, administrator: Any) -> None:
        for _ in range(2):
            assert (await look(probes)).outcome is Outcome.OK
            assert len(await guards(administrator)) == 1
            await no_guard(administrator)

    probe_database(empty_database, {"probe": {"query": "SELECT pg_sleep(0.2)"}}, use)


@pytest.mark.parametrize("how", ["nowhere", "without the right"])
def test_without_a_guard_probes_go_on_and_it_is_said_once(
    empty_database: str, postgres_server: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the guard can't connect a long probe runs to its end, and the log tells what to do, once."""
    unique = f"guard_{uuid.uuid4().hex}"

    async def use(probes: ProbeSet, _: Any) -> None:
        for _ in range(2):
            assert (await look(probes)).outcome is Outcome.OK
        (warning,) = [one.getMessage() for one in caplog.records if "unguarded" in one.getMessage()]
        assert f"`guard_database` {unique}" in warning
        assert "grant CONNECT" in warning

    async def administer(*statements: str) -> None:
        async with another(postgres_server) as connection:
            for statement in statements:
                await connection.execute(statement)

    entry = {"query": "SELECT pg_sleep(0.15)"}
    if how == "nowhere":
        probe_database(empty_database, {"probe": entry}, use, guard_database=unique)
        return
    asyncio.run(
        administer(
            f"CREATE ROLE {unique} LOGIN",
            f"CREATE DATABASE {unique}",
            f"REVOKE CONNECT ON DATABASE {unique} FROM PUBLIC",
        )
    )
    try:
        probe_database(as_role(empty_database, unique), {"probe": entry}, use, populate=False, guard_database=unique)
    finally:
        asyncio.run(administer(f"DROP DATABASE {unique}", f"DROP ROLE {unique}"))


def test_a_deadline_ends_the_guard_too(empty_database: str) -> None:
    """A run past its deadline leaves no watch behind, and the next statement is not its victim."""
    late = {"query": "SELECT count(*), pg_sleep(4) FROM portfolios", "timeout": "200ms"}

    async def use(probes: ProbeSet, administrator: Any) -> None:
        assert (await look(probes, "late")).reason is Reason.DEADLINE
        await administrator.execute(ALTER)
        assert [(await look(probes)).outcome for _ in range(20)] == [Outcome.OK] * 20
        assert len(await connections(administrator)) == 1

    probe_database(empty_database, {"late": late, "probe": ONE}, use)
