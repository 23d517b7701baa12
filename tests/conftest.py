"""Real parts for every test: a PostgreSQL server once a run, a database of its own for each test that asks."""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from monitor.database import migrate
from monitor.embedded import BinariesNotFoundError, EmbeddedServer, PostgresBinaries, find_binaries


@pytest.fixture(autouse=True)
def _own_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have settings of their own in the environment."""
    for name in list(os.environ):
        if name.startswith("PORTALWATCH_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def reachable_directory() -> Iterator[Path]:
    """A folder that the server's user can reach where we are root; pytest's own is private."""
    directory = Path(tempfile.mkdtemp(prefix="portalwatch-tests-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_server(reachable_directory: Path) -> Iterator[str]:
    """The DSN of the maintenance database of a server that lives as long as the run."""
    with EmbeddedServer.start(reachable_directory / "server", durable=False) as server:
        yield server.dsn("postgres")


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: str) -> str:
    """The name of a migrated database that others are copied from: 30 ms instead of a migration."""
    _administer(postgres_server, "CREATE DATABASE migrated_template")
    asyncio.run(migrate(_sibling(postgres_server, "migrated_template")))
    return "migrated_template"


@pytest.fixture(params=[15, 16, 18])
def each_postgres(request: pytest.FixtureRequest) -> PostgresBinaries:
    """Every major version the tests claim; one that is missing here is a failure in CI."""
    try:
        return find_binaries(major=request.param)
    except BinariesNotFoundError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def hypopg_database(reachable_directory: Path) -> Iterator[str]:
    """The DSN of an empty database with hypopg, as Debian packages it; one that is missing is a failure in CI."""
    try:
        binaries = find_binaries(major=15)
        with EmbeddedServer.start(reachable_directory / uuid.uuid4().hex, binaries=binaries, durable=False) as server:
            _administer(server.dsn("postgres"), "CREATE EXTENSION hypopg")
            yield server.dsn("postgres")
    except (BinariesNotFoundError, asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFileError) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"needs the packages postgresql-15 and postgresql-15-hypopg: {error}")


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """The DSN of a new, empty database that goes with the test."""
    yield from _database(postgres_server, "template1")


@pytest.fixture
def store(postgres_server: str, _migrated_template: str) -> Iterator[str]:
    """The DSN of a new, migrated store that goes with the test."""
    yield from _database(postgres_server, _migrated_template)


def _database(server: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _sibling(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _sibling(server: str, database: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


def _administer(server: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(server)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())
