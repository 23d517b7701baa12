"""A PostgreSQL server's own figures: connections, locks, transactions, caches, dead rows, replication, statements."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from baselines.measurement import Reason
from baselines.series import Direction, Series, Unit
from probes.database.link import DatabaseLink
from probes.database.sql import statement
from probes.errors import ProbeFailed
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings
from probes.targets import PostgresTarget

# Below these a share says nothing, and our own probes would be much of it: a database at rest is not judged.
LEAST_TRANSACTIONS = 100
LEAST_PAGES = 1000
LEAST_SCANS = 100
LEAST_ROWS = 1000

# By metric: unit, and which way is worse.
_METRICS: Mapping[str, tuple[Unit, Direction]] = {
    "database_connections": (Unit.RATIO, Direction.CEILING),
    "active_connections": (Unit.COUNT, Direction.CEILING),
    "idle_in_transaction": (Unit.COUNT, Direction.CEILING),
    "longest_transaction": (Unit.SECONDS, Direction.CEILING),
    "waiting_connections": (Unit.COUNT, Direction.CEILING),
    "lock_wait_time": (Unit.SECONDS, Direction.CEILING),
    "deadlocks": (Unit.COUNT, Direction.CEILING),
    "transaction_rollback_rate": (Unit.RATIO, Direction.CEILING),
    "cache_hit_ratio": (Unit.RATIO, Direction.FLOOR),
    "index_usage": (Unit.RATIO, Direction.FLOOR),
    "dead_rows": (Unit.RATIO, Direction.CEILING),
    "replication_lag": (Unit.SECONDS, Direction.CEILING),
    "statement_calls": (Unit.COUNT, Direction.CEILING),
    "statement_time": (Unit.RATIO, Direction.CEILING),
}
# Counted since the run before.
_INCREMENTS = frozenset({"deadlocks"})
_MINIMUM: Mapping[str, int] = {
    "transaction_rollback_rate": LEAST_TRANSACTIONS,
    "cache_hit_ratio": LEAST_PAGES,
    "index_usage": LEAST_SCANS,
    "dead_rows": LEAST_ROWS,
}


class PostgresServerSettings(ProbeSettings):
    """Nothing of its own: the target says which server, and in which of its databases one looks closer."""

    target_type: ClassVar[type[PostgresTarget]] = PostgresTarget

    def series(self) -> tuple[Series, ...]:
        """Levels and shares; what is in seconds is the state of a moment, and never compared with a baseline."""
        return tuple(
            self.series_named(
                Series(
                    f"{self.category}.{metric}",
                    unit,
                    direction,
                    comparable=False,
                    increment=metric in _INCREMENTS,
                    minimum_traffic=_MINIMUM.get(metric),
                )
            )
            for metric, (unit, direction) in _METRICS.items()
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """The server's figures by name, and those of pg_stat_statements or the reason why there are none."""

    at_seconds: float
    server: Mapping[str, Any]
    statements: Mapping[str, Any] | ProbeFailed


@probe_kind("postgresql_server", PostgresServerSettings)
class PostgresServerProbe(Probe):
    """Two statements a run at most. Rates and shares are those since the run before, which the first run has not."""

    def __init__(self, settings: PostgresServerSettings, links: Links) -> None:
        self._database = links.to(settings.target, DatabaseLink)
        self._earlier: _Look | None = None

    def turn(self) -> asyncio.Lock:
        """One statement at a time over the connection of the database."""
        return self._database.turn()

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """A reading for each series; too little, or no right, to tell one of them leaves the others as they are."""
        earlier, now = self._earlier, await self._look(run)
        self._earlier = now
        return [
            *_sessions(now.server),
            _dead_rows(now.server),
            *_since(_Span(earlier.server if earlier else None, now.server, ("started_at", "stats_reset"))),
            *_statements(earlier, now),
        ]

    async def _look(self, run: ProbeRun) -> _Look:
        (server,) = await self._database.rows(statement("server"), (), run)
        return _Look(run.clock.monotonic(), dict(server), await self._statements(server["statements_schema"], run))

    async def _statements(self, schema: str | None, run: ProbeRun) -> Mapping[str, Any] | ProbeFailed:
        if schema is None:
            return ProbeFailed(Reason.TOO_LITTLE, "pg_stat_statements is not installed in this database")
        try:
            (row,) = await self._database.rows(statement("server_statements").format(schema=schema), (), run)
        except ProbeFailed as failure:
            return failure
        return dict(row)


def _sessions(server: Mapping[str, Any]) -> Iterator[Reading]:
    yield Reading(metric="waiting_connections", value=server["waiting"])
    yield Reading(metric="lock_wait_time", value=server["longest_wait"])
    if not server["sees_others"]:
        for metric in (
            *("database_connections", "active_connections", "idle_in_transaction", "longest_transaction"),
            "replication_lag",
        ):
            yield _unread(metric, Reason.PERMISSION, "only a member of pg_read_all_stats sees the sessions of others")
        return
    yield Reading(metric="database_connections", value=server["connections"] / server["usable_connections"])
    yield Reading(metric="active_connections", value=server["active"])
    yield Reading(metric="idle_in_transaction", value=server["idle"])
    yield Reading(metric="longest_transaction", value=server["longest_transaction"])
    if server["replication_lag"] is None:
        yield _unread("replication_lag", Reason.TOO_LITTLE, "no replica is connected")
    else:
        yield Reading(metric="replication_lag", value=max(0.0, server["replication_lag"]))


def _dead_rows(server: Mapping[str, Any]) -> Reading:
    dead = server["dead_rows"]
    return _share("dead_rows", dead, dead + server["live_rows"], LEAST_ROWS, "rows in all tables")


@dataclass(frozen=True, slots=True)
class _Span:
    """Counters at two looks. `epochs` name what is another value once they were set back."""

    earlier: Mapping[str, Any] | None
    now: Mapping[str, Any]
    epochs: Sequence[str]

    def grown(self, counter: str) -> float | None:
        """By how much; None at the first look, and where the counter began anew."""
        if self.earlier is None or any(self.earlier[epoch] != self.now[epoch] for epoch in self.epochs):
            return None
        growth = float(self.now[counter] - self.earlier[counter])
        return None if growth < 0 else growth


def _since(span: _Span) -> Iterator[Reading]:
    """What happened in the database since the run before."""
    deadlocks = span.grown("deadlocks")
    yield _nothing_before("deadlocks") if deadlocks is None else Reading(metric="deadlocks", value=deadlocks)
    for metric, part, rest, least, what in (
        ("transaction_rollback_rate", "rollbacks", "commits", LEAST_TRANSACTIONS, "transactions"),
        ("cache_hit_ratio", "hits", "reads", LEAST_PAGES, "pages asked for"),
        ("index_usage", "index_scans", "sequential_scans", LEAST_SCANS, "scans of tables"),
    ):
        share, others = span.grown(part), span.grown(rest)
        if share is None or others is None:
            yield _nothing_before(metric)
        else:
            yield _share(metric, share, share + others, least, f"{what} since the run before")


def _statements(earlier: _Look | None, now: _Look) -> Iterator[Reading]:
    """What pg_stat_statements counted, a second."""
    if isinstance(now.statements, ProbeFailed):
        for metric in ("statement_calls", "statement_time"):
            yield _unread(metric, now.statements.reason, str(now.statements))
        return
    before = None if earlier is None or isinstance(earlier.statements, ProbeFailed) else earlier.statements
    span = _Span(before, now.statements, ("stats_reset",))
    seconds = now.at_seconds - earlier.at_seconds if earlier else 0.0
    for metric, counter in (("statement_calls", "calls"), ("statement_time", "seconds")):
        growth = span.grown(counter)
        if growth is None or seconds <= 0:
            yield _nothing_before(metric)
        else:
            yield Reading(metric=metric, value=growth / seconds)


def _share(metric: str, part: float, whole: float, least: int, what: str) -> Reading:
    if whole < least:
        return _unread(metric, Reason.TOO_LITTLE, f"{whole:.0f} {what} are too few for a share; at least {least}")
    return Reading(metric=metric, value=part / whole)


def _nothing_before(metric: str) -> Reading:
    return _unread(metric, Reason.TOO_LITTLE, "there is no earlier run to count from")


def _unread(metric: str, reason: Reason, detail: str) -> Reading:
    return Reading(metric=metric, reason=reason, detail=detail)
