"""Errors in PostgreSQL: groups, their counts by minute, and the newest events of each."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from monitor.tracking.report import ErrorEvent
from monitor.tracking.sql import statement
from thresholds.error_class import ErrorClasses
from thresholds.error_trend import ErrorTrend, GroupHour, KeptEvent, trend_of

# Of each group; more of the same tell nothing new.
EVENTS_KEPT = 20
# A day and an hour are looked at by the minute.
_MINUTES_KEPT = timedelta(hours=26)
_MOST_CLUSTERED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGroup:
    """A kind of error as it stands."""

    fingerprint: str
    error_class: str
    name: str
    message: str
    frames: Sequence[str]
    first_seen: datetime
    last_seen: datetime
    occurrences: int

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return _document(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One error that is kept, without who had it."""

    fingerprint: str
    error_class: str
    name: str
    message: str
    at: datetime
    said_at: datetime | None
    correlation_id: str | None
    component: str
    action: str
    path: str
    browser: str

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return _document(self)


class PostgresErrors:
    """On a pool of connections to the migrated store, for one environment."""

    def __init__(self, pool: asyncpg.Pool, environment: str) -> None:
        self._pool = pool
        self._environment = environment

    async def append(self, events: Sequence[ErrorEvent]) -> None:
        """Keep a batch, all or nothing: each group once, each count once, and of each group its newest events."""
        groups, counts = dict[str, list[ErrorEvent]](), Counter[tuple[str, str, datetime]]()
        for one in events:
            groups.setdefault(one.group.fingerprint, []).append(one)
            counts[one.group.fingerprint, one.component, one.at.replace(second=0, microsecond=0)] += 1
        keys = list(counts)
        newest = [one for shared in groups.values() for one in shared[-EVENTS_KEPT:]]
        async with self._pool.acquire() as connection, connection.transaction():
            rows = json.dumps([_row(shared) for shared in groups.values()])
            await connection.execute(statement("upsert_groups"), self._environment, rows)
            await connection.execute(
                statement("upsert_counts"),
                self._environment,
                [key[0] for key in keys],
                [key[1] for key in keys],
                [key[2] for key in keys],
                [counts[key] for key in keys],
            )
            await connection.executemany(statement("insert_event"), [self._values(one) for one in newest])
            await connection.execute(statement("trim_events"), self._environment, list(groups), EVENTS_KEPT)

    async def groups(self, since: datetime, error_class: str | None = None, limit: int = 200) -> Sequence[StoredGroup]:
        """Groups seen since then, the latest first."""
        return [
            _group(row)
            for row in await self._pool.fetch(statement("select_groups"), self._environment, since, error_class, limit)
        ]

    async def group(self, fingerprint: str) -> StoredGroup | None:
        """One of them."""
        row = await self._pool.fetchrow(statement("select_group"), self._environment, fingerprint)
        return None if row is None else _group(row)

    async def hours(self, fingerprint: str, since: datetime) -> Mapping[datetime, int]:
        """How many of a group there were, by hour; hours without one are left out."""
        rows = await self._pool.fetch(statement("select_hours"), self._environment, fingerprint, since)
        return {row["hour"]: row["occurrences"] for row in rows}

    async def events(
        self,
        since: datetime,
        *,
        fingerprint: str | None = None,
        error_class: str | None = None,
        correlation_id: str | None = None,
        limit: int = 100,
    ) -> Sequence[StoredEvent]:
        """What is kept of single errors, the newest first."""
        rows = await self._pool.fetch(
            statement("select_events"), self._environment, fingerprint, error_class, correlation_id, since, limit
        )
        return [StoredEvent(error_class=row["class"], **{key: row[key] for key in _EVENT}) for row in rows]

    async def trend(self, now: datetime, classes: ErrorClasses) -> ErrorTrend:
        """The last hour; clusters are found among the events that are kept."""
        rows = await self._pool.fetch(statement("select_trend"), self._environment, now)
        hours = [
            GroupHour(
                row["fingerprint"],
                row["name"],
                row["message"],
                row["class"],
                row["component"],
                row["now"],
                row["day_before"],
            )
            for row in rows
        ]
        kept = await self.events(now - timedelta(hours=1), limit=_MOST_CLUSTERED)
        events = [
            KeptEvent(one.correlation_id, one.at, one.name, one.error_class, one.component)
            for one in kept
            if one.correlation_id is not None
        ]
        return trend_of(hours, events, classes)

    async def arrived(self, since: datetime) -> Sequence[tuple[str, datetime, int]]:
        """Class, minute and number of what arrived since then, in the order of time."""
        rows = await self._pool.fetch(statement("select_recent_classes"), self._environment, since)
        return [(row["class"], row["at"], row["occurrences"]) for row in rows]

    async def fingerprints(self) -> set[str]:
        """Of every group there is."""
        rows = await self._pool.fetch(statement("select_fingerprints"), self._environment)
        return {row["fingerprint"] for row in rows}

    async def prune(self, now: datetime, before: datetime, most_groups: int) -> None:
        """Minutes of before yesterday become hours; what is older than `before`, and groups beyond the newest, goes."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(statement("roll_up_counts"), self._environment, now - _MINUTES_KEPT)
            await connection.execute(statement("prune_events"), self._environment, before)
            await connection.execute(statement("prune_counts"), self._environment, before)
            await connection.execute(statement("prune_groups"), self._environment, before, most_groups)

    async def erase(self, user_hash: bytes) -> int:
        """Drop every event of a user; how many there were."""
        tag = await self._pool.execute(statement("erase_user"), self._environment, user_hash)
        return int(tag.rpartition(" ")[2])

    def _values(self, one: ErrorEvent) -> tuple[object, ...]:
        return (
            self._environment,
            one.group.fingerprint,
            one.at,
            one.said_at,
            one.correlation_id,
            one.user_hash,
            one.component,
            one.action,
            one.path,
            one.browser,
        )


_EVENT = tuple(name for name in StoredEvent.__slots__ if name != "error_class")


def _row(shared: Sequence[ErrorEvent]) -> dict[str, object]:
    last = shared[-1]
    return {
        "fingerprint": last.group.fingerprint,
        "class": last.error_class,
        "name": last.group.name,
        "message": last.group.message,
        "frames": last.group.frames,
        "first": min(one.at for one in shared).isoformat(),
        "last": max(one.at for one in shared).isoformat(),
        "count": len(shared),
    }


def _group(row: asyncpg.Record) -> StoredGroup:
    return StoredGroup(error_class=row["class"], **{key: row[key] for key in row.keys() if key != "class"})  # noqa: SIM118


def _document(one: StoredGroup | StoredEvent) -> dict[str, Any]:
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(one).items()}
    plain["class"] = plain.pop("error_class")
    return plain
