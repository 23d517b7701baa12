"""Snapshots in PostgreSQL, one document each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import asyncpg

from baselines.snapshot import Snapshot
from baselines.sql import statement


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """A snapshot with the number under which the store has it."""

    id: int
    snapshot: Snapshot

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """Of a row of the store."""
        return cls(row["id"], Snapshot.from_document(json.loads(row["document"])))

    def headline(self) -> dict[str, Any]:
        """As JSON what a list of them shows: which it is, why it was taken, and what it says in one sentence."""
        one = self.snapshot
        told = {"source": one.source, "series": one.series, "reason": one.reason, "sentence": one.sentence}
        return {"id": self.id, "at": one.at.isoformat(), **told}

    def document(self) -> dict[str, Any]:
        """As JSON all there is to it."""
        whole: dict[str, Any] = json.loads(self.snapshot.to_json())
        return self.headline() | whole


class PostgresSnapshots:
    """On a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def append(self, environment: str, snapshot: Snapshot) -> None:
        """Keep one, bounded."""
        document = snapshot.bounded().to_json()
        await self._pool.execute(statement("insert_snapshot"), environment, snapshot.source, snapshot.at, document)

    async def since(self, environment: str, since: datetime, limit: int = 100) -> Sequence[KeptSnapshot]:
        """The latest ones since an instant, newest first."""
        rows = await self._pool.fetch(statement("select_snapshots"), environment, since, limit)
        return [KeptSnapshot.of(row) for row in rows]

    async def find(self, environment: str, number: int) -> KeptSnapshot | None:
        """The one of that number; None where there is none in that environment."""
        row = await self._pool.fetchrow(statement("select_snapshot"), environment, number)
        return None if row is None else KeptSnapshot.of(row)

    async def prune(self, before: datetime) -> None:
        """Drop those that were taken before."""
        await self._pool.execute(statement("prune_snapshots"), before)
