"""Readings of a database over a connection as the service opens it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from probes.database.connection import Connection, connect, hang_up
from probes.deployment.facts import DatabaseFacts, read_facts
from probes.targets import PostgresTarget

T = TypeVar("T")


def target(dsn: str, **settings: Any) -> PostgresTarget:
    return PostgresTarget.model_validate({"kind": "postgresql", "url": dsn, **settings})


def watching(dsn: str, use: Callable[[Connection], Awaitable[T]], **settings: Any) -> T:
    """What `use` makes of one of our connections."""

    async def main() -> T:
        connection = await connect(target(dsn, **settings))
        try:
            return await use(connection)
        finally:
            await hang_up(connection)

    return asyncio.run(main())


def facts_of(dsn: str, **asked: Any) -> DatabaseFacts:
    """One reading now."""
    return watching(dsn, lambda connection: read_facts(connection, **asked))
