"""Runs of findings in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from alerts.finding_run import FindingRun
from alerts.postgres import transaction
from alerts.sql import statement
from baselines.series import Unit
from thresholds.finding import Level, Rule


class PostgresFindings:
    """On a pool of connections to the migrated store. All methods raise AlertStoreError where it can't be asked."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def append(self, runs: Sequence[FindingRun]) -> None:
        """Keep runs, or what they have grown to."""
        rows = [
            (
                one.series,
                one.route,
                one.rule,
                one.unit,
                one.level,
                one.started_at,
                one.ended_at,
                one.evaluations,
                one.summary,
                one.value,
                one.value_limit,
            )
            for one in runs
        ]
        async with transaction(self._pool) as connection:
            await connection.executemany(statement("upsert_finding_run"), rows)

    async def between(self, since: datetime, until: datetime) -> list[FindingRun]:
        """Runs that reach into that time, by their start."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(statement("list_finding_runs"), since, until)
        return [
            FindingRun(
                series=row["series"],
                route=row["route"],
                rule=Rule(row["rule"]),
                unit=Unit(row["unit"]),
                level=Level(row["level"]),
                started_at=row["started_at"],
                ended_at=row["ended_at"],
                evaluations=row["evaluations"],
                summary=row["summary"],
                value=row["value"],
                value_limit=row["value_limit"],
            )
            for row in rows
        ]

    async def prune(self, before: datetime) -> None:
        """Forget runs that ended before that."""
        async with transaction(self._pool) as connection:
            await connection.execute(statement("prune_finding_runs"), before)
