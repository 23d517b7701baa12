"""Runs of checks in PostgreSQL, one document each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from monitor.sql import statement
from thresholds import CheckKind, CheckReport, CheckStatus


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """How a kept run ended, without its lines."""

    kind: CheckKind
    at: datetime
    status: CheckStatus
    release: str
    components: Mapping[str, CheckStatus]


class PostgresCheckRuns:
    """On a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def append(self, environment: str, release: str, report: CheckReport) -> None:
        """Keep one."""
        document = json.dumps(report.document())
        await self._pool.execute(
            statement("insert_check_run"), environment, report.kind, report.at, report.status, release, document
        )

    async def latest(self, environment: str) -> Mapping[CheckKind, CheckReport]:
        """The latest of each kind that was ever kept, in the order of the kinds."""
        rows = await self._pool.fetch(statement("select_latest_check_runs"), environment)
        found = {one.kind: one for one in (CheckReport.of(json.loads(row["document"])) for row in rows)}
        return {kind: found[kind] for kind in CheckKind if kind in found}

    async def since(self, environment: str, start: datetime) -> Sequence[CheckOutcome]:
        """How those since an instant ended, in the order of time."""
        return [
            CheckOutcome(
                CheckKind(row["kind"]),
                row["at"],
                CheckStatus(row["status"]),
                row["release"],
                {name: CheckStatus(status) for name, status in json.loads(row["components"])},
            )
            for row in await self._pool.fetch(statement("select_check_runs"), environment, start)
        ]

    async def prune(self, before: datetime) -> None:
        """Drop those of before, but the latest of each kind."""
        await self._pool.execute(statement("prune_check_runs"), before)
