"""Real parts for every test: a PostgreSQL server once a run, a database of its own for each test that asks."""

import asyncio
import os
import uuid
from collections.abc import Iterator

import asyncpg
import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The DSN of a server's maintenance database; TEST_POSTGRES names one that runs already."""
    yield os.environ.get("TEST_POSTGRES", "postgresql://postgres@/postgres?host=/tmp/pgdev")


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """The DSN of a new, empty database that goes with the test."""
    name = f"test_{uuid.uuid4().hex}"

    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(postgres_server)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(administer(f"CREATE DATABASE {name}"))
    yield postgres_server.replace("/postgres?", f"/{name}?")
    asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))
