"""pg_stat_statements of a real server, read as the role that watches and as one that should not."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest
from pydantic import SecretStr

from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes import PostgresTarget
from probes.database.connection import Connection
from probes.workload.database import connected, read_workload
from probes.workload.draft import QueryDraft, draft_query
from probes.workload.errors import WorkloadError
from probes.workload.sql_text import normal_form

Answer = TypeVar("Answer")
TABLE = """
CREATE TABLE sale (id bigint PRIMARY KEY, buyer text, state text, day date, amount numeric);
INSERT INTO sale SELECT i, 'buyer ' || i, 'paid', date '2024-01-01' + i, i FROM generate_series(1, 200) AS i;
ANALYZE sale;
"""


@dataclass(frozen=True, slots=True)
class Sales:
    """A database with one table: its DSN as its owner, a superuser, and as a role that only watches."""

    dsn: str
    watched_dsn: str


def prepared(dsn: str, role: str, as_role: Callable[[str], str]) -> Sales:
    """The table, a role of that name that sees the statements of others, and nothing counted yet."""
    execute(
        dsn,
        "CREATE EXTENSION pg_stat_statements",
        TABLE,
        f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_stats, pg_read_all_data",
        "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()",
    )
    return Sales(dsn, as_role(role))


@pytest.fixture
def sales(empty_database: str, postgres_server: str) -> Iterator[Sales]:
    """On the server that all tests share."""
    role = f"watch_{uuid.uuid4().hex}"
    yield prepared(empty_database, role, lambda name: empty_database.replace("portalwatch@", f"{name}@"))
    execute(postgres_server, f"DROP ROLE {role}")


@pytest.fixture
def each_sales(each_postgres: PostgresBinaries, reachable_directory: Path) -> Iterator[Sales]:
    """On a server of that version."""
    home = reachable_directory / f"workload-{uuid.uuid4().hex}"
    with EmbeddedServer.start(home, binaries=each_postgres, durable=False) as running:
        yield prepared(running.dsn("postgres"), "watch", lambda name: running.dsn("postgres", name))


def execute(dsn: str, *statements: str) -> None:
    async def over_a_connection() -> None:
        connection = await asyncpg.connect(dsn)
        for one in statements:
            await connection.execute(one)
        await connection.close()

    asyncio.run(over_a_connection())


def fetch(dsn: str, query: str, *arguments: object) -> None:
    async def over_a_connection() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.fetch(query, *arguments)
        await connection.close()

    asyncio.run(over_a_connection())


def ask(dsn: str, question: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    async def over_a_connection() -> Answer:
        async with connected(PostgresTarget(kind="postgresql", url=SecretStr(dsn))) as connection:
            return await question(connection)

    return asyncio.run(over_a_connection())


def the_draft(sales: Sales) -> QueryDraft:
    """What becomes of the one statement on the table; it can be carried out with each of its arguments."""

    async def draft(connection: Connection) -> QueryDraft:
        workload = await read_workload(connection)
        (statement,) = [one for one in workload.statements if "FROM sale" in one.text]
        found = await draft_query(connection, statement)
        for arguments in found.arguments:
            await connection.fetch(found.query, *arguments)
        return found

    return ask(sales.watched_dsn, draft)


# The wheel with PostgreSQL 16 has no pg_stat_statements.
@pytest.mark.parametrize("each_postgres", [15, 18], indirect=True)
def test_the_workload_is_the_portals_reads_and_writes(each_sales: Sales) -> None:
    """Ours and utility statements are left out, ours counted by themselves; a draft has the id of its statement."""
    fetch(each_sales.dsn, "SELECT state FROM sale WHERE id = $1 AND state = 'paid'", 1)
    execute(each_sales.dsn, "UPDATE sale SET amount = 5 WHERE id = 1", "VACUUM sale")
    fetch(each_sales.watched_dsn, "SELECT state FROM sale WHERE id = $1 AND state = 'paid'", 2)

    workload = ask(each_sales.watched_dsn, read_workload)
    assert {one.text: one.calls for one in workload.statements if "sale" in one.text} == {
        "SELECT state FROM sale WHERE id = $1 AND state = $2": 1,
        "UPDATE sale SET amount = $1 WHERE id = $2": 1,
    }
    assert workload.own_seconds is not None
    assert workload.own_seconds > 0
    assert the_draft(each_sales).is_exact


def test_other_databases_are_none_of_it(sales: Sales, postgres_server: str) -> None:
    """One server counts the statements of all its databases."""
    fetch(postgres_server, "SELECT 'elsewhere', count(*) FROM generate_series(1, 1000) AS elsewhere")
    assert not any("elsewhere" in one.text for one in ask(sales.watched_dsn, read_workload).statements)


def test_a_role_shared_with_the_portal_cannot_be_told_apart(sales: Sales) -> None:
    """For a superuser all statements are the portal's, and no own part is made up."""
    fetch(sales.dsn, "SELECT state FROM sale WHERE id = $1", 1)
    workload = ask(sales.dsn, read_workload)
    assert workload.own_seconds is None
    assert any("FROM sale" in one.text for one in workload.statements)


def test_what_a_role_may_not_see_is_said(sales: Sales) -> None:
    """Texts out of sight do not pass for a database at rest."""
    role = sales.watched_dsn.partition("//")[2].partition("@")[0]
    execute(sales.dsn, f"REVOKE pg_read_all_stats FROM {role}", "SELECT count(*) FROM sale")
    with pytest.raises(WorkloadError, match="GRANT pg_read_all_stats"):
        ask(sales.watched_dsn, read_workload)


def test_a_database_without_the_extension_says_what_to_do(empty_database: str) -> None:
    """It is installed by a superuser, in each database."""
    with pytest.raises(WorkloadError, match="CREATE EXTENSION pg_stat_statements"):
        ask(empty_database, read_workload)


def test_a_server_out_of_reach_is_said_to_be_without_the_password() -> None:
    """Nobody listens, and the URL stays with us."""
    with pytest.raises(WorkloadError, match="the database") as caught:
        ask("postgresql://nobody:geheim@127.0.0.1:1/none", read_workload)
    assert "geheim" not in str(caught.value)


def test_a_draft_is_the_very_statement(sales: Sales) -> None:
    """Parameters stay parameters with real values in turn, constants become constants, and the id is the same."""
    fetch(sales.dsn, "SELECT id FROM sale WHERE id = $1 AND state = 'paid' AND amount / 2.0 < 9", 1)
    draft = the_draft(sales)
    assert draft.is_exact
    assert draft.query.startswith("SELECT id FROM sale WHERE id = $1 AND state = 'paid' AND amount / 1.5 < ")
    assert draft.columns == ["id"]
    assert 5 <= len({one[0] for one in draft.arguments}) <= 10


def test_values_written_into_the_text_become_parameters_where_they_matter(sales: Sales) -> None:
    """A driver that fills in values would else leave a probe that asks for one row for ever."""
    fetch(sales.dsn, "SELECT amount FROM sale WHERE id = 7 AND state = 'paid' LIMIT 3")
    draft = the_draft(sales)
    assert not draft.is_exact
    assert draft.query == "SELECT amount FROM sale WHERE id = $1 AND state = 'paid' LIMIT 50"
    assert len(draft.arguments) >= 5


def test_a_constant_of_any_type_is_taken_for_a_text(sales: Sales) -> None:
    """The server knows no type for it any more, and the query still is of the statement's form."""
    query = "SELECT json_build_object('id', id, 'state', state) FROM sale WHERE id = $1"
    fetch(sales.dsn, query, 1)
    draft = the_draft(sales)
    assert normal_form(draft.query) == normal_form(query)
    assert len(draft.arguments) >= 5


def test_what_yaml_cannot_say_is_sent_as_text(sales: Sales) -> None:
    """Dates and lists are cast from text by the server, with the two ends of a range in order."""
    query = "SELECT id FROM sale WHERE id = ANY($1) AND day BETWEEN date '2024-02-01' AND date '2024-03-01'"
    fetch(sales.dsn, query, [1, 2])
    draft = the_draft(sales)
    assert draft.query == (
        "SELECT id FROM sale WHERE id = ANY($1::text::int8[]) AND day BETWEEN $2::text::date AND $3::text::date"
    )
    assert len(draft.arguments) >= 5
    assert all(str(one[1]) < str(one[2]) for one in draft.arguments)


@pytest.mark.parametrize("statistics", [True, False])
def test_what_may_be_personal_is_not_written_down(sales: Sales, statistics: bool) -> None:
    """Many different texts may be names: such a statement gets no probe, also where nothing was counted yet."""
    if not statistics:
        execute(
            sales.dsn, "CREATE TABLE fresh AS SELECT * FROM sale", "DROP TABLE sale", "ALTER TABLE fresh RENAME TO sale"
        )
    fetch(sales.dsn, "SELECT id FROM sale WHERE buyer = $1", "buyer 5")

    async def draft(connection: Connection) -> None:
        workload = await read_workload(connection)
        (statement,) = [one for one in workload.statements if "WHERE buyer" in one.text]
        await draft_query(connection, statement)

    with pytest.raises(ValueError, match="personal"):
        ask(sales.watched_dsn, draft)
