"""Slow creep below any tolerance: in how many days a series crosses a limit, at the pace of the last weeks."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import asyncpg
import structlog

from baselines import FLOOR_SECONDS, Baseline, BaselineError, Clock, Series, SeriesRegistry, Unit
from baselines.forecast import DaysUntil, trend_of
from baselines.location import level_of
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.reference import Reference
from baselines.rollup import Rollup
from baselines.watcher import limit_over
from monitor.comparing import Figures
from monitor.exporter import Exporter
from monitor.pipeline import STORE_IS_AWAY
from thresholds import Profile, written

# Long enough for a creep of half a percent a day, and every day of the week is in it as often as the others.
PAST = timedelta(weeks=5)
_DAY_SECONDS = 86400.0

log = structlog.get_logger(__name__)


class Ahead(StrEnum):
    """What a series may cross."""

    WARNING = "warning"
    CRITICAL = "critical"
    TOLERANCE = "tolerance"


@dataclass(frozen=True, slots=True)
class Forecast:
    """A limit that will be crossed, its `value` in the base unit of the series, and in how many days."""

    limit: Ahead
    value: float
    days: DaysUntil

    def sentence(self, unit: Unit) -> str:
        """For people: "the critical limit of 1 s in 12 to 30 days at this pace"."""
        name = self.limit if self.limit is Ahead.TOLERANCE else f"{self.limit} limit"
        return f"the {name} of {written(self.value, unit)} {self.days.sentence}"


class Creep:
    """Forecasts out of the hourly figures of a store, series by series."""

    def __init__(self, figures: Figures, environment: str, pool: asyncpg.Pool) -> None:
        self._matrix = figures.matrix
        self._environment = environment
        self._baselines = PostgresBaselines(pool)
        self._measurements = PostgresMeasurements(pool)
        self._drift = PostgresDrift(pool)

    async def forecasts(self, series: Iterable[Series], now: datetime) -> AsyncIterator[tuple[Series, list[Forecast]]]:
        """Each series with what it will cross within a year, if anything. Raises what the store raises."""
        baseline = await self._active(now)
        for one in series:
            rollups = await self._measurements.rollups([one.name], now - PAST)
            references = await self._drift.references([one.name]) if one.is_watchable else {}
            frozen = references.get(one.name)
            # A thread: the calculation takes milliseconds, and the import of what it needs a second.
            yield (
                one,
                await asyncio.to_thread(
                    self._forecasts, one, rollups[one.name], None if frozen is None else frozen.reference, baseline
                ),
            )

    async def _active(self, now: datetime) -> Baseline | None:
        name = await self._baselines.active(self._environment)
        if name is None:
            return None
        try:
            baseline = await self._baselines.load(name)
        except BaselineError:  # deleted since
            return None
        return None if baseline.expired_at(now) else baseline

    def _forecasts(
        self, series: Series, rollups: Sequence[Rollup], reference: Reference | None, baseline: Baseline | None
    ) -> list[Forecast]:
        trend = trend_of(rollups)
        if trend is None:
            return []
        limits = self._absolute(series)
        tolerated = self._tolerated(series, reference, baseline)
        if tolerated is not None:
            limits[Ahead.TOLERANCE] = tolerated
        crossed = {limit: trend.days_until(value, series.direction) for limit, value in limits.items()}
        return [Forecast(limit, limits[limit], days) for limit, days in crossed.items() if days is not None]

    def _absolute(self, series: Series) -> dict[Ahead, float]:
        """The limits of the matrix; a count by time is none, since the hourly figures are of single runs."""
        limits = self._matrix.limits_of(series)
        both = {Ahead.WARNING: limits.warning, Ahead.CRITICAL: limits.critical}
        return {
            level: limit.value
            for level, limit in both.items()
            if limit is not None and not (series.increment and limit.window_seconds)
        }

    def _tolerated(self, series: Series, reference: Reference | None, baseline: Baseline | None) -> float | None:
        """What is tolerated over the reference, or over the active baseline where there is none."""
        level = _level(series, reference, baseline)
        if level is None:
            return None
        tolerance, _ = self._matrix.tolerance_of(series, Profile.STANDARD)
        return limit_over(level, tolerance, FLOOR_SECONDS)


def _level(series: Series, reference: Reference | None, baseline: Baseline | None) -> float | None:
    if reference is not None:
        return reference.level
    if baseline is None or not series.is_duration:
        return None
    return level_of(baseline.samples_of(series.name))


class CreepWatch:
    """Tells the exporter of every forecast."""

    def __init__(self, creep: Creep, series: SeriesRegistry, exporter: Exporter, clock: Clock) -> None:
        self._creep = creep
        self._series = series
        self._exporter = exporter
        self._clock = clock

    async def look(self) -> None:
        """Renew the forecasts of all series, one after the other; while the store is away those before stay."""
        try:
            async for series, forecasts in self._creep.forecasts(self._series.values(), self._clock.now()):
                self._exporter.until_limit(series.name, _earliest(forecasts))
        except STORE_IS_AWAY as error:
            log.warning("the forecasts are not renewed", reason=type(error).__name__)


def _earliest(forecasts: Sequence[Forecast]) -> dict[str, float | None]:
    """In seconds, None for a limit that is not ahead."""
    found = {one.limit: one.days.earliest * _DAY_SECONDS for one in forecasts}
    return {limit: found.get(limit) for limit in Ahead}
