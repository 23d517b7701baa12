"""What the pages read of the store: hours of many series at once, and the course, failures and plans of one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import asyncpg

from baselines.ledger import Section
from baselines.measurement import Outcome, Reason
from baselines.plan_shape import PlanShape
from baselines.postgres import state_of
from baselines.rollup import Hour, Stretch
from baselines.sql import statement

# Nobody reads further back in a list than this.
_MOST_PLANS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A call that did not end well. `waited_seconds` is None unless it timed out; `correlation_id` is empty for one
    of a closed hour that was not among its first."""

    at: datetime
    outcome: Outcome
    reason: Reason
    waited_seconds: float | None
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, well or not. `value` is None where it failed; `correlation_id` is empty for one of a closed hour
    that was neither among its slowest nor among the first that failed."""

    at: datetime
    outcome: Outcome
    value: float | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class PlanSince:
    """What a plan was from an instant on; None where there was none any more."""

    at: datetime
    plan: PlanShape | None


@dataclass(frozen=True, slots=True)
class Work:
    """One closed hour of the watching itself: calls, those that failed, those the prober disturbed, and series."""

    hour: datetime
    n: int
    failed: int
    disturbed: int
    series: int


class PostgresHistory:
    """On a pool of connections to the migrated store; reads only."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def hours(self, series: Sequence[str], start: datetime) -> dict[str, list[Hour]]:
        """By series, its hours since `start`, the running one too, in no particular order; a series without any is
        left out."""
        return {
            row["name"]: _merged(row["hours"], row["n"], row["failed"], row["medians"])
            for row in await self._pool.fetch(statement("select_hours"), series, start)
        }

    async def course(self, series: str, start: datetime, end: datetime, length: timedelta) -> list[Stretch]:
        """Out of the single samples, figures of each stretch of that length that has any, in the order of time."""
        rows = await self._pool.fetch(statement("select_course"), series, start, end, length)
        stretches = []
        for row in rows:
            p20, median_, p95 = row["figures"] or (None, None, None)
            stretches.append(Stretch(row["at"], row["n"], row["failed"], p20, median_, p95, row["maximum"]))
        return stretches

    async def closed_hours(self, series: str, start: datetime) -> list[Stretch]:
        """Out of the rollups, the closed hours since `start`, in the order of time."""
        return [Stretch(*row) for row in await self._pool.fetch(statement("select_rollup_course"), series, start)]

    async def failures(self, series: str, start: datetime, most: int) -> list[Failure]:
        """The last calls that failed or timed out since `start`, the newest first."""
        failures = []
        for row in await self._pool.fetch(statement("select_failures"), series, start, most):
            outcome, reason = state_of(row["state"])
            assert reason is not None  # of a call that did not end well
            failures.append(
                Failure(
                    at=row["started_at"],
                    outcome=outcome,
                    reason=reason,
                    waited_seconds=row["value"],
                    correlation_id=row["correlation_id"],
                )
            )
        return failures

    async def calls(self, series: str, start: datetime, end: datetime, most: int) -> list[Call]:
        """The calls between two instants that are worth a look: those that failed, then the slowest."""
        return [
            Call(
                at=row["started_at"],
                outcome=state_of(row["state"])[0],
                value=row["value"],
                correlation_id=row["correlation_id"],
            )
            for row in await self._pool.fetch(statement("select_calls"), series, start, end, most)
        ]

    async def plans(self, environment: str, series: str) -> list[PlanSince]:
        """What the plan of a query was, the newest first; empty for a series that is none."""
        rows = await self._pool.fetch(
            statement("select_plan_history"), environment, series, Section.PLANS.value, _MOST_PLANS
        )
        return [
            PlanSince(row["at"], None if row["value"] is None else PlanShape(tuple(row["value"].splitlines())))
            for row in rows
        ]

    async def baseline_phases(self, environment: str, series: str) -> dict[str, float]:
        """The phases of a series in the active baseline in seconds, medians of its sessions; empty without any."""
        rows = await self._pool.fetch(statement("select_active_phases"), environment, series)
        sessions = [json.loads(row["phases"]) for row in rows if row["phases"] is not None]
        names = dict.fromkeys(name for phases in sessions for name in phases)
        return {name: median(phases.get(name, 0.0) for phases in sessions) for name in names}

    async def work(self, start: datetime) -> list[Work]:
        """The closed hours since `start`, all series together, in the order of time."""
        return [Work(*row) for row in await self._pool.fetch(statement("select_work"), start)]


def _merged(
    hours: Sequence[datetime], calls: Sequence[int], failed: Sequence[int], medians: Sequence[float | None]
) -> list[Hour]:
    """One of each hour: where samples came late, counts are added and the median is that of the most calls."""
    merged: dict[datetime, Hour] = {}
    for hour in map(Hour, hours, calls, failed, medians):
        other = merged.get(hour.at)
        if other is not None:
            most = max(hour, other, key=lambda one: one.n)
            hour = Hour(hour.at, hour.n + other.n, hour.failed + other.failed, most.median)
        merged[hour.at] = hour
    return list(merged.values())
