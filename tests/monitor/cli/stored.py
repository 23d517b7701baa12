"""Captures and measurements made by hand and put into a store, for the commands that read them."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import asyncpg

from baselines import Baseline, Measurement, Outcome, PlanShape
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.reference import ARMED_CALLS, FrozenReference, freeze
from baselines.watcher import RECENT_GROUPS, Drift, Standing
from monitor.configuration import load_configuration
from monitor.database import store_pool
from probes import series_of
from tests.baselines.made import baseline

T = TypeVar("T")
SERIES = "database_queries.a"
# How much a session differs from the next, and a sample from the one after it.
_SESSION_NOISE = (0.98, 1.0, 1.02, 0.99, 1.01)
_SAMPLE_NOISE = (0.97, 1.0, 1.0, 1.03)


def made(
    name: str,
    milliseconds: float,
    *,
    series: str = SERIES,
    sessions: int = 5,
    release: str = "v1",
    plans: Mapping[str, PlanShape] | None = None,
) -> Baseline:
    """A capture of one series around that many milliseconds, 20 samples a session."""
    samples = [milliseconds / 1000 * noise for noise in _SAMPLE_NOISE * 5]
    return baseline(
        name,
        [{series: [noise * one for one in samples]} for noise in _SESSION_NOISE[:sessions]],
        release=release,
        plans=plans,
    )


def in_store(store: str, act: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    """What `act` gives on a pool of connections to the store."""

    async def run() -> T:
        async with store_pool(store) as pool:
            return await act(pool)

    return asyncio.run(run())


def save(store: str, *captures: Baseline) -> None:
    """Keep captures in the store, in that order."""

    async def act(pool: asyncpg.Pool) -> None:
        for one in captures:
            await PostgresBaselines(pool).save(one)

    in_store(store, act)


def names_in(store: str) -> list[str]:
    """The names of all baselines of the store, oldest first."""

    async def act(pool: asyncpg.Pool) -> list[str]:
        return [one.name for one in await PostgresBaselines(pool).summaries()]

    return in_store(store, act)


def calls(values: Sequence[float], series: str = SERIES, *, end: datetime | None = None) -> list[Measurement]:
    """Measurements 30 s apart, the last one at `end`, which is now."""
    last = end or datetime.now(UTC)
    instants = [last - timedelta(seconds=30 * ago) for ago in reversed(range(len(values)))]
    return [
        Measurement(series=series, intended_at=at, started_at=at, outcome=Outcome.OK, value=value)
        for at, value in zip(instants, values, strict=True)
    ]


def measure(
    store: str, path: Path, values: Sequence[float], series: str = SERIES, *, end: datetime | None = None
) -> None:
    """Put such measurements into the store."""
    keep(store, path, calls(values, series, end=end))


def creeping(series: str, level: float, a_day: float, *, days: int, end: datetime | None = None) -> list[Measurement]:
    """Whole days up to that of `end`, which is today, a call an hour: at the level in the end, by so much more each
    day, and slower by day than by night.
    """
    last = (end or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
    instants = [last - timedelta(hours=ago) for ago in reversed(range(1, 24 * days + 1))]
    return [
        Measurement(
            series=series,
            intended_at=at,
            started_at=at,
            outcome=Outcome.OK,
            value=level * math.exp(a_day * ((at - last).days + 1)) * (1.2 if 8 <= at.hour < 20 else 1.0),
        )
        for at in instants
    ]


def keep(store: str, path: Path, measurements: Sequence[Measurement]) -> None:
    """Put measurements of series of the configuration into the store, and close their hours."""

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresMeasurements(pool)
        await kept.register(series_of(load_configuration(path, {}).settings.probes))
        await kept.append(measurements)
        await kept.compact(measurements[-1].started_at + timedelta(minutes=2))

    in_store(store, act)


def hold(
    store: str, path: Path, milliseconds: float, drift: Drift = Drift.QUIET, *, ratio: float = 1.0, series: str = SERIES
) -> FrozenReference:
    """Hold a series against a reference of a day ago, to which its last calls stand like that, since an hour ago."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    taken = calls([milliseconds / 1000] * ARMED_CALLS, series, end=yesterday)
    frozen = freeze(taken, release="v1", reason="the first one of the series")
    assert frozen is not None
    standing = Standing(
        drift=drift, since=yesterday + timedelta(hours=23), recent=[milliseconds / 1000 * ratio] * RECENT_GROUPS
    )

    async def act(pool: asyncpg.Pool) -> None:
        await PostgresMeasurements(pool).register(series_of(load_configuration(path, {}).settings.probes))
        await PostgresDrift(pool).freeze(series, frozen)
        await PostgresDrift(pool).remember({series: (frozen.taken_until, standing)})

    in_store(store, act)
    return frozen
