"""The one connection through every trouble of a server: nothing hangs, nothing is left, and it recovers by itself."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from baselines.measurement import Outcome, Reason
from monitor.embedded import EmbeddedServer
from probes import ProbeFailed, ProbeSet
from probes.database import link
from probes.database.link import DatabaseLink
from probes.probe import ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch
from probes.targets import PostgresTarget
from tests.probes.database.watched_database import ONE, connections, probe_database
from tests.probes.gate import gate
from tests.probes.watched import SystemClock, look


def a_run() -> ProbeRun:
    """A run outside of any probe set."""
    clock = SystemClock()
    return ProbeRun(0, "", clock, Stopwatch(clock, LoopDelay(clock)))


def linked(dsn: str, **target: Any) -> DatabaseLink:
    """A link of its own to that database."""
    return DatabaseLink(PostgresTarget.model_validate({"kind": "postgresql", "url": dsn, **target}), SystemClock())


async def value(one: DatabaseLink, query: str) -> Any:
    """The one value the query returns."""
    return (await one.rows(query, (), a_run()))[0][0]


def test_a_server_that_stops_and_starts_is_found_again(reachable_directory: Path) -> None:
    """While it is down statements are refused; after a restart the same link works again."""
    directory = reachable_directory / "restarted"

    async def main(server: EmbeddedServer) -> None:
        one = linked(server.dsn("postgres"))
        assert await value(one, "SELECT 1") == 1
        server.stop()
        await asyncio.sleep(0.05)
        for _ in range(2):
            with pytest.raises(ProbeFailed) as failed:
                await value(one, "SELECT 1")
            assert failed.value.reason is Reason.REFUSED
        with EmbeddedServer.start(directory, durable=False):
            assert await value(one, "SELECT 1") == 1
            await one.close()

    with EmbeddedServer.start(directory, durable=False) as server:
        asyncio.run(main(server))


def test_a_server_out_of_connections_is_told_and_found_again(reachable_directory: Path) -> None:
    """A server whose places are all taken is `too_many_connections`, and is measured again when one is free."""
    directory = reachable_directory / "crowded"

    async def crowd(dsn: str) -> None:
        others = [await asyncpg.connect(dsn) for _ in range(8)]
        one = linked(dsn)
        with pytest.raises(ProbeFailed) as failed:
            await value(one, "SELECT 1")
        assert failed.value.reason is Reason.TOO_MANY_CONNECTIONS
        for other in others:
            await other.close()
        await asyncio.sleep(0.2)
        assert await value(one, "SELECT 1") == 1
        await one.close()

    async def shrink(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("ALTER SYSTEM SET max_connections = 8")
        await connection.execute("ALTER SYSTEM SET superuser_reserved_connections = 0")
        await connection.execute("ALTER SYSTEM SET max_wal_senders = 0")
        await connection.close()

    with EmbeddedServer.start(directory, durable=False) as server:
        asyncio.run(shrink(server.dsn("postgres")))
    with EmbeddedServer.start(directory, durable=False) as server:
        asyncio.run(crowd(server.dsn("postgres")))


def test_a_table_that_goes_and_comes_back(empty_database: str) -> None:
    """A table dropped between two runs is an SQL error of the runs in which it is missing, and of no other probe."""

    async def use(probes: ProbeSet, administrator: Any) -> None:
        assert (await look(probes)).outcome is Outcome.OK
        await administrator.execute("ALTER TABLE portfolios RENAME TO elsewhere")
        assert (await look(probes)).reason is Reason.SQL_ERROR
        assert (await look(probes, "other")).outcome is Outcome.OK
        await administrator.execute("ALTER TABLE elsewhere RENAME TO portfolios")
        assert len(await connections(administrator)) == 1

    probe_database(empty_database, {"probe": ONE, "other": {"query": "SELECT 1"}}, use)


def test_a_type_that_changed_is_read_anew(empty_database: str) -> None:
    """What the driver remembers of a table's row type is forgotten when the table changes."""

    async def main() -> None:
        administrator = await asyncpg.connect(empty_database)
        await administrator.execute("CREATE TABLE pairs (a int, b text); INSERT INTO pairs VALUES (1, 'x')")
        one = linked(empty_database)
        assert tuple(await value(one, "SELECT pairs FROM pairs")) == (1, "x")
        await administrator.execute("ALTER TABLE pairs ADD COLUMN c int; ALTER TABLE pairs DROP COLUMN b")
        assert tuple(await value(one, "SELECT pairs FROM pairs")) == (1, None)
        await one.close()
        await administrator.close()

    asyncio.run(main())


def test_a_cancelled_statement_ends_on_the_server(empty_database: str) -> None:
    """Who is cancelled leaves a connection that is used again, with nothing running on it."""

    async def main() -> None:
        one = linked(empty_database)
        before = await value(one, "SELECT pg_backend_pid()")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await value(one, "SELECT pg_sleep(4)")
        assert await value(one, "SELECT pg_backend_pid()") == before
        await one.close()

    asyncio.run(main())


def test_what_a_silent_connection_left_on_the_server_is_ended(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection given up because the server kept silent does not stay beside the new one."""
    monkeypatch.setattr(link, "GRACE_SECONDS", 0.2)

    async def main() -> None:
        administrator = await asyncpg.connect(empty_database)
        async with gate(empty_database) as door:
            one = linked(door.dsn, connect_timeout="200ms")
            before = await value(one, "SELECT pg_backend_pid()")
            door.open.clear()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await value(one, "SELECT 1")
            with pytest.raises(ProbeFailed) as failed:
                await value(one, "SELECT 1")
            assert failed.value.reason is Reason.CONNECT_TIMEOUT
            assert await connections(administrator) == [before]
            door.open.set()
            after = await value(one, "SELECT pg_backend_pid()")
            assert after != before
            assert await connections(administrator) == [after]
            await one.close()
        await administrator.close()

    asyncio.run(main())


def test_a_share_that_is_used_up_skips(empty_database: str) -> None:
    """Beyond its share of time a statement is not even sent."""

    async def main() -> None:
        one = linked(empty_database, share=0.001)
        await one.rows("SELECT pg_sleep(0.4)", (), a_run())
        run = a_run()
        with pytest.raises(ProbeFailed, match="`share` is") as failed:
            await one.rows("SELECT 1", (), run)
        assert (failed.value.reason, run.stopwatch.seconds) == (Reason.BUDGET, 0)
        await one.close()

    asyncio.run(main())


def test_a_connection_that_could_write_is_refused(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the setting was lost on the way, as poolers do, no statement is sent."""

    async def main() -> None:
        one = linked(empty_database)
        monkeypatch.setattr(link, "connect", lambda _: asyncpg.connect(empty_database))
        with pytest.raises(ProbeFailed, match="pooler") as failed:
            await value(one, "SELECT 1")
        assert failed.value.reason is Reason.PROTOCOL
        await one.close()

    asyncio.run(main())
