"""Captures made by hand and put into a store, for the commands that read them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import asyncpg

from baselines import Baseline, PlanShape
from baselines.postgres import PostgresBaselines
from monitor.database import store_pool
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
