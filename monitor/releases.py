"""Which releases of the portal were watched, and since when: what a chart marks as a deployment."""

from datetime import datetime

import asyncpg

from monitor.sql import statement


class Releases:
    """On a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def first_seen(self, environment: str, release: str, now: datetime) -> datetime:
        """When that release was first watched in that environment; `now` where this is the first time."""
        seen: datetime = await self._pool.fetchval(statement("note_release"), environment, release, now)
        return seen

    async def since(self, environment: str, start: datetime) -> list[tuple[datetime, str]]:
        """When each release was first watched, in the order of time: those since `start`, and the one before."""
        rows = await self._pool.fetch(statement("select_releases"), environment, start)
        return [(row["first_seen_at"], row["release"]) for row in rows]
