"""The workload of watched databases in PostgreSQL: a row a bin, each text once."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from baselines.sql import statement
from baselines.workload import StatementText, Usage, WorkloadBin, WorkloadGap


class PostgresWorkload:
    """On a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def append(self, environment: str, note: WorkloadBin | WorkloadGap) -> None:
        """Keep a bin, all or nothing, or why there is none; one that is there already is left as it is."""
        if isinstance(note, WorkloadGap):
            await self._pool.execute(statement("insert_workload_gap"), environment, note.database, note.at, note.reason)
            return
        texts, usages = list(note.statements), list(note.statements.values())
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                statement("insert_workload_statements"),
                [one.key for one in texts],
                [one.text for one in texts],
                [one.writes for one in texts],
            )
            await connection.execute(
                statement("insert_workload_bin"),
                environment,
                note.database,
                note.started_at,
                note.finished_at,
                [one.key for one in texts],
                [one.calls for one in usages],
                [one.seconds for one in usages],
                [one.rows for one in usages],
                note.other.calls,
                note.other.seconds,
                note.other.rows,
            )

    async def between(self, environment: str, start: datetime, end: datetime) -> Sequence[WorkloadBin]:
        """The bins that have some of that time in them, oldest first."""
        rows = await self._pool.fetch(statement("select_workload_bins"), environment, start, end)
        known = {key for row in rows for key in row["statement_keys"]}
        texts = {
            row["key"]: StatementText(row["key"], row["text"], row["writes"])
            for row in await self._pool.fetch(statement("select_workload_statements"), list(known))
        }
        return [_bin(row, texts) for row in rows]

    async def gaps(self, environment: str, start: datetime, end: datetime) -> Sequence[WorkloadGap]:
        """By database, the last thing in that time that kept it from telling what it did."""
        rows = await self._pool.fetch(statement("select_workload_gaps"), environment, start, end)
        return [WorkloadGap(**row) for row in rows]

    async def prune(self, before: datetime) -> None:
        """Drop the bins that ended before, and the texts that no bin needs any more."""
        await self._pool.execute(statement("prune_workload"), before)
        await self._pool.execute(statement("prune_workload_statements"))


def _bin(row: asyncpg.Record, texts: dict[str, StatementText]) -> WorkloadBin:
    usages = zip(row["statement_keys"], row["calls"], row["seconds"], row["rows"], strict=True)
    return WorkloadBin(
        database=row["database"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        # A text may be pruned just before a bin comes that needs it again; the next bin brings it back.
        statements={texts[key]: Usage(*usage) for key, *usage in usages if key in texts},
        other=Usage(row["other_calls"], row["other_seconds"], row["other_rows"]),
    )
