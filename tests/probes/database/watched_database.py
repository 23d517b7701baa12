"""A database with one table, the probes that look at it, and an ordinary connection that disturbs them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from probes import ProbeSet
from tests.probes.watched import watched, with_probes

QUERY = "SELECT * FROM portfolios WHERE id = $1"
ONE = {"query": QUERY, "arguments": [[1]]}


def probe_database(
    dsn: str,
    probes: Mapping[str, Mapping[str, Any]],
    use: Callable[[ProbeSet, Any], Awaitable[Any]],
    populate: bool = True,
    **target: Any,
) -> Any:
    """Does what `use` does with the probes and with an ordinary connection to the same database."""

    async def main() -> Any:
        administrator = await asyncpg.connect(dsn)
        try:
            if populate:
                await administrator.execute(
                    "CREATE TABLE portfolios (id int PRIMARY KEY, owner text);"
                    "INSERT INTO portfolios SELECT n, 'owner' FROM generate_series(1, 5000) n; ANALYZE portfolios"
                )
            configuration = watched(
                {"database": {"kind": "postgresql", "url": dsn, **target}},
                {
                    name: {"kind": "sql", "target": "database", "category": "database_queries", **entry}
                    for name, entry in probes.items()
                },
            )
            return await with_probes(configuration, lambda probe_set: use(probe_set, administrator))
        finally:
            await administrator.close()

    return asyncio.run(main())


async def connections(administrator: Any) -> list[int]:
    """The process ids of our connections to this database."""
    rows = await administrator.fetch(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'portalwatch' AND datname = current_database()"
    )
    return [row["pid"] for row in rows]


def as_role(dsn: str, role: str) -> str:
    """The same database, entered by that role."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))
