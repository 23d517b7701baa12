"""Makes a baseline out of the service's own measurements, reading a few hours of them at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import chain

from baselines import (
    RULE_VERSION,
    Baseline,
    CaptureConditions,
    CaptureSession,
    Ledger,
    MeasurementStore,
    Section,
    SeriesRegistry,
    Spacing,
)
from baselines.case import LARGEST_CAPTURE
from baselines.from_history import (
    HOST_LOAD_METRICS,
    LOAD_METRICS,
    LoadBand,
    Match,
    Window,
    candidates,
    choose,
    load_series,
    mean_between,
    sessions_of_each,
    windows,
)
from baselines.ledger import plans_of, release_of
from baselines.live import CONNECTION_MODE, LEAST_SESSIONS, SESSION_SAMPLES
from monitor.capturing import Progress
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError, UndecidedError

# The load that is to be matched is that of the hour before.
LOAD_WINDOW = timedelta(hours=1)
# What a release is called that nobody has noted: the configuration may name the next one already.
UNKNOWN_RELEASE = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A baseline of what was measured before `until`, by what it is to be `matched` with the instant `like`.

    `by` is who asks for it.
    """

    name: str
    by: str
    until: datetime
    like: datetime
    matched: Collection[Match]

    @property
    def weekly(self) -> bool:
        """Whether the hour of the week counts."""
        return Match.HOUR_OF_WEEK in self.matched


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A baseline, not yet stored, and what its reader must know of it.

    `band` is the load it holds for, None where load was not matched. `left_out` has the number of sessions of each
    series that has too few.
    """

    baseline: Baseline
    band: LoadBand | None
    left_out: Mapping[str, int]


class FromHistory:
    """Makes baselines of one configuration's series."""

    def __init__(
        self,
        configuration: Configuration,
        series: SeriesRegistry,
        measurements: MeasurementStore,
        ledger: Ledger,
        progress: Progress,
    ) -> None:
        self._configuration = configuration
        self._environment = configuration.settings.environment
        self._series = series
        self._measurements = measurements
        self._ledger = ledger
        self._progress = progress

    async def make(self, wish: Wish, now: datetime) -> Made:
        """The baseline that was wished for.

        Raises ConfigurationError where no probe tells the load that is to be matched, UndecidedError where that load is
        not known, nothing so old is kept, or no series has enough sessions.
        """
        kept = self._configuration.settings.store.samples_days
        oldest = now - timedelta(days=kept)
        if wish.until <= oldest:
            raise UndecidedError(
                f"nothing from before {wish.until:%Y-%m-%d %H:%M} UTC is there any more: single measurements are kept "
                f"for {kept} days (store.samples_days)"
            )
        band = await self._band(wish.like) if Match.LOAD in wish.matched else None
        durations = [name for name, one in self._series.items() if one.is_duration]
        found = await self._found(wish, oldest, durations, band)
        chosen = choose(found, weekly=wish.weekly)
        number = sessions_of_each(chain.from_iterable(found))
        left_out = {name: number[name] for name in durations if number[name] < LEAST_SESSIONS}
        if not chosen:
            raise UndecidedError(_too_little(wish, left_out))
        baseline = Baseline(
            name=wish.name,
            environment=self._environment,
            release=await self._release(wish.until),
            captured_by=f"the service's history (by {wish.by})",
            series={name: self._series[name] for name in durations if name not in left_out},
            sessions=chosen,
        )
        return Made(baseline=baseline, band=band, left_out=left_out)

    async def _band(self, like: datetime) -> LoadBand:
        series = load_series(self._series)
        if series is None:
            raise ConfigurationError(
                "load can't be matched, since no probe tells it: add one of the kind scrape with the series "
                f"{LOAD_METRICS[0]}, or one of the kind host that measures cpu, or leave load out of --match"
            )
        measured = await self._measurements.since([series.name], like - LOAD_WINDOW, like)
        level = mean_between(measured[series.name], like - LOAD_WINDOW, like)
        if level is None:
            raise UndecidedError(
                f"load can't be matched: {series.name} was not measured in the hour before {like:%Y-%m-%d %H:%M} UTC; "
                "name another instant with --like, or leave load out of --match"
            )
        return LoadBand.around(series, level)

    async def _found(
        self, wish: Wish, oldest: datetime, durations: Sequence[str], band: LoadBand | None
    ) -> list[list[CaptureSession]]:
        """The comparable sessions of each window; not weekly, of each series no more windows than it needs."""
        places = list(windows(wish.until, wish.like, oldest, weekly=wish.weekly))
        found: list[list[CaptureSession]] = []
        wanted = list(durations)
        with self._progress.track(f"reading what was measured before {wish.until:%Y-%m-%d %H:%M}", len(places)) as read:
            for window in places:
                found.append(await self._sessions(window, wanted, band))
                read()
                if not wish.weekly:
                    number = sessions_of_each(chain.from_iterable(found))
                    wanted = [name for name in wanted if number[name] < LARGEST_CAPTURE]
                if not wanted:
                    break
        return found

    async def _sessions(self, window: Window, names: Sequence[str], band: LoadBand | None) -> list[CaptureSession]:
        host_load = load_series(self._series, HOST_LOAD_METRICS)
        loads = [one.name for one in (host_load, band and band.series) if one]
        measured = await self._measurements.since([*names, *loads], window.start, window.end)
        plans = plans_of(await self._ledger.state(self._environment, window.end, Section.PLANS))
        sessions = candidates(
            {name: measured[name] for name in names},
            measured[host_load.name] if host_load else [],
            self._conditions(await self._release(window.end)),
            plans,
        )
        if band is None:
            return sessions
        load = measured[band.series.name]
        return [one for one in sessions if mean_between(load, one.started_at, one.finished_at) in band]

    async def _release(self, at: datetime) -> str:
        return release_of(await self._ledger.state(self._environment, at, Section.RELEASE)) or UNKNOWN_RELEASE

    def _conditions(self, release: str) -> CaptureConditions:
        return CaptureConditions(
            spacing=Spacing.SPREAD,
            connection_mode=CONNECTION_MODE,
            host_load=None,
            release=release,
            configuration_hash=self._configuration.hash,
            rule_version=RULE_VERSION,
            prober_version=version("portalwatch"),
        )


def _too_little(wish: Wish, sessions: Mapping[str, int]) -> str:
    """What there is of each series, and what would help."""
    if not sessions:
        return "no probe measures a time, so there is nothing to make a baseline of"
    counts = ", ".join(f"{name} {number}" for name, number in sorted(sessions.items(), key=lambda item: -item[1]))
    helps = [f"leave {one} out of --match" for one in Match if one in wish.matched]
    advice = f"; {', or '.join(helps)}" if helps else ""
    return (
        f"no series has {LEAST_SESSIONS} sessions (runs of {SESSION_SAMPLES} undisturbed measurements) before "
        f"{wish.until:%Y-%m-%d %H:%M} UTC that fit: {counts}{advice}"
    )
