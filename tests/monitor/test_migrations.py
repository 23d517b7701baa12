"""The store's schema: one history, from nothing to what is committed."""

import asyncio
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import asyncpg
import pytest

import monitor.migrations
from monitor.database import migrate, newest_revision, schema_revision, store_pool
from monitor.embedded import find_binaries
from monitor.errors import CannotRunError

VERSIONS = Path(monitor.migrations.__path__[0]) / "versions"
SCHEMA = VERSIONS.parent / "schema.sql"


def dumped_schema(dsn: str) -> str:
    """What pg_dump says of the database, without what differs from server to server."""
    dump = subprocess.run(
        [find_binaries().bin_directory / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", unquote(dsn)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = [
        line for line in dump.splitlines() if line and not re.match(r"--|SET |SELECT pg_catalog|\\(un)?restrict", line)
    ]
    return "\n".join(lines) + "\n"


def test_schema_is_the_committed_one(store: str) -> None:
    """From zero to the newest revision, the schema is that of schema.sql; UPDATE_SCHEMA=1 writes it anew."""
    schema = dumped_schema(store)
    if os.environ.get("UPDATE_SCHEMA"):
        SCHEMA.write_text(schema, encoding="utf-8")
    assert schema == SCHEMA.read_text(encoding="utf-8")


def test_revisions_are_numbered_and_say_when_they_are_safe() -> None:
    """Every revision is NNNN_pre|post_name, numbered without a gap, and has its SQL beside it."""
    names = sorted(path.stem for path in VERSIONS.glob("*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_(pre|post)_[a-z_]+", name) for name in names)
    assert names == sorted(path.stem for path in VERSIONS.glob("*.sql"))


def test_several_instances_may_migrate_at_once(empty_database: str) -> None:
    """Three migrations at the same moment leave one migrated store."""

    async def run() -> str | None:
        await asyncio.gather(*(migrate(empty_database) for _ in range(3)))
        async with store_pool(empty_database) as pool:
            return await schema_revision(pool)

    assert asyncio.run(run()) == newest_revision()


def test_a_failing_migration_leaves_nothing(empty_database: str) -> None:
    """Where a table of ours is in the way, the migration fails as a whole."""

    async def run() -> list[str]:
        connection = await asyncpg.connect(empty_database)
        await connection.execute("CREATE TABLE baseline (id int)")
        with pytest.raises(Exception, match="already exists"):
            await migrate(empty_database)
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        await connection.close()
        return [row["tablename"] for row in tables]

    assert asyncio.run(run()) == ["baseline"]


@pytest.mark.parametrize("dsn", ["postgresql://nobody:geheim@127.0.0.1:1/none"])
def test_an_unreachable_store_is_told_without_its_password(dsn: str) -> None:
    """Refused: the message says what to do, and no password."""
    with pytest.raises(CannotRunError) as caught:
        asyncio.run(migrate(dsn))
    assert "can't be reached" in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("package", ["alerts", "baselines", "monitor"])
def test_every_statement_prepares(package: str, store: str) -> None:
    """Each SQL file of a package is one statement that a real server takes."""
    folder = Path(__file__).parents[2] / package / "sql"
    files = sorted(folder.glob("*.sql"))
    assert files

    async def prepare() -> None:
        connection = await asyncpg.connect(store)
        for file in files:
            text = file.read_text(encoding="utf-8")
            assert text.startswith("-- "), f"{file.name} has no header"
            await connection.prepare(text)
        await connection.close()

    asyncio.run(prepare())
