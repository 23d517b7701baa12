"""References of watched series and their standings in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import asyncpg
import numpy as np

from baselines.reference import FrozenReference, Reference
from baselines.sql import statement
from baselines.watcher import Drift, Standing

_NEVER = datetime.min.replace(tzinfo=UTC)


class PostgresDrift:
    """What watching keeps, on a pool of connections to the migrated store; all series must be registered."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def references(
        self, series: Sequence[str], known: Mapping[str, FrozenReference] | None = None
    ) -> dict[str, FrozenReference]:
        """The reference that holds for each of the series that have one; of `known` ones only those replaced since."""
        since = [known[name].taken_until if known and name in known else _NEVER for name in series]
        rows = await self._pool.fetch(statement("select_drift_references"), series, since)
        return {
            row["name"]: FrozenReference(
                reference=Reference(np.array(row["fastest"]), row["independent"]),
                taken_from=row["taken_from"],
                taken_until=row["taken_until"],
                release=row["release"],
                reason=row["reason"],
                approved_by=row["approved_by"],
                approved_at=row["approved_at"],
            )
            for row in rows
        }

    async def freeze(self, series: str, frozen: FrozenReference) -> None:
        """From now on the series is held against this; what it was held against before is kept."""
        await self._pool.execute(
            statement("insert_drift_reference"),
            series,
            frozen.taken_until,
            frozen.taken_from,
            frozen.release,
            frozen.reference.fastest.tolist(),
            frozen.reference.independent,
            frozen.approved_by,
            frozen.approved_at,
            frozen.reason,
        )

    async def approve(self, series: Sequence[str], by: str, at: datetime) -> list[str]:
        """Approve what holds for these series; returns those that have a reference."""
        rows = await self._pool.fetch(statement("approve_drift_reference"), series, by, at)
        return sorted(row["name"] for row in rows)

    async def standings(self, series: Sequence[str]) -> dict[str, tuple[datetime, Standing]]:
        """What is remembered of the series, with the end of the reference it was held against."""
        rows = await self._pool.fetch(statement("select_drift_standings"), series)
        return {
            row["name"]: (
                row["reference_until"],
                Standing(
                    drift=Drift(row["drift"]),
                    since=row["since"],
                    below_since=row["below_since"],
                    waiting=row["waiting"],
                    recent=row["recent"],
                    suspicion=row["suspicion"],
                    degradation=row["degradation"],
                ),
            )
            for row in rows
        }

    async def remember(self, standings: Mapping[str, tuple[datetime, Standing]]) -> None:
        """Keep how these series stand, all or nothing, with the end of the reference each is held against."""
        await self._pool.executemany(
            statement("upsert_drift_standing"),
            [
                (
                    name,
                    reference_until,
                    one.drift,
                    one.since,
                    one.below_since,
                    one.waiting,
                    one.recent,
                    one.suspicion,
                    one.degradation,
                )
                for name, (reference_until, one) in standings.items()
            ],
        )
