"""A look at a real server in trouble: it names who is at fault, shows no constant, and waits for no lock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from baselines.snapshot import Snapshot
from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes.database.link import DatabaseLink
from probes.database.snapshot import STATEMENT_CHARACTERS, database_snapshot
from probes.targets import PostgresTarget
from tests.clocks import START
from tests.probes.database.watched_database import as_role
from tests.probes.watched import SystemClock

# Catalogue tables that no open connection can be without for long.
CATALOGUE = "pg_class, pg_authid, pg_database, pg_proc, pg_attribute"


async def snapshot(link: DatabaseLink) -> Snapshot:
    """One now."""
    return await database_snapshot("portal", link, START, "a test", SystemClock())


def looking(dsn: str, use: Callable[[DatabaseLink, Any], Awaitable[Any]], **target: Any) -> Any:
    """What `use` returns, given a link to the database and an ordinary connection to it that made a table."""

    async def main() -> Any:
        link = DatabaseLink(PostgresTarget(kind="postgresql", url=dsn, **target), SystemClock())
        async with another(dsn) as administrator:
            await administrator.execute(
                "CREATE TABLE accounts AS SELECT n AS id, 'x' AS owner FROM generate_series(1, 9) n"
            )
            try:
                return await use(link, administrator)
            finally:
                await link.close()

    return asyncio.run(main())


@asynccontextmanager
async def another(dsn: str, application: str = "portal") -> AsyncIterator[Any]:
    """One more connection of an application."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": application})
    try:
        yield connection
    finally:
        await connection.close()


async def reached(administrator: Any, query: str, count: int) -> None:
    """Until the query counts so many."""
    for _ in range(4000):
        if await administrator.fetchval(query) >= count:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"never {count}: {query}")


async def waited_for(administrator: Any, sessions: int) -> None:
    """Until so many wait for a lock."""
    await reached(administrator, "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted", sessions)


@asynccontextmanager
async def pile_up(dsn: str, administrator: Any, *, waiting: int = 5) -> AsyncIterator[int]:
    """One transaction left open with a changed row, and so many that want the same row; the pid of the first."""
    async with AsyncExitStack() as stack:
        culprit = await stack.enter_async_context(another(dsn, "batch"))
        others = [await stack.enter_async_context(another(dsn)) for _ in range(waiting)]
        left_open = culprit.transaction()
        await left_open.start()
        await culprit.execute("UPDATE accounts SET owner = 'Jane Roe' WHERE id = 7")
        tasks = [asyncio.create_task(one.execute("UPDATE accounts SET owner = 'x' WHERE id = 7")) for one in others]
        await waited_for(administrator, waiting)
        try:
            yield culprit.get_server_pid()
        finally:
            await left_open.rollback()
            await asyncio.gather(*tasks)


def test_a_pile_up_names_who_is_at_fault(empty_database: str) -> None:
    """The transaction that was left open is the one root, with all five behind it, and its sentence says so."""

    async def use(link: DatabaseLink, administrator: Any) -> None:
        async with pile_up(empty_database, administrator) as culprit:
            taken = await snapshot(link)
        (blocker,) = taken.blockers
        assert (blocker.session.pid, blocker.behind, taken.waiting_for_locks) == (culprit, 5, 5)
        assert blocker.session.state == "idle in transaction"
        assert taken.sentence.startswith(f"pid {culprit} (batch, idle in transaction for ")
        assert taken.sentence.endswith(" s: UPDATE accounts SET owner = ? WHERE id = ?) blocks 5 sessions")
        waiting = [one for one in taken.sessions if one.blocked_by]
        assert {(one.state, (one.wait or "").partition(":")[0]) for one in waiting} == {("active", "Lock")}
        assert "Jane" not in taken.to_json()
        assert (taken.connections or 0) >= 7
        assert (taken.max_connections or 0) > (taken.connections or 0)
        assert not taken.gaps

    looking(empty_database, use)


def test_no_lock_of_a_table_is_waited_for(empty_database: str) -> None:
    """Neither of the portal's tables nor of the catalogue, be it locked against everybody."""

    async def use(link: DatabaseLink, _: Any) -> None:
        await snapshot(link)
        async with another(empty_database) as locking, locking.transaction():
            await locking.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
            await locking.execute(f"LOCK TABLE {CATALOGUE} IN ACCESS EXCLUSIVE MODE")
            taken = await snapshot(link)
        assert not taken.gaps  # where it had waited, lock_timeout would have ended it
        assert "LOCK TABLE" in taken.to_json()

    looking(empty_database, use)


def test_every_version_can_be_asked(each_postgres: PostgresBinaries, reachable_directory: Path) -> None:
    """What stands behind the views has the same columns in all of them."""

    async def use(link: DatabaseLink, administrator: Any) -> Snapshot:
        async with pile_up(server.dsn("postgres"), administrator, waiting=1):
            return await snapshot(link)

    directory = reachable_directory / f"snapshots-{each_postgres.major}"
    with EmbeddedServer.start(directory, binaries=each_postgres, durable=False) as server:
        taken = looking(server.dsn("postgres"), use)
    assert taken.sentence.endswith("blocks 1 session")


def test_what_a_role_may_not_see_is_said(empty_database: str) -> None:
    """Without pg_read_all_stats statements are hidden, but who blocks how many is still found."""

    async def use(_: DatabaseLink, administrator: Any) -> None:
        await administrator.execute("DO $$ BEGIN CREATE ROLE blind LOGIN; EXCEPTION WHEN OTHERS THEN NULL; END $$")
        target = PostgresTarget(kind="postgresql", url=as_role(empty_database, "blind"))
        link = DatabaseLink(target, SystemClock())
        try:
            async with pile_up(empty_database, administrator) as culprit:
                taken = await snapshot(link)
        finally:
            await link.close()
        (gap,) = taken.gaps
        assert "pg_read_all_stats" in gap
        assert [(one.session.pid, one.behind) for one in taken.blockers] == [(culprit, 5)]
        assert "accounts" not in taken.to_json()
        assert taken.sentence == f"pid {culprit} (batch) blocks 5 sessions"

    looking(empty_database, use)


def test_a_snapshot_is_bounded(empty_database: str) -> None:
    """Of a hundred sessions with long statements the most telling ones, each statement cut."""

    async def use(link: DatabaseLink, administrator: Any) -> None:
        long = "SELECT pg_sleep(60) AS " + ", 1 AS ".join(f"column_{number}_{'x' * 40}" for number in range(30))
        async with AsyncExitStack() as stack:
            crowd = [await stack.enter_async_context(another(empty_database)) for _ in range(62)]
            tasks = [asyncio.create_task(one.execute(long)) for one in crowd]
            active = "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND state = 'active'"
            await reached(administrator, active, 62)
            async with pile_up(empty_database, administrator, waiting=2) as culprit:
                taken = await snapshot(link)
            for one in crowd:
                one.terminate()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert len(taken.sessions) == 60
        assert taken.sessions[0].pid == culprit
        assert (taken.connections or 0) >= 65
        assert max(len(one.statement or "") for one in taken.sessions) == STATEMENT_CHARACTERS

    looking(empty_database, use)


def test_a_database_out_of_reach_is_a_gap() -> None:
    """The snapshot is there all the same, and says why it has no sessions, without the URL."""

    async def run() -> Snapshot:
        target = PostgresTarget(kind="postgresql", url="postgresql://u:secret@127.0.0.1:1/none")
        return await snapshot(DatabaseLink(target, SystemClock()))

    taken = asyncio.run(run())
    assert taken.connections is None
    assert taken.sentence.startswith("the database could not be read: ")
    assert "secret" not in taken.to_json()


def test_a_busy_connection_is_waited_for_but_not_for_long(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a probe has the only connection, the snapshot gives up and says so."""

    async def use(link: DatabaseLink, _: Any) -> Snapshot:
        async with link.turn():
            return await snapshot(link)

    monkeypatch.setattr("probes.database.snapshot._TURN_SECONDS", 0.2)
    taken = looking(empty_database, use)
    assert taken.gaps == ("the database could not be read: no answer within 0.2 s",)
