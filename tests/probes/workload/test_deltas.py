"""Bins of a real server's pg_stat_statements: what was carried out between two readings, and nothing else."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from baselines.workload import Usage, WorkloadBin, WorkloadGap
from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes import PostgresTarget
from probes.database.link import DatabaseLink
from probes.workload import deltas
from probes.workload.deltas import WorkloadDeltas, statement_key
from tests.clocks import START
from tests.probes.watched import SystemClock


@dataclass
class Portal:
    """A database with a portal's connection, and the deltas that a role which only watches reads of it."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    deltas: WorkloadDeltas
    readings: int = 0

    async def read(self) -> WorkloadBin | WorkloadGap | None:
        """The next reading, a minute after the one before."""
        self.readings += 1
        return await self.deltas.read(START + timedelta(minutes=self.readings))

    async def bin(self) -> dict[str, Usage]:
        """By text, the statements on the table of the next bin."""
        told = await self.read()
        assert isinstance(told, WorkloadBin)
        return {one.text: usage for one, usage in told.statements.items() if "sale" in one.text}


@asynccontextmanager
async def portal(dsn: str, watched_dsn: str) -> AsyncIterator[Portal]:
    """Both, on one database that is prepared already."""
    connection = await asyncpg.connect(dsn)
    clock = SystemClock()
    link = DatabaseLink(PostgresTarget(kind="postgresql", url=SecretStr(watched_dsn)), clock)
    try:
        yield Portal(connection, WorkloadDeltas("portal", link, clock))
    finally:
        await link.close()
        await connection.close()


@dataclass(frozen=True, slots=True)
class Sales:
    """DSNs of a database with a table: its owner's and that of the role which watches."""

    dsn: str
    watched_dsn: str

    async def prepare(self, role: str) -> None:
        """The table, the extension and the role."""
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(
            "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;"
            "CREATE TABLE sale (id bigint PRIMARY KEY, amount numeric);"
            "INSERT INTO sale SELECT i, i FROM generate_series(1, 200) AS i;"
            f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_stats"
        )
        await connection.close()


@pytest.fixture
def sales(empty_database: str, postgres_server: str) -> Iterator[Sales]:
    """On the server that all tests share."""
    role = f"watch_{uuid.uuid4().hex}"
    made = Sales(empty_database, empty_database.replace("portalwatch@", f"{role}@"))
    asyncio.run(made.prepare(role))
    yield made

    async def drop() -> None:
        connection = await asyncpg.connect(postgres_server)
        await connection.execute(f"DROP ROLE {role}")
        await connection.close()

    asyncio.run(drop())


def visit(sales: Sales, act: Callable[[Portal], Awaitable[None]]) -> None:
    """Run `act` on the portal of that database."""

    async def run() -> None:
        async with portal(sales.dsn, sales.watched_dsn) as opened:
            await act(opened)

    asyncio.run(run())


# The wheel with PostgreSQL 16 has no pg_stat_statements.
@pytest.mark.parametrize("each_postgres", [15, 18], indirect=True)
def test_a_bin_has_what_was_carried_out_since(each_postgres: PostgresBinaries, reachable_directory: Path) -> None:
    """Reads and writes with their calls and rows; what came before, ours, and utility statements are not in it."""

    async def act(one: Portal) -> None:
        for number in range(7):
            await one.connection.fetch("SELECT amount FROM sale WHERE id = $1", number)
        assert await one.read() is None
        for number in range(3):
            await one.connection.fetch("SELECT amount FROM sale WHERE id = $1", number + 1)
        await one.connection.execute("UPDATE sale SET amount = 5 WHERE id < 5")
        await one.connection.execute("CREATE ROLE seller PASSWORD 'sale-geheim'")
        found = await one.bin()
        assert {text: (usage.calls, usage.rows) for text, usage in found.items()} == {
            "SELECT amount FROM sale WHERE id = $1": (3, 3),
            "UPDATE sale SET amount = $1 WHERE id < $2": (1, 4),
        }
        assert all(usage.seconds > 0 for usage in found.values())
        assert await one.bin() == {}

    home = reachable_directory / f"deltas-{uuid.uuid4().hex}"
    with EmbeddedServer.start(home, binaries=each_postgres, durable=False) as running:
        made = Sales(running.dsn("postgres"), running.dsn("postgres", "watch"))
        asyncio.run(made.prepare("watch"))
        visit(made, act)


def test_texts_are_read_once(sales: Sales) -> None:
    """Of a statement that is known only its counters are asked for."""

    async def act(one: Portal) -> None:
        asked: list[str] = []
        rows = one.deltas._asking.rows

        async def listened(query: str, *arguments: object) -> object:
            asked.append(query)
            return await rows(query, *arguments)

        one.deltas._asking.rows = listened  # type: ignore[method-assign, assignment]
        await one.read()
        for _ in range(3):
            await one.connection.fetch("SELECT amount FROM sale WHERE id = 1")
            assert await one.bin()
        assert sum("min(query)" in query for query in asked) == 1

    visit(sales, act)


def test_a_reset_in_between_loses_no_more_than_it_must(sales: Sales) -> None:
    """What was counted since the reset is told, however much there was before; nothing is negative or made up."""

    async def act(one: Portal) -> None:
        for _ in range(2):
            await one.connection.fetch("SELECT amount FROM sale WHERE id = 1")
        await one.read()
        await one.connection.execute("SELECT pg_stat_statements_reset()")
        for _ in range(5):
            await one.connection.fetch("SELECT amount FROM sale WHERE id = 1")
        (usage,) = (await one.bin()).values()
        assert usage.calls == 5

    visit(sales, act)


def test_an_entry_that_was_evicted_begins_anew(sales: Sales) -> None:
    """As one statement's counters do that is forgotten by the server."""

    async def act(one: Portal) -> None:
        for _ in range(9):
            await one.connection.fetch("SELECT amount FROM sale WHERE id = 1")
        await one.read()
        await one.connection.execute(
            "SELECT pg_stat_statements_reset(userid, dbid, queryid) FROM pg_stat_statements "
            "WHERE query = 'SELECT amount FROM sale WHERE id = $1'"
        )
        for _ in range(4):
            await one.connection.fetch("SELECT amount FROM sale WHERE id = 1")
        assert [usage.calls for text, usage in (await one.bin()).items() if text.startswith("SELECT amount")] == [4]

    visit(sales, act)


def test_beyond_the_longest_statements_all_is_one(sales: Sales, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many statements there are, a bin stays small and its time whole."""
    monkeypatch.setattr(deltas, "MOST_STATEMENTS", 2)

    async def act(one: Portal) -> None:
        await one.read()
        for number in range(10):
            await one.connection.fetch(f"SELECT amount AS a{number} FROM sale")
        told = await one.read()
        assert isinstance(told, WorkloadBin)
        assert len(told.statements) <= 2
        assert sum(usage.calls for usage in told.statements.values()) + told.other.calls >= 10

    visit(sales, act)


def test_without_the_extension_what_to_do_is_said(empty_database: str, caplog: pytest.LogCaptureFixture) -> None:
    """In each reading for whoever compares, once in the log, and no more as soon as it is there."""

    async def run() -> None:
        async with portal(empty_database, empty_database) as one:
            for _ in range(2):
                gap = await one.read()
                assert isinstance(gap, WorkloadGap)
                assert "CREATE EXTENSION pg_stat_statements" in gap.reason
            await one.connection.execute("CREATE EXTENSION pg_stat_statements")
            assert await one.read() is None
            assert isinstance(await one.read(), WorkloadBin)

    asyncio.run(run())
    assert [record.message.count("not watched") for record in caplog.records] == [1]


def test_a_role_that_may_see_nothing_is_told_what_it_needs(sales: Sales) -> None:
    """Counters without ids are no workload."""
    role = sales.watched_dsn.partition("//")[2].partition("@")[0]

    async def act(one: Portal) -> None:
        await one.connection.execute(f"REVOKE pg_read_all_stats FROM {role}")
        await one.connection.fetch("SELECT amount FROM sale")
        gap = await one.read()
        assert isinstance(gap, WorkloadGap)
        assert "GRANT pg_read_all_stats" in gap.reason

    visit(sales, act)


def test_a_server_out_of_reach_is_said_without_the_password() -> None:
    """Nobody listens, and the URL stays with us."""

    async def run() -> None:
        clock = SystemClock()
        target = PostgresTarget(kind="postgresql", url=SecretStr("postgresql://nobody:geheim@127.0.0.1:1/none"))
        gap = await WorkloadDeltas("portal", DatabaseLink(target, clock), clock).read(START)
        assert isinstance(gap, WorkloadGap)
        assert gap.reason.startswith("the database: ")
        assert "geheim" not in gap.reason

    asyncio.run(run())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE id = $1", "select  a from t -- by id\n where id = 7"),
        ("SELECT a FROM t WHERE id IN ($1, $2)", "SELECT a FROM t WHERE id IN ($1 /*, ... */)"),
    ],
)
def test_one_statement_has_one_key(one: str, other: str) -> None:
    """However it is spelled, and whichever version of PostgreSQL wrote it down."""
    assert statement_key(one) == statement_key(other)
    assert statement_key(one) != statement_key("SELECT b FROM t WHERE id = $1")


def test_a_constant_that_the_server_left_in_a_text_is_masked() -> None:
    """It does where an entry was evicted between the parsing and the end of the statement."""
    statement = deltas._statement("UPDATE users SET mail = 'a@b.c' /* by carol */ WHERE id = 7")
    assert statement is not None
    assert statement.text == "UPDATE users SET mail = ? WHERE id = ?"
    assert statement.writes
    assert deltas._statement("ALTER ROLE r PASSWORD 'geheim'") is None
