"""Whether some calls became slower although the typical one did not: how unlike its history each session's calls are.

A low location can't see that three calls in ten became three times slower. An upper one sees it and drifts with the
load. So each call is weighed by how much likelier it is where three of ten calls take three times as long than where
none does (Neyman and Pearson 1933), and what a series' calls look like where none does is learnt from its history. Each
session is held against its own faster calls first: whatever slowed all of its calls is the typical question's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from baselines.baseline import Spacing
from baselines.case import Case, Look
from baselines.location import MEDIAN, judged_band, log_locations
from baselines.moderated import LEARNT_SESSIONS, Flags, Interval, Moderated, Prior, SessionRow, gate, undecided
from baselines.samples import Samples
from baselines.statistics import Estimate, Floats
from baselines.verdict import Answer, Question, Verdict

# The figures below were chosen on spread sessions of two systems (15 and 24 series) and bursts of one (15 series):
# docs/decisions/0014.

# The calls the others are held against, as shares of the session counted from the fastest. Of 20 calls these are the
# 2nd to the 10th.
FASTER_BAND = (0.10, 0.50)
# The calls that are held against what they were where the faster ones became faster still.
UPPER_BAND = (0.55, 0.90)

# What is looked for: this share of the calls, so many times slower.
SLOWED_SHARE = 0.3
SLOWED_FACTOR = 3.0

# The distribution of a series' calls: counts by distance from the faster calls, on the log scale, smoothed over a fifth
# and never empty.
_BIN = 0.1
_LOWEST, _HIGHEST = -1.5, 7.0
_BINS = round((_HIGHEST - _LOWEST) / _BIN)
_SMOOTHING_BINS = 2.0
_LEAST_COUNT = 0.3
# Calls slower than any that are looked for count as much less than the most telling ones: load makes some of them too.
_BEYOND = 0.7

# The null of the gate is m ** 0.43: 1.10 for a tolerance of 1.25, six calls of a hundred.
TAIL_NULL_EXPONENT = 0.43

# The error of the gate, as a share of what the typical question spends at the same look: 0.03 of 0.05.
TAIL_ERROR_SHARE = 0.6

# "Within" leaves so much of a chance that the true ratio is over the tolerance.
TAIL_DOUBT = 0.3

# Where the faster calls became faster still, beyond this error, the slower ones are held against what they were.
FASTER_ERROR = 0.05

# What is assumed of the scatter without a history, and what stays however many sessions there are.
TAIL_PRIOR = Prior(spaced={Spacing.SPREAD: 0.20, Spacing.BURST: 0.20}, single=0.30)
TAIL_RESIDUAL_SD = 0.08

# What more sessions are to tell apart is the null and 1.12 m, z(0.975) + z(0.80) standard errors.
PLANNED_MARGIN = 1.12
PLANNED_SEPARATION = 2.80


def judge_tail(cases: Sequence[Case], look: Look = Look.ONLY) -> list[Answer | None]:
    """Judges whether calls of each case were slowed that the typical question can't see, all cases as one family.

    The ratio is that of the mean call if calls three times slower were all that changed: 1.6 where they are three of
    ten. Where the faster calls became clearly faster it is that of the slower calls themselves, so that an improvement
    of the others is no slow tail.

    - degraded: ratio > m, the slower calls slower by the floor or more, and one-sided p(ratio ≤ m^0.43) below 0.6 of
      the look's error, corrected for the family as in the typical question (else inconclusive and suspected)
    - within: the chance of a ratio over m is below 0.3, or the slower calls are slower by less than the floor
    - inconclusive: anything else. There is no improved.

    A call that timed out counts as "at least this long": after, it can make a tail degraded, but where one is among the
    judged calls of either side nothing is within. None where the question can't be asked: sessions of fewer than 20
    calls, or a side that lies nowhere for other reasons than time-outs.
    """
    if not cases:
        return []
    with np.errstate(all="ignore"):  # what is NaN or infinite here compares false, and so decides nothing
        figures = _Figures(cases)
        calls = _Calls(cases, figures, look)
    return [_answer(case, i, figures, calls) for i, case in enumerate(cases)]


class _Figures:
    """What is estimated of each case; NaN where a side has no location."""

    def __init__(self, cases: Sequence[Case]) -> None:
        row = SessionRow(cases)
        upper, cut = _upper_locations(row)
        faster = row.locations(np.full((len(cases), 2), FASTER_BAND))
        self.slowed = Moderated(row, _log_slowing(row, faster), TAIL_PRIOR, residual_sd=TAIL_RESIDUAL_SD)
        self.slower_calls = Moderated(row, upper, TAIL_PRIOR)
        faster_calls = Moderated(row, faster, TAIL_PRIOR)
        self.of_slower_calls: Flags = faster_calls.estimate.probability_above(0.0) < FASTER_ERROR
        self.estimate = _either(self.of_slower_calls, self.slower_calls.estimate, self.slowed.estimate)
        self.ratio = Interval(self.estimate)
        self.cut_before, self.cut_after = row.any_of(cut, 0), row.any_of(cut, 1)
        large = [judged_band([*case.before, *case.after]) != MEDIAN for case in cases]
        self.has_ratio: Flags = np.array(large) & np.isfinite(self.estimate.value) & ~self.cut_before
        self.is_asked: Flags = np.array(large) & (self.has_ratio | self.cut_before | self.cut_after)


def _log_slowing(row: SessionRow, faster: Floats) -> Floats:
    """By how much the calls of each session look slowed: about 0 as in the history, log 1.6 for what is looked for.

    `faster`: the log location of each session's faster calls. The distribution is that of the history; of the side
    before where there is none. A call that timed out counts as what was waited, one that failed not at all.
    """
    session = np.repeat(np.arange(len(row.sessions)), [len(one) for one in row.sessions])
    values = np.concatenate([one.values for one in row.sessions] or [np.empty(0)])
    distance = np.log(values) - faster[session]
    known = np.isfinite(distance)
    session, distance = session[known], distance[known]
    bins = np.clip((distance - _LOWEST) / _BIN, 0, _BINS - 1).astype(np.intp)
    case, side = row.case[session], row.side[session]

    has_history = np.bincount(row.case[row.side == 2], minlength=len(row.cases)) >= LEARNT_SESSIONS
    usual = side == np.where(has_history, 2, 0)[case]
    counts = np.bincount(case[usual] * _BINS + bins[usual], minlength=len(row.cases) * _BINS)
    weights = _weights(counts.reshape(len(row.cases), _BINS).astype(np.float64))
    calls = np.bincount(session, minlength=len(row.sessions))
    return np.bincount(session, weights[case, bins], minlength=len(row.sessions)) / calls


def _weights(counts: Floats) -> Floats:
    """What a call in each bin says, shape (cases, bins), scaled so that the mean of a session is its log slowing."""
    usual = ndimage.gaussian_filter1d(counts, _SMOOTHING_BINS, axis=1, mode="constant") + _LEAST_COUNT
    usual /= usual.sum(axis=1, keepdims=True)
    moved = round(np.log(SLOWED_FACTOR) / _BIN)
    slowed = np.zeros_like(usual)
    slowed[:, moved:] = usual[:, :-moved]
    slowed[:, -1] += usual[:, -moved:].sum(axis=1)
    weights = np.log1p(SLOWED_SHARE * (slowed / usual - 1))
    weights = np.maximum(weights, _BEYOND * np.maximum.accumulate(weights, axis=1))
    per_slowed_call = ((slowed - usual) * weights).sum(axis=1, keepdims=True)
    as_mean = np.log1p(SLOWED_SHARE * (SLOWED_FACTOR - 1))
    return np.asarray(weights * as_mean / (SLOWED_SHARE * per_slowed_call))


def _upper_locations(row: SessionRow) -> tuple[Floats, Flags]:
    """Where the slower calls of each session lie, and whether calls that timed out are among them.

    After, they count as what was waited: order statistics of lower bounds are lower bounds of the order statistics.
    Elsewhere a location from such calls would be too low, and is none.
    """
    locations = row.locations(np.full((len(row.cases), 2), UPPER_BAND))
    cut = np.isnan(locations)
    cut[cut] = [bool(row.sessions[i].timed_out.any()) for i in np.flatnonzero(cut)]
    after = np.flatnonzero(cut & (row.side == 1))
    locations[after] = log_locations([_as_waited(row.sessions[i]) for i in after], np.full((len(after), 2), UPPER_BAND))
    return locations, cut


def _as_waited(session: Samples) -> Samples:
    return Samples(session.values, np.zeros(len(session), dtype=np.bool_))


def _either(choice: NDArray[np.bool_], one: Estimate, other: Estimate) -> Estimate:
    """The one where chosen, else the other."""
    return Estimate(
        value=np.where(choice, one.value, other.value),
        error=np.where(choice, one.error, other.error),
        degrees=np.where(choice, one.degrees, other.degrees),
    )


class _Calls:
    """What the rules say of each case, before one of them is put first."""

    def __init__(self, cases: Sequence[Case], figures: _Figures, look: Look) -> None:
        tolerance = np.array([case.tolerance for case in cases])
        null = tolerance**TAIL_NULL_EXPONENT
        slower = Interval(figures.slower_calls.estimate)
        floor = np.array([case.floor for case in cases]) / np.exp(figures.slower_calls.before.mean)

        p_slower = np.where(figures.has_ratio, figures.estimate.probability_below(np.log(null)), np.nan)
        plain, kept = gate(p_slower, figures.slowed.learnt, look.error * TAIL_ERROR_SHARE)
        over = (figures.ratio.value > tolerance) & (slower.value - 1 >= floor)
        self.degraded: Flags = over & kept
        self.suspected: Flags = over & plain & ~kept

        known = figures.has_ratio & ~figures.cut_after
        self.close: Flags = known & (figures.estimate.probability_above(np.log(tolerance)) < TAIL_DOUBT)
        self.within: Flags = self.close | (known & (slower.high - 1 < floor))

        separation = np.log(tolerance * PLANNED_MARGIN / null)
        self.more_sessions: Floats = np.where(
            figures.of_slower_calls,
            figures.slower_calls.more_sessions(separation, PLANNED_SEPARATION),
            figures.slowed.more_sessions(separation, PLANNED_SEPARATION),
        )


def _answer(case: Case, i: int, figures: _Figures, calls: _Calls) -> Answer | None:
    if not figures.is_asked[i]:
        return None
    if not figures.has_ratio[i]:
        reason = "calls timed out among the slower ones: how slow those were is not known"
        return Answer(question=Question.TAIL, verdict=Verdict.INCONCLUSIVE, more_sessions=None, reason=reason)
    verdict, reason = _verdict(case, i, figures, calls)
    return Answer(
        question=Question.TAIL,
        verdict=verdict,
        ratio=float(figures.ratio.value[i]),
        ci_low=float(figures.ratio.low[i]),
        ci_high=float(figures.ratio.high[i]),
        more_sessions=int(calls.more_sessions[i]) if verdict is Verdict.INCONCLUSIVE else 0,
        suspected=verdict is Verdict.INCONCLUSIVE and bool(calls.suspected[i]),
        reason=reason,
    )


def _verdict(case: Case, i: int, figures: _Figures, calls: _Calls) -> tuple[Verdict, str]:
    tolerance = f"the tolerance of ×{case.tolerance:.4g}"
    if calls.degraded[i]:
        return Verdict.DEGRADED, f"the slower calls became slower than {tolerance} allows"
    if calls.within[i]:
        within = f"the slower calls are within {tolerance}"
        return Verdict.WITHIN, within if calls.close[i] else "the slower calls differ by less than the floor"
    if figures.cut_after[i]:
        return Verdict.INCONCLUSIVE, "calls timed out among the slower ones, in too few sessions to be sure of the rest"
    if calls.suspected[i]:
        return Verdict.INCONCLUSIVE, f"suspected: over {tolerance}, but noise does that too among so many series"
    return Verdict.INCONCLUSIVE, undecided(int(figures.slowed.sessions[i]), int(calls.more_sessions[i]))
