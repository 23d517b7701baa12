"""What a load run measured, by step and by stage, and how one side's medians stand to another's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from baselines.measurement import Outcome
from baselines.samples import Samples
from baselines.statistics import Groups, difference, shrunk_variance
from baselines.summary import INTERVAL_TAIL, summarise

# A stage is cut into so many slices of time: calls of one moment share the mood of the host, and are not independent.
SLICES = 10
# Scatter (sd of the log) of a median from one capture in a burst to the next; between slices of one run, a few seconds
# apart, the smaller one. Both are worth six degrees of freedom until the data say more, as in a comparison.
BURST_SD = 0.30
SLICE_SD = 0.15
_PRIOR_DEGREES = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCall:
    """One call of one virtual user. Times are in seconds from the beginning of the stage.

    `intended` is when it was due, `started` when it began. `seconds` is its time at the wire, of a time-out the time
    waited, None where it failed. `own_seconds` is how long the generator may have kept the answer waiting. `cut_off`:
    the run was interrupted meanwhile.
    """

    step: str
    user: int
    intended: float
    started: float
    ended: float
    outcome: Outcome
    seconds: float | None
    own_seconds: float = 0.0
    detail: str = ""
    cut_off: bool = False

    @property
    def lateness(self) -> float:
        """Seconds from when it was due to when it began."""
        return max(0.0, self.started - self.intended)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """The calls of one step in one stage, in seconds.

    Calls that timed out are in the quantiles with the time waited, so one that reaches `waited` (the shortest of these
    waits, None without any) is "at least". `p95_interval` is a 95 % interval over slices of time. `since_due` is the
    95th percentile counted from when each call was due. `per_second` counts right answers once all users are there.
    """

    step: str
    calls: int
    failed: int
    timed_out: int
    cut_off: int
    median: float | None
    p95: float | None
    p95_interval: tuple[float, float] | None
    p99: float | None
    maximum: float | None
    waited: float | None
    since_due: float | None
    latest: float
    per_second: float
    slices: Sequence[Samples]
    details: Sequence[str]

    @property
    def unanswered(self) -> int:
        """Calls that failed or waited in vain."""
        return self.failed + self.timed_out

    def is_at_least(self, seconds: float) -> bool:
        """Whether that quantile may be longer than it says."""
        return self.waited is not None and seconds >= self.waited

    @classmethod
    def of(cls, step: str, calls: Sequence[LoadCall], *, ramp: float, until: float) -> "StepTimes":
        """From the calls of that step in a stage of `until` seconds, whose users are all there after `ramp`."""
        whole = [one for one in calls if not one.cut_off]
        waits = [one.seconds for one in whole if one.outcome is Outcome.TIMEOUT and one.seconds is not None]
        summary = summarise(_slices(whole, until))
        since_due = [one.lateness + one.seconds for one in whole if one.seconds is not None]
        right = sum(one.outcome is Outcome.OK and ramp <= one.ended <= until for one in whole)
        return cls(
            step=step,
            calls=len(whole),
            failed=sum(one.outcome not in (Outcome.OK, Outcome.TIMEOUT) for one in whole),
            timed_out=len(waits),
            cut_off=len(calls) - len(whole),
            median=summary.median,
            p95=summary.p95,
            p95_interval=summary.p95_interval,
            p99=summary.p99,
            maximum=summary.maximum,
            waited=min(waits, default=None),
            since_due=float(np.quantile(since_due, 0.95)) if since_due else None,
            latest=max((one.lateness for one in calls), default=0.0),
            per_second=right / (until - ramp) if until > ramp else 0.0,
            slices=_slices(whole, until),
            details=sorted({one.detail for one in whole if one.detail}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """One stage of a run: so many users for so many seconds, and what each step took."""

    name: str
    users: int
    seconds: float
    steps: Sequence[StepTimes]
    answered: int
    own_share: float

    @property
    def calls(self) -> int:
        """All calls that were not cut off."""
        return sum(one.calls for one in self.steps)

    @property
    def failed(self) -> int:
        """Those that failed, or waited in vain."""
        return sum(one.unanswered for one in self.steps)

    @property
    def timed_out(self) -> int:
        """Those that waited in vain."""
        return sum(one.timed_out for one in self.steps)

    @property
    def per_second(self) -> float:
        """Right answers a second, once all users are there."""
        return sum(one.per_second for one in self.steps)

    @classmethod
    def of(
        cls, name: str, users: int, calls: Sequence[LoadCall], steps: Sequence[str], *, ramp: float, seconds: float
    ) -> "StageTimes":
        """From all calls of a stage; a step that nobody came to has a line without figures.

        `own_share` is the part of the measured time in which the generator may have been away itself, 0 to 1.
        """
        measured = sum(one.seconds for one in calls if one.seconds is not None)
        own = sum(min(one.own_seconds, one.seconds) for one in calls if one.seconds is not None)
        return cls(
            name=name,
            users=users,
            seconds=seconds,
            steps=[
                StepTimes.of(step, [one for one in calls if one.step == step], ramp=ramp, until=seconds)
                for step in steps
            ],
            answered=sum(one.outcome is Outcome.OK and not one.cut_off for one in calls),
            own_share=own / measured if measured else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Ratio:
    """How the medians of one side stand to another's, with a 95 % interval; `seconds` is their difference."""

    value: float
    low: float
    high: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio_of_medians(before: Sequence[Samples], after: Sequence[Samples], between_sd: float) -> Ratio | None:
    """The ratio of typical medians, after to before; None where a side has no answer.

    Each entry (a capture session, a slice of time) is one observation: the log of its median. Their variance is shrunk
    to `between_sd`, with six degrees of freedom, as in a comparison (Smyth 2004); one run is one observation.
    """
    sides = [_log_medians(one) for one in (before, after)]
    if not all(map(len, sides)):
        return None
    was, is_now = (Groups.of(side, np.zeros(len(side), dtype=np.intp), 1) for side in sides)
    variance, degrees = shrunk_variance(np.array([_PRIOR_DEGREES]), np.array([between_sd]), was, is_now)
    estimate = difference(was, is_now, variance, degrees)
    reach = float(special.stdtrit(estimate.degrees[0], 1 - INTERVAL_TAIL) * estimate.error[0])
    value = float(estimate.value[0])
    seconds = math.exp(is_now.mean[0]) - math.exp(was.mean[0])
    return Ratio(math.exp(value), math.exp(value - reach), math.exp(value + reach), seconds)


def _log_medians(sessions: Sequence[Samples]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    answered = [one.values[~one.failed] for one in sessions]
    return np.array([math.log(max(float(np.median(one)), 1e-9)) for one in answered if len(one)])


def _slices(calls: Sequence[LoadCall], until: float) -> list[Samples]:
    """The calls by when they began, a time-out as the wait that it was: a lower bound keeps a quantile one."""
    sliced: list[list[float | None]] = [[] for _ in range(SLICES)]
    for one in calls:
        sliced[min(SLICES - 1, int(one.started / until * SLICES))].append(one.seconds)
    return [Samples.of(values) for values in sliced if values]


def together(slices: Sequence[Samples]) -> Samples:
    """All slices as one session: one run is one burst, however long."""
    if not slices:
        return Samples.of([])
    return Samples(np.concatenate([one.values for one in slices]), np.concatenate([one.timed_out for one in slices]))
