"""Baselines and measurements in PostgreSQL: the one file of this room that talks to a server."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import asyncpg

from baselines.baseline import Approval, Baseline, BaselineError
from baselines.measurement import Measurement, Outcome, Reason
from baselines.rollup import Rollup
from baselines.rows import approval_columns, approval_of, arrays, evidence_of, plan_of, series_of, session_of
from baselines.samples import Samples
from baselines.series import Series, SeriesRegistry
from baselines.sql import statement
from baselines.store import BaselineSummary

# Stored codes: 0 is ok, else 256 for each outcome and 1 for each reason, in the order of the enumerations. New ones are
# appended to those, so that no code changes its meaning.
_STATES: dict[int, tuple[Outcome, Reason | None]] = {
    0: (Outcome.OK, None),
    **{
        256 * outcome_number + reason_number: (outcome, reason)
        for outcome_number, outcome in enumerate(Outcome)
        if outcome is not Outcome.OK
        for reason_number, reason in enumerate(Reason)
    },
}
_CODES = {state: code for code, state in _STATES.items()}
# What two bytes hold; a probe that is half a minute late is late, however much more it is.
_MOST_LATENESS_MS = 32_767
# Samples of the running hour may still be on their way.
_LATE = timedelta(minutes=2)


def state_of(code: int) -> tuple[Outcome, Reason | None]:
    """What a stored code says."""
    return _STATES[code]


async def _register(connection: asyncpg.pool.PoolConnectionProxy, series: Iterable[Series]) -> dict[str, int]:
    known = list(series)
    rows = await connection.fetch(
        statement("upsert_series"),
        [one.name for one in known],
        [one.unit for one in known],
        [one.direction for one in known],
        [one.cadence_seconds for one in known],
        [one.route for one in known],
    )
    stored = {row["name"]: row for row in rows}
    for one in known:
        unit, direction = stored[one.name]["unit"], stored[one.name]["direction"]
        if (unit, direction) != (one.unit, one.direction):
            raise BaselineError(
                f"series {one.name} is a {direction} in {unit} in the store and a {one.direction} in {one.unit} in the "
                "configuration; give it a new name, its past can't be reinterpreted"
            )
    return {name: row["id"] for name, row in stored.items()}


class PostgresBaselines:
    """`BaselineStore` on a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def save(self, baseline: Baseline, *, extends: str | None = None, activate: bool = True) -> None:
        """Write it whole or not at all, as `BaselineStore.save` says."""
        async with self._pool.acquire() as connection, connection.transaction():
            ids = await _register(connection, baseline.series.values())
            try:
                baseline_id = await connection.fetchval(
                    statement("insert_baseline"),
                    baseline.name,
                    baseline.environment,
                    baseline.release,
                    baseline.captured_by,
                    baseline.sessions[0].started_at,
                    baseline.finished_at,
                    extends,
                    activate,
                    *approval_columns(baseline.approval),
                )
            except asyncpg.UniqueViolationError as error:
                raise BaselineError(
                    f"there is a baseline {baseline.name!r} already, and baselines never change; choose another name"
                ) from error
            for number, session in enumerate(baseline.sessions, start=1):
                session_id = await connection.fetchval(
                    statement("insert_session"),
                    baseline_id,
                    number,
                    session.started_at,
                    session.finished_at,
                    json.dumps(asdict(session.conditions)),
                    json.dumps({level: list(seen) for level, seen in session.levels.items()}),
                )
                await connection.executemany(
                    statement("insert_capture_samples"),
                    [
                        (
                            session_id,
                            ids[name],
                            *arrays(samples),
                            *arrays(session.cold.get(name)),
                            plan_of(session, name),
                            evidence_of(session, name),
                        )
                        for name, samples in session.samples.items()
                    ],
                )

    async def load(self, name: str) -> Baseline:
        """The baseline with the sessions of those that extend it. Raises BaselineError where there is none."""
        head = await self._pool.fetchrow(statement("select_baseline"), name)
        if head is None:
            known = [one.name for one in await self.summaries() if one.extends is None]
            raise BaselineError(
                f"there is no baseline {name!r}; "
                + (
                    f"there are: {', '.join(known)}"
                    if known
                    else "capture one with `portalwatch baseline capture NAME`"
                )
            )
        rows = await self._pool.fetch(statement("select_sessions"), head["id"])
        by_session = defaultdict[int, list[asyncpg.Record]](list)
        for row in rows:
            by_session[row["id"]].append(row)
        return Baseline(
            name=head["name"],
            environment=head["environment"],
            release=head["release"],
            captured_by=head["captured_by"],
            series={row["name"]: series_of(row) for row in rows},
            sessions=[session_of(number, ones) for number, ones in enumerate(by_session.values(), start=1)],
            approval=approval_of(head),
        )

    async def active(self, environment: str) -> str | None:
        """The name of the active baseline, None where there is none."""
        name: str | None = await self._pool.fetchval(statement("select_active"), environment)
        return name

    async def approve(self, name: str, approval: Approval) -> None:
        """Approve a baseline and make it its environment's active one. Raises BaselineError where there is none."""
        environment = (await self.load(name)).environment
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(statement("retire_active"), environment)
            if await connection.execute(statement("approve_baseline"), name, *approval_columns(approval)) == "UPDATE 0":
                raise BaselineError(f"{name!r} holds further sessions of another baseline; approve that one")

    async def delete(self, name: str) -> None:
        """Delete a baseline with the captures that extend it, as `BaselineStore.delete` says."""
        if await self._pool.execute(statement("delete_baseline"), name) == "DELETE 0":
            environment = (await self.load(name)).environment
            if await self.active(environment) == name:
                raise BaselineError(f"{name!r} is the active baseline of {environment}; approve another one first")
            raise BaselineError(f"{name!r} holds further sessions of another baseline; delete that one")

    async def summaries(self) -> list[BaselineSummary]:
        """All baselines, oldest first."""
        return [
            BaselineSummary(
                name=row["name"],
                environment=row["environment"],
                release=row["release"],
                captured_by=row["captured_by"],
                started_at=row["started_at"],
                finished_at=row["finished_at"],
                sessions=row["sessions"],
                series=row["series"],
                active=row["active"],
                approval=approval_of(row),
                extends=row["extends"],
            )
            for row in await self._pool.fetch(statement("select_summaries"))
        ]

    async def history(self, baseline: Baseline, *, besides: str = "") -> Mapping[str, Sequence[Samples]]:
        """By series, the sessions of other captures of the same release and environment, oldest first."""
        own = [baseline.name, besides]
        rows = await self._pool.fetch(statement("select_history"), own, baseline.environment, baseline.release)
        history = defaultdict[str, list[Samples]](list)
        for row in rows:
            history[row["name"]].append(Samples.of(row["value"], row["timed_out"]))
        return history


class PostgresMeasurements:
    """`MeasurementStore` on a pool of connections to the migrated store, with its housekeeping."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._ids: dict[str, int] = {}

    async def register(self, series: SeriesRegistry) -> None:
        """Make the series known. Raises BaselineError where one changed its unit or direction."""
        async with self._pool.acquire() as connection, connection.transaction():
            self._ids = await _register(connection, series.values())
            await connection.execute(
                statement("insert_sample_states"),
                list(_STATES),
                [outcome for outcome, _ in _STATES.values()],
                [reason or "" for _, reason in _STATES.values()],
            )

    async def append(self, measurements: Sequence[Measurement]) -> None:
        """Write a batch; all series must be registered."""
        columns = ("series_id", "started_at", "value", "state", "disturbed", "lateness_ms", "correlation_id")
        records = [
            (
                self._ids[one.series],
                one.started_at,
                one.value,
                _CODES[one.outcome, one.reason],
                one.disturbed,
                min(round(one.lateness_seconds * 1000), _MOST_LATENESS_MS),
                one.correlation_id,
            )
            for one in measurements
        ]
        async with self._pool.acquire() as connection:
            await connection.copy_records_to_table("sample_head", columns=columns, records=records)

    async def since(
        self, series: Sequence[str], start: datetime, end: datetime | None = None
    ) -> dict[str, list[Measurement]]:
        """By series, the measurements started at or after `start` and, where given, before `end`, in the order of time.

        Phases are gone, and of the prober's delay only whether it disturbed.
        """
        measured: dict[str, list[Measurement]] = {name: [] for name in series}
        for row in await self._pool.fetch(statement("select_samples"), series, start, end):
            outcome, reason = _STATES[row["state"]]
            measured[row["name"]].append(
                Measurement(
                    series=row["name"],
                    intended_at=row["started_at"] - timedelta(milliseconds=row["lateness_ms"]),
                    started_at=row["started_at"],
                    outcome=outcome,
                    value=row["value"],
                    reason=reason,
                    prober_delay_seconds=(row["value"] or 0.0) + 1.0 if row["disturbed"] else 0.0,
                    correlation_id=row["correlation_id"],
                )
            )
        return measured

    async def rollups(self, series: Sequence[str], start: datetime) -> dict[str, list[Rollup]]:
        """By series, the figures of the closed hours that began at or after `start`, in the order of time."""
        figures: dict[str, list[Rollup]] = {name: [] for name in series}
        for name, *rollup in await self._pool.fetch(statement("select_rollups"), series, start):
            figures[name].append(Rollup(*rollup))
        return figures

    async def compact(self, now: datetime) -> int:
        """Move the hours that are closed at `now` into chunks and rollups; returns how many samples were moved."""
        closed = (now - _LATE).replace(minute=0, second=0, microsecond=0)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(statement("ensure_partitions"), closed)
            moved: int = await connection.fetchval(statement("compact_samples"), closed)
            return moved

    async def prune(self, samples_before: datetime, rollups_before: datetime) -> int:
        """Drop the partitions that ended before; returns how many."""
        dropped: int = await self._pool.fetchval(statement("drop_partitions"), samples_before, rollups_before)
        return dropped
