"""Load scenarios as shipped, and what they show: is a step well, and does the portal degrade gracefully?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field
from scipy import special

from baselines.load import Ratio, StageTimes, StepTimes
from baselines.series import Unit
from thresholds.limit import SeriesLimits
from thresholds.quantity import Duration, Portion, Share, Wait, written
from thresholds.shipped import parse_figures, read_figures

FILE = "load.yml"
# One-sided, so that a share, a percentile or a ratio surely lies beyond its limit before anything is held against it.
ERROR = 0.025


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LoadStep(_Figures):
    """A page that is opened, and what its answers are shown under."""

    name: str
    path: str


class Heartbeat(LoadStep):
    """What a browser asks beside the pages, `every` so many seconds."""

    every: Duration


class LoadScenario(_Figures):
    """So many users for `duration` seconds. What is None is as for all scenarios.

    `repeat`: the pages are opened again and again, else once. `stress`: in three equal stages, the middle one with all
    users, the others at full capacity.
    """

    users: int = Field(ge=1)
    duration: Duration
    think: Wait | None = None
    repeat: bool = True
    stress: bool = False


class DegradationFigures(_Figures):
    """What is graceful: shares from 0 to 1, `recovery` a ratio of response times, `floor` in seconds."""

    errors: Share
    throughput: Share
    recovery: float = Field(gt=1)
    floor: Wait
    calls: int = Field(ge=1)


class LoadFigures(_Figures):
    """All of `load.yml`; times in seconds, shares from 0 to 1."""

    capacity: int = Field(ge=1)
    most_users: int = Field(ge=1)
    steps: tuple[LoadStep, ...] = Field(min_length=1)
    heartbeat: Heartbeat
    think: Wait
    spread: Portion
    ramp: Wait
    timeout: Duration
    scenarios: dict[str, LoadScenario]
    errors: Share
    generator: Share
    degradation: DegradationFigures

    def scenario_for(self, users: int) -> str:
        """The name of the mildest scenario with repeated pages that is meant for so many users, else the greatest."""
        repeated = {name: one.users for name, one in self.scenarios.items() if one.repeat}
        enough = [name for name, most in repeated.items() if most >= users]
        return min(enough, key=repeated.__getitem__) if enough else max(repeated, key=repeated.__getitem__)


class LoadVerdict(StrEnum):
    """`well` and `broken` of a step or of a whole run, `inconclusive` where the calls show neither."""

    WELL = "well"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"


class Degradation(StrEnum):
    """How a portal takes more users than it has room for."""

    GRACEFUL = "graceful"
    UNGRACEFUL = "degraded ungracefully"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that was looked at: how it came out, and a sentence with its figures."""

    verdict: LoadVerdict
    reason: str


def overall(claims: Sequence[Claim]) -> LoadVerdict:
    """The worst of them; inconclusive where there is none."""
    for verdict in (LoadVerdict.BROKEN, LoadVerdict.INCONCLUSIVE):
        if any(one.verdict is verdict for one in claims):
            return verdict
    return LoadVerdict.WELL if claims else LoadVerdict.INCONCLUSIVE


def judge_step(
    times: StepTimes, limits: SeriesLimits, against: Ratio | None, figures: LoadFigures, generator_share: float
) -> list[Claim]:
    """What the calls of one step say, at or below capacity.

    - failures and hangs: broken where surely more than `errors` of its calls (exact binomial bound).
    - the series' absolute limits, held against the 95th percentile: broken where its interval lies above, well where it
      lies below, or where no call was slower.
    - the baseline: broken where the whole interval of the ratio lies above the tolerance. One run is one burst: it can
      claim very large changes only, so that everything else is shown and says nothing either way.
    - slowness that a busy machine of our own may have made up is inconclusive.
    """
    claims = [_failures(times.step, times.unanswered, times.calls, figures.errors)]
    slow = [*_limits(times, limits), *_baseline(times, limits, against)]
    return claims + [_doubted(one, generator_share, figures.generator) for one in slow]


def judge_degradation(
    before: StageTimes,
    stress: StageTimes,
    after: StageTimes,
    recovery: Mapping[str, Ratio],
    figures: LoadFigures,
    generator_share: float,
) -> tuple[Degradation, list[Claim]]:
    """Whether beyond the capacity it only got slower.

    `recovery`: by step, the median of `after` to that of `before`. Under stress not more than a share of the calls may
    fail, none may hang, and right answers a second must keep a share of those at full capacity; after it failures and
    response times must be back to where they were.
    """
    own = figures.degradation
    claims: list[Claim] = []
    for stage in (before, stress, after):
        claims.append(_failures(f"at {stage.users} users ({stage.name})", stage.failed, stage.calls, own.errors))
        if stage.timed_out:
            claims.append(
                Claim(LoadVerdict.BROKEN, f"at {stage.users} users ({stage.name}): {stage.timed_out} calls hung")
            )
        if stage.calls < own.calls:
            told = f"at {stage.users} users ({stage.name}): {stage.calls} calls are too few to claim anything"
            claims.append(Claim(LoadVerdict.INCONCLUSIVE, told))
    claims.append(_doubted(_throughput(before, stress, own.throughput), generator_share, figures.generator))
    claims += [
        _doubted(_recovery(step, ratio, own), generator_share, figures.generator) for step, ratio in recovery.items()
    ]
    degradation = {
        LoadVerdict.WELL: Degradation.GRACEFUL,
        LoadVerdict.BROKEN: Degradation.UNGRACEFUL,
        LoadVerdict.INCONCLUSIVE: Degradation.INCONCLUSIVE,
    }[overall(claims)]
    return degradation, claims


def _failures(where: str, failed: int, calls: int, limit: float) -> Claim:
    told = f"{where}: {failed} of {calls} calls failed"
    if not calls:
        return Claim(LoadVerdict.INCONCLUSIVE, f"{where}: no call was made")
    if _surely_at_least(failed, calls) > limit:
        return Claim(LoadVerdict.BROKEN, f"{told}, surely more than {written(limit, Unit.RATIO)}")
    if failed / calls <= limit:
        return Claim(LoadVerdict.WELL, told)
    return Claim(LoadVerdict.INCONCLUSIVE, f"{told}, which may be more than {written(limit, Unit.RATIO)} or chance")


def _surely_at_least(failed: int, calls: int) -> float:
    """The lower bound of a share (Clopper and Pearson 1934)."""
    return float(special.betaincinv(failed, calls - failed + 1, ERROR)) if failed else 0.0


def _limits(times: StepTimes, limits: SeriesLimits) -> Iterator[Claim]:
    """The worst limit that is surely broken; else one that may be; else that the limit is kept."""
    if times.p95 is None or times.maximum is None:
        return
    low, high = times.p95_interval or (0.0, times.maximum)
    kept = None
    for name in ("critical", "warning"):
        limit = getattr(limits, name)
        if limit is None or limit.unit is not Unit.SECONDS:
            continue
        told = f"{times.step}: 95 % of its calls within {written(times.p95, Unit.SECONDS)}"
        if low > limit.value:
            yield Claim(LoadVerdict.BROKEN, f"{told}, above its {name} limit of {limit.figure}")
            return
        if min(high, times.maximum) > limit.value:
            span = f"{written(low, Unit.SECONDS)} to {written(high, Unit.SECONDS)}"
            yield Claim(LoadVerdict.INCONCLUSIVE, f"{told} ({span}): its {name} limit of {limit.figure} is in between")
            return
        kept = Claim(LoadVerdict.WELL, f"{told}, within its {name} limit of {limit.figure}")
    if kept is not None:
        yield kept


def _baseline(times: StepTimes, limits: SeriesLimits, against: Ratio | None) -> Iterator[Claim]:
    if against is not None and against.low > limits.multiplier:
        told = f"{times.step}: {against} times as slow as in the baseline, surely more than {limits.multiplier:g}"
        yield Claim(LoadVerdict.BROKEN, told)


def _throughput(before: StageTimes, stress: StageTimes, kept: float) -> Claim:
    """Counts of answers scatter like independent ones at most: users who wait make them more even."""
    told = (
        f"{stress.per_second:.3g} right answers a second at {stress.users} users, "
        f"{before.per_second:.3g} at {before.users}"
    )
    if not before.answered:
        return Claim(LoadVerdict.INCONCLUSIVE, f"{told}: there is nothing to hold it against")
    ratio = stress.per_second / before.per_second
    if ratio >= kept:
        return Claim(LoadVerdict.WELL, told)
    error = math.sqrt(1 / max(stress.answered, 1) + 1 / before.answered)
    if ratio * math.exp(special.ndtri(1 - ERROR) * error) < kept:
        return Claim(LoadVerdict.BROKEN, f"{told}: less than {written(kept, Unit.RATIO)}, it collapsed")
    return Claim(LoadVerdict.INCONCLUSIVE, f"{told}: less than {written(kept, Unit.RATIO)}, which may be chance")


def _recovery(step: str, ratio: Ratio, own: DegradationFigures) -> Claim:
    told = f"{step}: after the stress {ratio} times as slow as before"
    if ratio.value <= own.recovery or ratio.seconds <= own.floor:
        return Claim(LoadVerdict.WELL, told)
    if ratio.low > own.recovery:
        return Claim(LoadVerdict.BROKEN, f"{told}: it did not recover to within {own.recovery:g}")
    return Claim(LoadVerdict.INCONCLUSIVE, f"{told}: {own.recovery:g} is tolerated, and it may be chance")


def _doubted(claim: Claim, generator_share: float, most: float) -> Claim:
    """Slowness is not held against the portal where this machine was busy; that all is well stays true."""
    if claim.verdict is not LoadVerdict.BROKEN or generator_share <= most:
        return claim
    share = written(round(generator_share, 3), Unit.RATIO)
    return Claim(
        LoadVerdict.INCONCLUSIVE, f"{claim.reason}; but {share} of the time measured is this machine's own, too busy"
    )


def read_load_figures() -> LoadFigures:
    """The scenarios as shipped."""
    return parse_figures(LoadFigures, read_figures(FILE), FILE)
