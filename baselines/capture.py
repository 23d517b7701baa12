"""A capture campaign: sessions × samples, round robin over all probes, so that all meet the same moods of the host."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from baselines.baseline import CaptureConditions, CaptureSession, Spacing
from baselines.clock import Clock, SteadyClock
from baselines.evidence import Evidence, Origin
from baselines.inspection import Inspection
from baselines.measurement import Measurement
from baselines.samples import Samples
from baselines.series import Series, SeriesRegistry

# The first calls after a connect or a deployment run on cold caches; measured, ten are enough to leave them behind.
WARM_UP_CALLS = 10
# Samples of a session lie this far apart, and sessions at least a minute: noise is from session to session.
SPREAD_SAMPLE_SECONDS = 3.0
SPREAD_SESSION_PAUSE_SECONDS = 60.0
# Measured beside a busy neighbour, up to two calls of three are disturbed: three more leave one sample of five out.
_REPEATS = 3
# What else goes on is looked at after so many rounds; the look itself must not become a load.
_ROUNDS_A_LOOK = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePlan:
    """How many sessions of how many samples a series, and how they lie in time."""

    sessions: int
    samples: int
    spacing: Spacing

    def __post_init__(self) -> None:
        if self.sessions < 1 or self.samples < 1:
            raise ValueError("a capture needs at least one session and one sample")

    @property
    def round_seconds(self) -> float:
        """From the start of one round over all probes to the next; a round that takes longer delays the next."""
        return SPREAD_SAMPLE_SECONDS if self.spacing is Spacing.SPREAD else 0.0

    @property
    def pause_seconds(self) -> float:
        """From the end of one session to the start of the next."""
        return SPREAD_SESSION_PAUSE_SECONDS if self.spacing is Spacing.SPREAD else 0.0

    def least_seconds(self) -> float:
        """What the waiting alone takes; the calls come on top."""
        return self.seconds(0.0)

    def seconds(self, calls_seconds: float, warm_up: int = WARM_UP_CALLS) -> float:
        """How long it will take where one call of every probe takes `calls_seconds` in all."""
        round_seconds = max(self.round_seconds, calls_seconds)
        waiting = (self.sessions - 1) * self.pause_seconds
        return warm_up * calls_seconds + self.sessions * self.samples * round_seconds + waiting


class CaptureTarget(Protocol):
    """What a campaign asks of the outside world."""

    @property
    def series(self) -> SeriesRegistry:
        """All series that the probes can give."""
        ...

    async def run(self, probe: str, intended_at: datetime) -> Sequence[Measurement]:
        """One run of one probe; a failure is a measurement."""
        ...

    async def inspect(self, probe: str) -> Inspection | None:
        """How the target carries out a probe that is a query, None for any other and where that can't be had."""
        ...

    def origin_of(self, probe: str) -> Origin:
        """What that probe asks, and of whom."""
        ...

    def series_of(self, probe: str) -> Sequence[Series]:
        """The series that a probe gives."""
        ...


def comparable_probes(target: CaptureTarget, probes: Sequence[str]) -> list[str]:
    """Those of the probes that give a series whose times can be compared."""
    return [probe for probe in probes if any(series.is_duration for series in target.series_of(probe))]


async def capture_sessions(
    plan: CapturePlan,
    probes: Sequence[str],
    target: CaptureTarget,
    *,
    conditions: Callable[[], CaptureConditions],
    clock: Clock,
    order: random.Random,
    advanced: Callable[[], None],
    beside: Sequence[str] = (),
    warm_up: int = WARM_UP_CALLS,
    first_number: int = 1,
) -> list[CaptureSession]:
    """Run the campaign. `advanced` is called after each call of a probe, `conditions` at the start of each session.

    `beside` are the probes whose levels are seen meanwhile, between two rounds, so that nothing is timed during that.

    The first session starts with `warm_up` calls of every probe, kept apart as cold. A wall clock that is set meanwhile
    changes nothing: instants follow the monotonic count from the start on.
    """
    clock = SteadyClock(clock)
    cold = defaultdict[str, list[Measurement]](list)
    for _ in range(warm_up):
        for probe in probes:
            _collect(cold, await target.run(probe, clock.now()))
            advanced()
    sessions: list[CaptureSession] = []
    for number in range(first_number, first_number + plan.sessions):
        if sessions:
            await clock.sleep(plan.pause_seconds)
        session = await _session(plan, number, probes, target, conditions(), clock, order, advanced, cold, beside)
        sessions.append(session)
        cold = defaultdict(list)
    return sessions


def calls_of(plan: CapturePlan, probes: Sequence[str], warm_up: int = WARM_UP_CALLS) -> int:
    """How often `advanced` will be called by a campaign."""
    return (plan.sessions * plan.samples + warm_up) * len(probes)


async def _session(
    plan: CapturePlan,
    number: int,
    probes: Sequence[str],
    target: CaptureTarget,
    conditions: CaptureConditions,
    clock: Clock,
    order: random.Random,
    advanced: Callable[[], None],
    cold: Mapping[str, Sequence[Measurement]],
    beside: Sequence[str],
) -> CaptureSession:
    # Shares and rates are those since the look before: this one only begins the first span.
    await _look(beside, target, clock)
    started_at, started = clock.now(), clock.monotonic()
    judged = defaultdict[str, list[Measurement]](list)
    levels = defaultdict[str, list[float]](list)
    for turn in range(plan.samples):
        intended_at = started_at + timedelta(seconds=turn * plan.round_seconds)
        await clock.sleep(started + turn * plan.round_seconds - clock.monotonic())
        for probe in order.sample(list(probes), len(probes)):
            # Back to back, nothing is intended but the next call.
            first = intended_at if plan.round_seconds else clock.now()
            _collect(judged, await _undisturbed(target, probe, first, clock))
            advanced()
        if (turn + 1) % _ROUNDS_A_LOOK == 0 or turn + 1 == plan.samples:
            for one in await _look(beside, target, clock):
                if one.value is not None and not target.series[one.series].is_duration:
                    levels[one.series].append(one.value)
    evidence = {}
    for probe in probes:
        inspection, origin = await target.inspect(probe), target.origin_of(probe)
        for name in (series.name for series in target.series_of(probe) if series.is_duration):
            evidence[name] = Evidence.of_measurements(
                judged[name], cold=cold.get(name, ()), origin=origin, inspection=inspection
            )
    return CaptureSession(
        number=number,
        started_at=started_at,
        finished_at=clock.now(),
        conditions=conditions,
        samples=_samples(judged, target.series),
        cold=_samples(cold, target.series),
        plans={name: one.inspection.plan for name, one in evidence.items() if one.inspection is not None},
        evidence=evidence,
        levels=levels,
    )


async def _look(probes: Sequence[str], target: CaptureTarget, clock: Clock) -> list[Measurement]:
    """One run of each of these, at the same time."""
    looks = await asyncio.gather(*(target.run(probe, clock.now()) for probe in probes))
    return [measurement for look in looks for measurement in look]


async def _undisturbed(target: CaptureTarget, probe: str, intended_at: datetime, clock: Clock) -> Sequence[Measurement]:
    """One run, made again a few times where the prober itself disturbed it: a busy host must not thin out a session."""
    measurements = await target.run(probe, intended_at)
    for _ in range(_REPEATS):
        if not any(one.disturbed for one in measurements):
            break
        measurements = await target.run(probe, clock.now())
    return measurements


def _collect(into: Mapping[str, list[Measurement]], measurements: Sequence[Measurement]) -> None:
    for one in measurements:
        into[one.series].append(one)


def _samples(measured: Mapping[str, Sequence[Measurement]], series: SeriesRegistry) -> dict[str, Samples]:
    return {name: Samples.of_measurements(ones) for name, ones in measured.items() if series[name].is_duration}
