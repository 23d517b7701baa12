"""References and standings in a real store."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import asyncpg
import numpy as np
import pytest

from baselines import Series, SeriesRegistry
from baselines.postgres import PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.reference import FrozenReference, Reference
from baselines.watcher import Drift, Standing
from tests.clocks import START
from tests.monitor.cli.stored import in_store

NAMES = ["q.a", "q.b", "q.c"]
EVENTFUL = Standing(
    drift=Drift.SUSPECTED,
    since=START,
    below_since=START + timedelta(minutes=2),
    waiting=[0.011, math.inf],
    recent=[0.012, math.inf, 0.3],
    suspicion=[-math.inf, -1.5, 0.0, 12.25, 13.0],
    degradation=[-math.inf] * 5,
)


def frozen(day: float, level: float = 0.01, reason: str = "the first one of the series") -> FrozenReference:
    """What ends so many days after the start."""
    return FrozenReference(
        reference=Reference(np.array([level, 1.1 * level, 2 * level]), 3),
        taken_from=START + timedelta(days=day - 1),
        taken_until=START + timedelta(days=day),
        release="v1",
        reason=reason,
    )


def with_drift(store: str, use: Callable[[PostgresDrift, asyncpg.Pool], Awaitable[None]]) -> None:
    """Does what `use` does with a store in which the series are registered."""

    async def act(pool: asyncpg.Pool) -> None:
        await PostgresMeasurements(pool).register(SeriesRegistry([Series(name) for name in NAMES]))
        await use(PostgresDrift(pool), pool)

    in_store(store, act)


def test_a_reference_comes_back_as_it_was_frozen(store: str) -> None:
    """Every field, also of an approved one; a series without one, or unknown, is not there."""

    async def use(drift: PostgresDrift, _: asyncpg.Pool) -> None:
        approved = replace(frozen(2), reason="after v2", approved_by="ann", approved_at=START + timedelta(days=2))
        for name, one in (("q.a", frozen(1)), ("q.b", approved)):
            await drift.freeze(name, one)
        found = await drift.references([*NAMES, "q.stranger"])
        assert set(found) == {"q.a", "q.b"}
        for name, one in (("q.a", frozen(1)), ("q.b", approved)):
            assert found[name].reference.fastest.tolist() == one.reference.fastest.tolist()
            assert found[name].reference.independent == 3
            assert replace(found[name], reference=one.reference) == one

    with_drift(store, use)


def test_the_newest_reference_holds(store: str) -> None:
    """Whatever the order of writing; the one before it stays in the store."""

    async def use(drift: PostgresDrift, pool: asyncpg.Pool) -> None:
        for day in (2, 3, 1):
            await drift.freeze("q.a", frozen(day, level=day / 100))
        found = await drift.references(NAMES)
        assert found["q.a"].taken_until == START + timedelta(days=3)
        assert found["q.a"].reference.fastest[0] == 0.03
        assert await pool.fetchval("SELECT count(*) FROM drift_reference") == 3

    with_drift(store, use)


def test_what_is_known_is_not_read_again(store: str) -> None:
    """Only what was replaced since, and series that had none; a reader without any knowledge gets all."""

    async def use(drift: PostgresDrift, _: asyncpg.Pool) -> None:
        for name in ("q.a", "q.b"):
            await drift.freeze(name, frozen(1))
        known = await drift.references(NAMES)
        assert await drift.references(NAMES, known) == {}
        await drift.freeze("q.b", frozen(2))
        await drift.freeze("q.c", frozen(1))
        assert set(await drift.references(NAMES, known)) == {"q.b", "q.c"}
        assert set(await drift.references(NAMES)) == set(NAMES)

    with_drift(store, use)


def test_freezing_twice_leaves_the_first(store: str) -> None:
    """Two services that arm at the same moment have the same calls; the second one changes nothing."""

    async def use(drift: PostgresDrift, pool: asyncpg.Pool) -> None:
        await asyncio.gather(*(drift.freeze("q.a", frozen(1)) for _ in range(5)))
        await drift.freeze("q.a", frozen(1, level=0.5, reason="another"))
        assert (await drift.references(["q.a"]))["q.a"].reason == "the first one of the series"
        assert await pool.fetchval("SELECT count(*) FROM drift_reference") == 1

    with_drift(store, use)


def test_what_holds_now_is_approved(store: str) -> None:
    """By whom and when, of the newest one alone; series without a reference are not among the approved."""

    async def use(drift: PostgresDrift, pool: asyncpg.Pool) -> None:
        for day in (1, 2):
            await drift.freeze("q.b", frozen(day))
        await drift.freeze("q.a", frozen(1))
        at = START + timedelta(days=5)
        assert await drift.approve(["q.c", "q.b", "q.stranger", "q.a"], "ann", at) == ["q.a", "q.b"]
        found = await drift.references(NAMES)
        assert {(one.approved_by, one.approved_at) for one in found.values()} == {("ann", at)}
        assert await pool.fetchval("SELECT count(*) FROM drift_reference WHERE approved_by IS NULL") == 1
        assert await drift.approve(["q.a"], "bob", at + timedelta(days=1)) == ["q.a"]
        assert (await drift.references(["q.a"]))["q.a"].approved_by == "bob"

    with_drift(store, use)


def test_standings_come_back_as_they_were(store: str) -> None:
    """Also what is infinite in either direction, and one that has seen nothing yet."""

    async def use(drift: PostgresDrift, _: asyncpg.Pool) -> None:
        until = START + timedelta(days=1)
        fresh = Standing()
        await drift.remember({"q.a": (until, EVENTFUL), "q.b": (START, fresh)})
        found = await drift.standings([*NAMES, "q.stranger"])
        assert found["q.a"] == (until, EVENTFUL)
        assert found["q.b"] == (START, replace(fresh, suspicion=[-math.inf] * 5, degradation=[-math.inf] * 5))
        assert set(found) == {"q.a", "q.b"}

    with_drift(store, use)


def test_a_standing_replaces_the_one_before(store: str) -> None:
    """Every part of it, with the reference it belongs to; one row a series."""

    async def use(drift: PostgresDrift, pool: asyncpg.Pool) -> None:
        await drift.remember({"q.a": (START, EVENTFUL)})
        later = START + timedelta(days=1)
        await drift.remember({"q.a": (later, Standing())})
        (until, one) = (await drift.standings(["q.a"]))["q.a"]
        assert until == later
        assert (one.drift, one.since, one.below_since, one.waiting, one.recent) == (Drift.QUIET, None, None, [], [])
        assert set(one.suspicion) == {-math.inf}
        assert await pool.fetchval("SELECT count(*) FROM drift_standing") == 1

    with_drift(store, use)


def test_remembering_is_all_or_nothing(store: str) -> None:
    """Where one row of a thousand is refused none is written: half a moment is never read again."""

    async def use(drift: PostgresDrift, pool: asyncpg.Pool) -> None:
        broken = replace(EVENTFUL, waiting=None)  # type: ignore[arg-type]
        many = {"q.a": (START, EVENTFUL), "q.b": (START, EVENTFUL), "q.c": (START, broken)}
        with pytest.raises(asyncpg.NotNullViolationError):
            await drift.remember(many)
        assert await pool.fetchval("SELECT count(*) FROM drift_standing") == 0

    with_drift(store, use)
