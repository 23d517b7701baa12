"""Watching without end in the service: takes references, holds every measurement against them, and forgets nothing."""

import asyncio
import math
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

import structlog

from baselines import Measurement, Outcome, Series, SeriesRegistry
from baselines.comparison import FLOOR_SECONDS
from baselines.postgres import PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.reference import ARMED_CALLS, FrozenReference, freeze, healthy
from baselines.watcher import Call, Drift, Watcher, Yardstick
from monitor.comparing import Figures
from thresholds import Finding, Profile, Routing, drift_finding, tolerances

# Reading a day of calls takes some milliseconds a series: so many in a minute leave the store to others.
_ARMED_AT_ONCE = 50
_RETRY = timedelta(minutes=10)

log = structlog.get_logger(__name__)


def watchable(series: SeriesRegistry) -> list[Series]:
    """The series that can be held against themselves: durations that are measured again and again."""
    return [one for one in series.values() if one.is_watchable]


async def healthy_calls(measurements: PostgresMeasurements, series: Series, now: datetime) -> list[Measurement]:
    """The calls a reference can be made of, in the order of time: from twice as long ago as they take at best."""
    measured = await measurements.since([series.name], now - 2 * _lasting(series, ARMED_CALLS))
    return healthy(measured[series.name])


def _lasting(series: Series, calls: int) -> timedelta:
    return timedelta(seconds=calls * (series.cadence_seconds or 0.0))


class DriftWatch:
    """The watcher over all series that have a reference, and what has to be kept of it.

    `ask_again` is called with a series that has become suspected: further calls of it are wanted.
    """

    def __init__(
        self,
        store: PostgresDrift,
        measurements: PostgresMeasurements,
        series: SeriesRegistry,
        figures: Figures,
        release: str,
        ask_again: Callable[[str], None],
    ) -> None:
        self._store = store
        self._measurements = measurements
        self._series = {one.name: one for one in watchable(series)}
        self._tolerances = tolerances(self._series.values(), figures.matrix, Profile.STANDARD)
        self._routing: Routing = figures.routing
        self._release = release
        self._ask_again = ask_again
        self._references: dict[str, FrozenReference] = {}
        self._yardsticks: dict[str, Yardstick] = {}
        self._watcher = Watcher({})
        self._moved: set[str] = set()
        self._armed_from: dict[str, datetime] = {}
        self._resumed = False

    @property
    def unarmed(self) -> list[str]:
        """The series that have no reference yet."""
        return [name for name in self._series if name not in self._references]

    def standing_of(self, series: str) -> tuple[Drift, float | None] | None:
        """How a series stands to its reference, and the last fifteen calls over it; None without a reference."""
        if series not in self._watcher:
            return None
        return self._watcher.drift(series), self._watcher.ratio(series)

    def take(self, measurements: Iterable[Measurement], now: datetime) -> list[Finding]:
        """Hold measurements against the references; returns findings of the series that stand otherwise than before."""
        calls = [
            Call(one.series, one.started_at, math.inf if one.outcome is Outcome.TIMEOUT else one.value)
            for one in measurements
            if one.series in self._watcher and one.value is not None and not one.disturbed
        ]
        self._moved.update(one.series for one in calls)
        changed = sorted(self._watcher.take(calls))
        for name in changed:
            drift = self._watcher.drift(name)
            log.info("drift", series=name, drift=drift, ratio=self._watcher.ratio(name))
            if drift is Drift.SUSPECTED:
                self._ask_again(name)
        return self._findings(changed, now)

    def findings(self, now: datetime) -> list[Finding]:
        """What is to be said of every watched series now, good or bad; a suspicion is neither."""
        return self._findings(self._references, now)

    async def keep(self, now: datetime, unwell: Collection[str] = ()) -> None:
        """Take up references that others have taken, take those that are due, and remember how all series stand.

        Of a series that is `unwell` no reference is taken: it would make the fault the measure of things.
        """
        await self._take_up()
        await self._arm(now, unwell)
        await self.remember()

    async def remember(self) -> None:
        """Keep how the series stand that were called since the last time."""
        moved, self._moved = self._moved, set()  # what is called meanwhile is for the next time
        if not moved:
            return
        try:
            await self._store.remember(
                {name: (self._references[name].taken_until, self._watcher.standing(name)) for name in moved}
            )
        except BaseException:
            self._moved |= moved
            raise

    async def _take_up(self) -> None:
        newer = await self._store.references(list(self._series), self._references)
        if not newer:
            return
        # Half a millisecond each: ten thousand of them would hold up everything else.
        yardsticks = await asyncio.to_thread(lambda: {name: self._yardstick(name, one) for name, one in newer.items()})
        remembered = {} if self._resumed else await self._store.standings(list(newer))
        kept = {name: self._watcher.standing(name) for name in self._references if name not in newer}
        kept |= {name: one for name, (until, one) in remembered.items() if until == newer[name].taken_until}
        self._references |= newer
        self._yardsticks |= yardsticks
        self._watcher = Watcher(self._yardsticks)
        for name, standing in kept.items():
            self._watcher.restore(name, standing)
        self._resumed = True
        log.info("watching", series=len(self._references), without_reference=len(self.unarmed))

    async def _arm(self, now: datetime, unwell: Collection[str]) -> None:
        due = [name for name in self.unarmed if name not in unwell and self._armed_from.get(name, now) <= now]
        for name in due[:_ARMED_AT_ONCE]:
            calls = await healthy_calls(self._measurements, self._series[name], now)
            frozen = freeze(calls, release=self._release, reason="the first one of the series")
            if frozen is not None:
                await self._store.freeze(name, frozen)
            self._armed_from[name] = now + max(_RETRY, _lasting(self._series[name], ARMED_CALLS - len(calls)))

    def _yardstick(self, name: str, frozen: FrozenReference) -> Yardstick:
        cadence = self._series[name].cadence_seconds
        assert cadence is not None  # of a watchable series
        return Yardstick.of(
            frozen.reference, tolerance=self._tolerances[name], cadence_seconds=cadence, floor=FLOOR_SECONDS
        )

    def _findings(self, names: Iterable[str], now: datetime) -> list[Finding]:
        return [
            drift_finding(
                self._series[name],
                self._routing,
                degraded=self._watcher.drift(name) is Drift.DEGRADED,
                ratio=self._watcher.ratio(name),
                tolerance=self._tolerances[name],
                since=self._watcher.since(name) or now,
            )
            for name in names
            if self._watcher.drift(name) is not Drift.SUSPECTED
        ]
