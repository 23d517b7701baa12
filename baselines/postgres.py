"""Baselines and measurements in PostgreSQL: the one file of this room that talks to a server."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import asyncpg
import numpy as np

from baselines.baseline import Baseline, BaselineError, CaptureConditions, CaptureSession, Spacing
from baselines.measurement import Measurement, Outcome, Reason
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import Direction, Series, SeriesRegistry, Unit
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

    async def save(self, baseline: Baseline, *, extends: str | None = None) -> None:
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
                )
                await connection.executemany(
                    statement("insert_capture_samples"),
                    [
                        (
                            session_id,
                            ids[name],
                            *_arrays(samples),
                            *_arrays(session.cold.get(name)),
                            _plan(session, name),
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
            series={row["name"]: _series(row) for row in rows},
            sessions=[_session(number, ones) for number, ones in enumerate(by_session.values(), start=1)],
        )

    async def active(self, environment: str) -> str | None:
        """The name of the active baseline, None where there is none."""
        name: str | None = await self._pool.fetchval(statement("select_active"), environment)
        return name

    async def approve(self, name: str, by: str, at: datetime) -> None:
        """Approve a baseline and make it its environment's active one. Raises BaselineError where there is none."""
        environment = (await self.load(name)).environment
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(statement("retire_active"), environment)
            if await connection.execute(statement("approve_baseline"), name, by, at) == "UPDATE 0":
                raise BaselineError(f"{name!r} holds further sessions of another baseline; approve that one")

    async def summaries(self) -> list[BaselineSummary]:
        """All baselines, oldest first."""
        return [BaselineSummary(**row) for row in await self._pool.fetch(statement("select_summaries"))]

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

    async def since(self, series: Sequence[str], start: datetime) -> dict[str, list[Measurement]]:
        """By series, the measurements started at or after `start`, in the order of time.

        Phases are gone, and of the prober's delay only whether it disturbed.
        """
        measured: dict[str, list[Measurement]] = {name: [] for name in series}
        for row in await self._pool.fetch(statement("select_samples"), series, start):
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


def _arrays(samples: Samples | None) -> tuple[list[float | None], list[bool]]:
    if samples is None:
        return [], []
    return [None if np.isnan(value) else float(value) for value in samples.values], samples.timed_out.tolist()


def _plan(session: CaptureSession, series: str) -> list[str] | None:
    plan = session.plans.get(series)
    return None if plan is None else list(plan.nodes)


def _series(row: asyncpg.Record) -> Series:
    return Series(row["name"], Unit(row["unit"]), Direction(row["direction"]), row["cadence_seconds"], row["route"])


def _session(number: int, rows: Sequence[asyncpg.Record]) -> CaptureSession:
    first = rows[0]
    conditions = json.loads(first["conditions"])
    return CaptureSession(
        number=number,
        started_at=first["started_at"],
        finished_at=first["finished_at"],
        conditions=CaptureConditions(**{**conditions, "spacing": Spacing(conditions["spacing"])}),
        samples={row["name"]: Samples.of(row["value"], row["timed_out"]) for row in rows},
        cold={row["name"]: Samples.of(row["cold_value"], row["cold_timed_out"]) for row in rows if row["cold_value"]},
        plans={row["name"]: PlanShape(tuple(row["plan"])) for row in rows if row["plan"] is not None},
    )
