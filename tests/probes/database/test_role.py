"""The role that a database is watched as, against real servers: what grants.sql makes, and what is refused."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from monitor.embedded import EmbeddedServer, PostgresBinaries
from probes import PostgresTarget, ProbeFailed
from probes.database.role import Role, reach_guard_database, role_at
from probes.database.sql import statement
from tests.probes.database.watched_database import as_role

PROBE_ROLE = "portalwatch_probe"


def target(dsn: str, **settings: Any) -> PostgresTarget:
    return PostgresTarget.model_validate({"kind": "postgresql", "url": dsn, **settings})


def over(dsn: str, use: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    """What `use` makes of a connection."""

    async def main() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await use(connection)
        finally:
            await connection.close()

    return asyncio.run(main())


def execute(dsn: str, *statements: str) -> None:
    async def one_by_one(connection: asyncpg.Connection) -> None:
        for one in statements:
            await connection.execute(one)

    over(dsn, one_by_one)


def looked_at(dsn: str) -> Role:
    return asyncio.run(role_at(target(dsn)))


@pytest.fixture
def owner(postgres_server: str) -> Iterator[str]:
    """An ordinary role that may log in and owns nothing yet; gone after the test."""
    name = f"role_{uuid.uuid4().hex[:12]}"
    execute(postgres_server, f"CREATE ROLE {name} LOGIN")
    yield name
    execute(postgres_server, f"DROP ROLE {name}")


@pytest.fixture
def role(owner: str, empty_database: str) -> Iterator[str]:
    """The DSN of a database with one table, entered by a role that can do nothing else yet."""
    execute(empty_database, "CREATE TABLE clients (id int)")
    yield as_role(empty_database, owner)
    execute(empty_database, f"REASSIGN OWNED BY {owner} TO CURRENT_USER", f"DROP OWNED BY {owner}")


def test_the_script_makes_a_role_that_reads_and_no_more(
    each_postgres: PostgresBinaries, reachable_directory: Path
) -> None:
    """On every PostgreSQL, however often it is run: tables of today and tomorrow in the schemas named are read, nothing
    is written, nothing speaks against the role, and whoever else comes by it is bounded too."""
    folder = reachable_directory / f"grants-{each_postgres.major}"
    with EmbeddedServer.start(folder, binaries=each_postgres, durable=False) as server:
        administrator = server.dsn("postgres")
        execute(administrator, "CREATE ROLE portal LOGIN", "CREATE DATABASE portal OWNER portal")
        portal = as_role(server.dsn("portal"), "portal")
        execute(portal, "CREATE TABLE clients (id int)", "CREATE SCHEMA reporting", "CREATE SCHEMA secret")
        execute(portal, "CREATE TABLE reporting.figures (id int)", "CREATE TABLE secret.keys (id int)")
        for _ in range(2):
            execute(server.dsn("portal"), "SET portalwatch.schemas = 'public, reporting'", statement("grants"))
        execute(portal, "CREATE TABLE later (id int)", "CREATE TABLE reporting.later (id int)")

        probe = as_role(server.dsn("portal"), PROBE_ROLE)
        for table in ("clients", "reporting.figures", "later", "reporting.later"):
            execute(probe, f"SELECT * FROM {table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            execute(probe, "SELECT * FROM secret.keys")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            execute(probe, "INSERT INTO clients VALUES (1)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            execute(probe, "SET default_transaction_read_only = off", "INSERT INTO clients VALUES (1)")
        assert over(probe, lambda connection: connection.fetchval("SHOW lock_timeout")) == "500ms"
        found = looked_at(probe)
        assert (found.role, list(found.refusals()), found.sees_others) == (PROBE_ROLE, [], True)


@pytest.mark.parametrize(
    ("grant", "refusal"),
    [
        ("ALTER ROLE {role} CREATEROLE CREATEDB", "{role} has CREATEROLE, CREATEDB"),
        ("GRANT pg_signal_backend TO {role}", "{role} is a member of pg_signal_backend"),
        ("GRANT pg_write_all_data TO {role}", "{role} is a member of pg_write_all_data"),
        ("GRANT UPDATE ON clients TO {role}", "{role} may write to tables (clients)"),
        ("GRANT UPDATE (id) ON clients TO {role}", "{role} may write to tables (clients)"),
        ("GRANT TRUNCATE ON clients TO PUBLIC", "{role} may write to tables (clients)"),
        ("ALTER TABLE clients OWNER TO {role}", "{role} is the portal's own role or a member of it: it owns tables"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "{role} may create objects in the schema public"),
        ("CREATE SCHEMA own AUTHORIZATION {role}", "{role} may create objects in the schema own"),
        ("GRANT CREATE ON DATABASE {database} TO {role}", "{role} may create schemas in {database}"),
    ],
)
def test_what_does_more_than_read_is_refused(
    grant: str, refusal: str, role: str, owner: str, empty_database: str
) -> None:
    """A role with SELECT alone has nothing against it; each further right is named."""
    names = {"role": owner, "database": urlsplit(empty_database).path.strip("/")}
    execute(empty_database, f"GRANT SELECT ON clients TO {owner}")
    assert list(looked_at(role).refusals()) == []
    execute(empty_database, grant.format(**names))
    assert any(one.startswith(refusal.format(**names)) for one in looked_at(role).refusals())


def test_a_superuser_is_refused_in_one_sentence(empty_database: str) -> None:
    """What follows from it is not listed."""
    (refusal,) = looked_at(empty_database).refusals()
    assert refusal.endswith("is a superuser")


def test_a_role_that_others_work_as_is_refused(role: str, owner: str) -> None:
    """Who shares a role with the portal could end its connections; our own connections are no others."""

    async def main() -> tuple[list[str], list[str]]:
        ours = await asyncpg.connect(role, server_settings={"application_name": "portalwatch"})
        alone = list((await role_at(target(role))).refusals())
        theirs = await asyncpg.connect(role, server_settings={"application_name": "gunicorn"})
        shared = list((await role_at(target(role))).refusals())
        await ours.close()
        await theirs.close()
        return alone, shared

    alone, shared = asyncio.run(main())
    assert alone == []
    assert shared == [f"others work as {owner} too (gunicorn): it is no role of its own"]


def test_what_stays_out_of_sight_is_noted(role: str) -> None:
    """Sessions of others, and statements that nobody counts."""
    notes = " / ".join(looked_at(role).notes())
    assert "no member of pg_read_all_stats" in notes
    assert "pg_stat_statements is not installed" in notes


def test_a_guard_database_that_is_not_there_is_told(role: str) -> None:
    """The reason is the server's own."""
    with pytest.raises(ProbeFailed, match='database "nowhere" does not exist'):
        asyncio.run(reach_guard_database(target(role, guard_database="nowhere")))
