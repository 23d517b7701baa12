"""Watching without end in the service, on a real store."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pytest

from baselines import Measurement, Outcome, Reason, Series, SeriesRegistry, Unit
from baselines.postgres import PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.reference import ARMED_CALLS, GROUP_CALLS, FrozenReference, Reference
from baselines.watcher import Drift
from monitor import drift as drift_module
from monitor.comparing import Figures
from monitor.configuration import load_configuration
from monitor.database import migrate, store_pool
from monitor.drift import DriftWatch, watchable
from monitor.embedded import EmbeddedServer
from monitor.pipeline import STORE_IS_AWAY
from probes import series_of
from tests.clocks import START, ManualClock
from tests.monitor.cli.commands import configuration, sql_probes
from thresholds import Finding, Level

A, B = "database_queries.a", "database_queries.b"
CADENCE = 30.0
LEVEL = 0.020


def measured(
    at: datetime, value: float | None, series: str = A, outcome: Outcome = Outcome.OK, delay: float = 0.0
) -> Measurement:
    """One call; what is not ok has run into its deadline."""
    reason = None if outcome is Outcome.OK else Reason.DEADLINE
    return Measurement(
        series=series,
        intended_at=at,
        started_at=at,
        outcome=outcome,
        value=value,
        reason=reason,
        prober_delay_seconds=delay,
    )


@dataclass(frozen=True, slots=True)
class Post:
    """A store with two series, a clock that stands, and services that watch, one after the other."""

    pool: asyncpg.Pool
    figures: Figures
    clock: ManualClock = field(default_factory=ManualClock)
    asked: list[str] = field(default_factory=list)

    @property
    def store(self) -> PostgresDrift:
        return PostgresDrift(self.pool)

    async def measurements(self) -> PostgresMeasurements:
        """With both series registered."""
        measurements = PostgresMeasurements(self.pool)
        await measurements.register(self.figures.series)
        return measurements

    async def service(self) -> DriftWatch:
        """One that has just started and has not looked into the store yet."""
        measurements = await self.measurements()
        return DriftWatch(self.store, measurements, self.figures.series, self.figures, "v1", self.asked.append)

    async def armed(self, *series: str) -> DriftWatch:
        """One with a past of these series, and a reference for each of them."""
        for name in series:
            await self.past(ARMED_CALLS, name)
        self.clock.advance(ARMED_CALLS * CADENCE)
        watch = await self.service()
        await self.keep(watch, times=2)
        assert not set(series) & set(watch.unarmed)
        return watch

    async def past(self, calls: int, series: str = A, *, delay: float = 0.0) -> None:
        """So many healthy calls from now on, in the store; the clock stands."""
        now, values = self.clock.now(), LEVEL * np.random.default_rng(1).lognormal(0, 0.1, calls)
        await (await self.measurements()).append(
            [
                measured(now + timedelta(seconds=CADENCE * turn), value, series, delay=delay)
                for turn, value in enumerate(values.tolist())
            ]
        )

    async def renew(self, level: float) -> None:
        """Somebody decides that series A is as it should be, and from now on it takes so long."""
        now = self.clock.now()
        reference = Reference(np.full(500, level), 500)
        await self.store.freeze(
            A, FrozenReference(reference=reference, taken_from=now, taken_until=now, release="v2", reason="so be it")
        )

    @asynccontextmanager
    async def held_up(self, writing: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
        """While the store lets the writing wait."""
        async with self.pool.acquire() as other, other.transaction():
            await other.execute("LOCK TABLE drift_standing")
            task = asyncio.create_task(writing)
            for _ in range(1000):
                if await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    break
                await asyncio.sleep(0.01)
            yield task

    async def keep(self, watch: DriftWatch, times: int = 1) -> None:
        """What the service does each minute."""
        for _ in range(times):
            await watch.keep(self.clock.now())

    def call(self, watch: DriftWatch, values: Sequence[float], *series: str) -> list[Finding]:
        """A call of each series for each of the values, at their cadence; returns what was found, in order."""
        found = []
        for value in values:
            self.clock.advance(CADENCE)
            now = self.clock.now()
            found += watch.take([measured(now, value, name) for name in series or (A,)], now)
        return found

    def until(self, watch: DriftWatch, drift: Drift, value: float, series: str = A) -> int:
        """Calls of that value until the series stands so; returns how many it took."""
        for number in range(1, 1000):
            self.call(watch, [value], series)
            if drift_of(watch, series) is drift:
                return number
        raise AssertionError(f"never {drift}")


def drift_of(watch: DriftWatch, series: str = A) -> Drift | None:
    """How a series stands to its reference."""
    standing = watch.standing_of(series)
    return standing and standing[0]


@asynccontextmanager
async def post(store: str, directory: Path) -> AsyncIterator[Post]:
    """On a migrated store."""
    path = configuration(directory, store, **sql_probes("postgresql://s/x", a="SELECT 1", b="SELECT 2"))
    configured = load_configuration(path, {})
    async with store_pool(store, eager=False) as pool:
        yield Post(pool, Figures.load(configured, series_of(configured.settings.probes)))


AtPost = Callable[[Callable[[Post], Awaitable[None]]], None]


@pytest.fixture
def at_post(store: str, tmp_path: Path) -> AtPost:
    """Runs what is given with a post."""

    def run(act: Callable[[Post], Awaitable[None]]) -> None:
        async def visit() -> None:
            async with post(store, tmp_path) as one:
                await act(one)

        asyncio.run(visit())

    return run


def test_only_durations_that_are_measured_again_and_again_are_watched() -> None:
    """Neither levels and counts, nor seconds nobody took, nor what no schedule measures."""
    watched = Series("q.a", cadence_seconds=30.0)
    others = [
        Series("q.b"),
        Series("q.c", Unit.COUNT, cadence_seconds=30.0),
        Series("q.d", Unit.RATIO, cadence_seconds=30.0),
        Series("q.e", comparable=False, cadence_seconds=30.0),
    ]
    assert watchable(SeriesRegistry([*others, watched])) == [watched]


def test_a_reference_is_taken_from_what_is_stored(at_post: AtPost) -> None:
    """As soon as 2,500 healthy calls are there: of one series, while the other still waits; nobody has approved it."""

    async def act(post: Post) -> None:
        await post.past(ARMED_CALLS)
        await post.past(ARMED_CALLS - 1, B)
        post.clock.advance(ARMED_CALLS * CADENCE)
        watch = await post.service()
        assert watch.unarmed == [A, B]
        assert watch.standing_of(A) is None
        await post.keep(watch, times=2)
        assert watch.unarmed == [B]
        assert watch.standing_of(A) == (Drift.QUIET, None)
        assert watch.standing_of(B) is None
        (frozen,) = (await post.store.references([A, B])).values()
        assert (frozen.release, frozen.reason, frozen.approved_by) == ("v1", "the first one of the series", None)
        assert frozen.taken_from == START
        assert frozen.reference.level == pytest.approx(LEVEL * 0.9, rel=0.05)

    at_post(act)


def test_what_is_ill_is_no_part_of_a_reference(at_post: AtPost) -> None:
    """2,499 healthy calls and a thousand time-outs and disturbed ones are not enough."""

    async def act(post: Post) -> None:
        await post.past(ARMED_CALLS - 1)
        await post.past(500, delay=0.5)
        now = post.clock.now()
        late = [measured(now + timedelta(seconds=i), 5.0, outcome=Outcome.TIMEOUT) for i in range(500)]
        await (await post.measurements()).append(late)
        post.clock.advance(ARMED_CALLS * CADENCE)
        watch = await post.service()
        await post.keep(watch, times=2)
        assert watch.unarmed == [A, B]

    at_post(act)


def test_a_series_that_is_unwell_is_no_measure_of_itself(at_post: AtPost) -> None:
    """No reference is taken of a series while something is wrong with it, and one is as soon as it is well."""

    async def act(post: Post) -> None:
        await post.past(ARMED_CALLS)
        post.clock.advance(ARMED_CALLS * CADENCE)
        watch = await post.service()
        for _ in range(2):
            await watch.keep(post.clock.now(), {A})
        assert A in watch.unarmed
        await post.keep(watch, times=2)
        assert A not in watch.unarmed

    at_post(act)


def test_it_is_looked_at_again_when_there_can_be_enough(at_post: AtPost) -> None:
    """With 500 calls missing not each minute, but after as long as 500 calls take."""

    async def act(post: Post) -> None:
        await post.past(ARMED_CALLS - 500)
        post.clock.advance((ARMED_CALLS - 500) * CADENCE)
        watch = await post.service()
        await post.keep(watch)
        await post.past(500)
        post.clock.advance(499 * CADENCE)
        await post.keep(watch, times=2)
        assert A in watch.unarmed
        post.clock.advance(CADENCE)
        await post.keep(watch, times=2)
        assert A not in watch.unarmed

    at_post(act)


def test_so_many_at_once_and_the_others_a_minute_later(at_post: AtPost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the past of all series in one go would keep the store from everything else."""
    monkeypatch.setattr(drift_module, "_ARMED_AT_ONCE", 1)

    async def act(post: Post) -> None:
        for name in (A, B):
            await post.past(ARMED_CALLS, name)
        post.clock.advance(ARMED_CALLS * CADENCE)
        watch = await post.service()
        waiting = []
        for _ in range(3):
            await post.keep(watch)
            waiting.append(len(watch.unarmed))
        assert waiting == [2, 1, 0]

    at_post(act)


def test_a_change_is_suspected_then_found_then_over(at_post: AtPost) -> None:
    """Asked again once, and nobody is told of a suspicion; then a warning; a quarter of an hour below it is over."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        assert post.call(watch, [LEVEL] * 100) == []
        post.until(watch, Drift.SUSPECTED, 1.35 * 0.9 * LEVEL)
        assert post.asked == [A]
        assert watch.findings(post.clock.now()) == []
        began = post.clock.now()
        post.until(watch, Drift.DEGRADED, 2 * LEVEL)
        assert post.asked == [A]
        (finding,) = watch.findings(post.clock.now())
        assert (finding.series, finding.level) == (A, Level.WARNING)
        assert finding.limit == 1.25
        assert finding.since < began
        (over,) = post.call(watch, [0.8 * LEVEL] * 50)
        assert (over.series, over.level) == (A, Level.OK)
        assert [one.level for one in watch.findings(post.clock.now())] == [Level.OK]

    at_post(act)


def test_a_drift_is_told_when_it_is_found(at_post: AtPost) -> None:
    """By the very call that made it certain, with the ratio; before and after it nothing is."""

    async def act(post: Post) -> None:
        watch = await post.armed(A, B)
        (finding,) = post.call(watch, [3 * 0.9 * LEVEL] * 60)
        assert (finding.series, finding.level) == (A, Level.WARNING)
        assert finding.value == pytest.approx(3, rel=0.05)
        assert drift_of(watch, B) is Drift.QUIET

    at_post(act)


def test_a_suspicion_that_is_not_confirmed_ends_in_peace(at_post: AtPost) -> None:
    """Nobody is told that anything is bad, and a later one asks again."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        slightly = 1.35 * 0.9 * LEVEL
        post.until(watch, Drift.SUSPECTED, slightly)
        found = post.call(watch, [0.8 * LEVEL] * 60)
        assert [one.level for one in found] == [Level.OK]
        assert post.asked == [A]
        post.until(watch, Drift.SUSPECTED, slightly)
        assert post.asked == [A, A]

    at_post(act)


def test_what_says_nothing_of_the_target_does_not_count(at_post: AtPost) -> None:
    """However slow: disturbed calls, failures, skipped runs and series nobody watches."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        for _ in range(100):
            post.clock.advance(CADENCE)
            now = post.clock.now()
            ones = [
                measured(now, 9.0, delay=1.0),
                measured(now, None, outcome=Outcome.ERROR),
                measured(now, None, outcome=Outcome.FAILED_ASSERTION),
                measured(now, None, outcome=Outcome.SKIPPED),
                measured(now, 9.0, B),
                measured(now, 9.0, "q.stranger"),
            ]
            assert watch.take(ones, now) == []
        assert watch.standing_of(A) == (Drift.QUIET, None)

    at_post(act)


def test_time_outs_count_as_infinitely_slow(at_post: AtPost) -> None:
    """Even where the deadline is shorter than what the series usually takes."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        found = []
        for _ in range(60):
            post.clock.advance(CADENCE)
            now = post.clock.now()
            found += watch.take([measured(now, LEVEL / 2, outcome=Outcome.TIMEOUT)], now)
        assert watch.standing_of(A) == (Drift.DEGRADED, math.inf)
        assert [one.value for one in found] == [None]
        assert "does not answer in time" in found[0].summary
        await post.keep(watch)
        again = await post.service()
        await post.keep(again)
        assert again.standing_of(A) == (Drift.DEGRADED, math.inf)

    at_post(act)


@pytest.mark.parametrize("before", [1, 7, 12])
def test_a_restart_goes_on_with_the_evidence_it_had(at_post: AtPost, before: int) -> None:
    """A change is found after as many calls as without the restart, also in the middle of a group of five."""

    async def act(post: Post) -> None:
        watch = await post.armed(A, B)
        slow = 2 * LEVEL
        needed = post.until(watch, Drift.DEGRADED, slow, B)
        post.call(watch, [slow] * before)
        await watch.remember()
        again = await post.service()
        assert again.standing_of(A) is None
        await post.keep(again)
        assert drift_of(again, B) is Drift.DEGRADED
        assert [(one.series, one.level) for one in again.findings(post.clock.now())] == [
            (A, Level.OK),
            (B, Level.WARNING),
        ]
        assert post.until(again, Drift.DEGRADED, slow) == needed - before

    at_post(act)


def test_a_renewed_reference_is_taken_up(at_post: AtPost) -> None:
    """What was slower is as it should be now; of the other series nothing is forgotten."""

    async def act(post: Post) -> None:
        watch = await post.armed(A, B)
        post.until(watch, Drift.DEGRADED, 2 * LEVEL)
        needed = post.until(watch, Drift.DEGRADED, 2 * LEVEL, B)
        post.call(watch, [LEVEL * 0.8] * 60, B)
        assert drift_of(watch, B) is Drift.QUIET
        post.call(watch, [2 * LEVEL] * 7, B)
        await post.renew(2 * LEVEL)
        await post.keep(watch)
        assert watch.standing_of(A) == (Drift.QUIET, None)
        assert [one.level for one in watch.findings(post.clock.now())] == [Level.OK, Level.OK]
        assert post.call(watch, [2 * LEVEL] * 100) == []
        assert post.until(watch, Drift.DEGRADED, 2 * LEVEL, B) == needed - 7

    at_post(act)


def test_a_standing_to_another_reference_is_not_gone_on_with(at_post: AtPost) -> None:
    """Renewed while the service was down: what is remembered speaks of what holds no more."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        post.until(watch, Drift.DEGRADED, 2 * LEVEL)
        await watch.remember()
        await post.renew(2 * LEVEL)
        again = await post.service()
        await post.keep(again)
        assert again.standing_of(A) == (Drift.QUIET, None)

    at_post(act)


def test_only_what_was_called_is_written(at_post: AtPost) -> None:
    """Ten thousand series that had no call this minute are no ten thousand rows."""

    async def act(post: Post) -> None:
        watch = await post.armed(A, B)
        post.call(watch, [LEVEL] * 7)
        await post.keep(watch)
        remembered = await post.store.standings([A, B])
        assert set(remembered) == {A}
        assert len(remembered[A][1].waiting) == 7 - GROUP_CALLS
        await post.pool.execute("DELETE FROM drift_standing")
        await post.keep(watch)
        assert await post.store.standings([A, B]) == {}

    at_post(act)


def test_a_call_while_it_is_written_is_for_the_next_time(at_post: AtPost) -> None:
    """The store takes a while, the calls go on: what is written last is how the series stands."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        post.call(watch, [LEVEL])
        async with post.held_up(watch.remember()) as writing:
            post.call(watch, [LEVEL])
        await writing
        await watch.remember()
        assert len((await post.store.standings([A]))[A][1].waiting) == 2

    at_post(act)


def test_a_writing_that_is_cut_off_is_made_up_for(at_post: AtPost) -> None:
    """A stop cancels what the minute was about to write, and writes once more itself."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        post.call(watch, [LEVEL])
        async with post.held_up(watch.remember()) as writing:
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
        await watch.remember()
        assert len((await post.store.standings([A]))[A][1].waiting) == 1

    at_post(act)


def test_while_the_store_is_away_the_watching_goes_on(reachable_directory: Path, tmp_path: Path) -> None:
    """Calls are held against what was known, a drift is found; back again, nothing of it is forgotten."""
    directory = reachable_directory / "drift"
    server = EmbeddedServer.start(directory, durable=False)
    try:
        server.create_database("portalwatch")
        dsn = server.dsn("portalwatch")
        asyncio.run(migrate(dsn))

        async def act() -> None:
            nonlocal server
            async with post(dsn, tmp_path) as one:
                watch = await one.armed(A)
                one.call(watch, [LEVEL])
                server.stop()
                with pytest.raises(STORE_IS_AWAY):
                    await one.keep(watch)
                with pytest.raises(STORE_IS_AWAY):
                    await watch.remember()
                (finding,) = one.call(watch, [3 * LEVEL] * 60)
                assert finding.level is Level.WARNING
                server = EmbeddedServer.start(directory, durable=False)
                await one.keep(watch)
                again = await one.service()
                await one.keep(again)
                assert again.standing_of(A) == watch.standing_of(A) != (Drift.QUIET, None)

        asyncio.run(act())
    finally:
        server.stop()


def test_a_service_that_starts_without_the_store_takes_up_later(at_post: AtPost) -> None:
    """Its first look fails and calls are passed over; as soon as it can read it goes on as remembered."""

    async def act(post: Post) -> None:
        watch = await post.armed(A)
        post.until(watch, Drift.DEGRADED, 2 * LEVEL)
        await watch.remember()
        again = await post.service()
        await post.pool.execute("ALTER TABLE drift_standing RENAME TO away")
        with pytest.raises(STORE_IS_AWAY):
            await post.keep(again)
        assert post.call(again, [2 * LEVEL]) == []
        assert again.standing_of(A) is None
        await post.pool.execute("ALTER TABLE away RENAME TO drift_standing")
        await post.keep(again)
        assert drift_of(again) is Drift.DEGRADED

    at_post(act)
