"""Inspections in PostgreSQL: the figures of each; the plan they belong to is that of the change ledger at the time."""

import json
from datetime import datetime

import asyncpg

from baselines.inspection import Inspected
from baselines.sql import statement


class PostgresInspections:
    """On a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def append(self, inspected: Inspected) -> None:
        """Keep the figures of one; a series that the store does not know is left out."""
        one = inspected.inspection
        analyzed_at = {relation: at and at.isoformat() for relation, at in one.analyzed_at.items()}
        await self._pool.execute(
            statement("insert_inspection"),
            inspected.series,
            inspected.at,
            one.generic,
            one.server_seconds,
            one.rows,
            one.hit_ratio,
            json.dumps(analyzed_at),
            json.dumps(dict(one.settings)),
        )

    async def prune(self, before: datetime) -> None:
        """Drop those that were made before."""
        await self._pool.execute(statement("prune_inspections"), before)
