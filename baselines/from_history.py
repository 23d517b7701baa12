"""A baseline out of what the service measured before an instant, for the day when nobody captured one.

What was measured is read window by window and cut into sessions as `live` is. Those are chosen that are comparable with
the time for which the comparison is made: the same hour of the week, a similar load.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, zip_longest
from operator import attrgetter

from baselines.baseline import CaptureConditions, CaptureSession
from baselines.case import LARGEST_CAPTURE
from baselines.evidence import Evidence
from baselines.live import LEAST_SESSIONS, runs
from baselines.measurement import Measurement, Outcome
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import Series, SeriesRegistry, Unit

# The hour of the week holds for an hour before and an hour after.
HALF_WINDOW = timedelta(hours=1)
WEEK = timedelta(weeks=1)
# Without the hour of the week nothing older than this is looked at.
REACH = WEEK
# Runs of several series whose middles lie in the same ten minutes make one session: as long as 20 calls take at 30 s.
SLOT = timedelta(minutes=10)
# Traffic is alike within this factor, and the busy share of the processors within this much.
TRAFFIC_FACTOR = 1.5
CPU_MARGIN = 0.15
# Traffic first: it comes from outside, while a slower release keeps the processors busier by itself.
LOAD_METRICS = ("requests_per_minute", "cpu_usage")
# What is nearest to the load average per processor that a capture notes.
HOST_LOAD_METRICS = ("load_per_processor", "cpu_usage")


class Match(StrEnum):
    """In what the chosen sessions are like the time the comparison is made for."""

    HOUR_OF_WEEK = "hour-of-week"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Window:
    """What is read at once: from `start` to just before `end`."""

    start: datetime
    end: datetime


def windows(until: datetime, like: datetime, oldest: datetime, *, weekly: bool) -> Iterator[Window]:
    """Where to look for sessions before `until`, the latest first, nothing from before `oldest`.

    Weekly: an hour about the instant `like` in its own week and in those before. Else two hours after two hours, for a
    week.
    """
    if weekly:
        middle, step = like, WEEK
    else:
        middle, step, oldest = until - HALF_WINDOW, 2 * HALF_WINDOW, max(oldest, until - REACH)
    while middle + HALF_WINDOW > oldest:
        window = Window(max(middle - HALF_WINDOW, oldest), min(middle + HALF_WINDOW, until))
        if window.start < window.end:
            yield window
        middle -= step


@dataclass(frozen=True, slots=True)
class LoadBand:
    """Loads that are alike, in the unit of the series that tells them. `level` is the one they are like."""

    series: Series
    level: float
    low: float
    high: float

    @classmethod
    def around(cls, series: Series, level: float) -> "LoadBand":
        """Within a factor of 1.5 for traffic, within 15 percentage points for a share of the processors."""
        if series.unit is Unit.RATIO:
            return cls(series, level, max(0.0, level - CPU_MARGIN), level + CPU_MARGIN)
        return cls(series, level, level / TRAFFIC_FACTOR, level * TRAFFIC_FACTOR)

    def __contains__(self, load: float | None) -> bool:
        return load is not None and self.low <= load <= self.high


def load_series(series: SeriesRegistry, metrics: Sequence[str] = LOAD_METRICS) -> Series | None:
    """The series that tells the load: the first metric of these that is measured at all, None where none is."""
    return next((one for metric in metrics for one in series.values() if one.metric == metric), None)


def mean_between(measurements: Sequence[Measurement], start: datetime, end: datetime) -> float | None:
    """The mean of what was measured from one instant to the other, both included; None where nothing was."""
    values = [
        one.value
        for one in measurements
        if start <= one.started_at <= end and one.outcome is Outcome.OK and one.value is not None
    ]
    return sum(values) / len(values) if values else None


def candidates(
    measured: Mapping[str, Sequence[Measurement]],
    host_load: Sequence[Measurement],
    conditions: CaptureConditions,
    plans: Mapping[str, PlanShape],
) -> list[CaptureSession]:
    """What was measured in one window as sessions, in the order of time; of a series the first run of each slot.

    `host_load` has the measurements of the series that tells it. `plans` are those of the window, by series.
    """
    by_slot = defaultdict[int, dict[str, Sequence[Measurement]]](dict)
    for name, ones in measured.items():
        for run in runs(ones):
            middle = run[0].started_at + (run[-1].started_at - run[0].started_at) / 2
            by_slot[int(middle.timestamp() // SLOT.total_seconds())].setdefault(name, run)
    return [_session(by_slot[slot], host_load, conditions, plans) for slot in sorted(by_slot)]


def _session(
    by_series: Mapping[str, Sequence[Measurement]],
    host_load: Sequence[Measurement],
    conditions: CaptureConditions,
    plans: Mapping[str, PlanShape],
) -> CaptureSession:
    started_at = min(run[0].started_at for run in by_series.values())
    finished_at = max(run[-1].started_at for run in by_series.values())
    return CaptureSession(
        number=1,
        started_at=started_at,
        finished_at=finished_at,
        conditions=replace(conditions, host_load=mean_between(host_load, started_at, finished_at)),
        samples={name: Samples.of_measurements(run) for name, run in by_series.items()},
        cold={},
        plans={name: plans[name] for name in by_series if name in plans},
        evidence={name: Evidence.of_measurements(run) for name, run in by_series.items()},
    )


def sessions_of_each(sessions: Iterable[CaptureSession]) -> Counter[str]:
    """How many sessions each series has."""
    return Counter(name for session in sessions for name in session.samples)


def choose(found: Sequence[Sequence[CaptureSession]], *, weekly: bool) -> list[CaptureSession]:
    """Up to twelve sessions of each series out of those of each window, numbered in the order of time.

    The latest ones; weekly, the latest of each week in turn, so that no single week makes the baseline. A series that
    has fewer than three is left out.
    """
    latest_first = [sorted(ones, key=attrgetter("started_at"), reverse=True) for ones in found]
    in_turn = chain.from_iterable(zip_longest(*latest_first) if weekly else latest_first)
    available = sessions_of_each(chain.from_iterable(found))
    wanted = {name: LARGEST_CAPTURE for name, number in available.items() if number >= LEAST_SESSIONS}
    chosen: list[CaptureSession] = []
    for session in in_turn:
        names = [name for name in session.samples if wanted.get(name)] if session else []
        for name in names:
            wanted[name] -= 1
        if session and names:
            chosen.append(_only(session, names))
    chosen.sort(key=attrgetter("started_at"))
    return [replace(one, number=number) for number, one in enumerate(chosen, start=1)]


def _only(session: CaptureSession, names: Collection[str]) -> CaptureSession:
    return replace(
        session,
        samples={name: session.samples[name] for name in names},
        plans={name: session.plans[name] for name in names if name in session.plans},
        evidence={name: session.evidence[name] for name in names if name in session.evidence},
    )
