"""Whether the typical call became slower: session locations under a moderated t test.

The verdict is a gate and not a point: the best estimate must pass the tolerance m, and the data must speak against a
ratio r0 well below it. With the variance shrunk to a history this keeps one to three false alarms per thousand series.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from baselines.baseline import Spacing
from baselines.case import Case, Look
from baselines.location import LATENCY_UNANSWERED_SHARE, judged_band, unanswered
from baselines.moderated import Contrast, Flags, Interval, Moderated, Prior, SessionRow, gate
from baselines.samples import Samples
from baselines.statistics import Floats, holm
from baselines.verdict import Answer, Level, Question, Verdict

# The figures below without another source are from 900 unchanged and 780 really changed capture sessions of 15 series.

# The null of the gate is r0 = m ** 0.65: 1.16 for a tolerance of 1.25, 1.30 for 1.5, 1.57 for 2.0. Together with the
# error of 0.05 it calls a third fewer harmless 10 % changes degraded than 1.10 at 0.025 does (7 against 11 per 1000 on
# spread sessions), and finds more doublings in bursts (92 against 90 %): docs/decisions/0010.
NULL_EXPONENT = 0.65

# "Within" must exclude r1 = 1.12 m.
WITHIN_MARGIN = 1.12

# An improvement is claimed from here on, with this error over the whole family.
IMPROVED_BELOW = 0.9
IMPROVED_ERROR = 0.05

# What is assumed of the scatter without a history.
PRIOR = Prior(spaced={Spacing.SPREAD: 0.15, Spacing.BURST: 0.30}, single=0.30)

# z(0.95) + z(0.80): what separates r0 from r1 with four fifths of certainty.
PLANNED_SEPARATION = 2.49

# The customer's rollback bands: 25 and 40 % slower.
ROLLBACK_RATIOS = (1.25, 1.40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typical:
    """The answer, the level of the after side (None where it has none), and P(true ratio > x) of the rollback bands."""

    answer: Answer
    level: Level | None
    probability_over: dict[float, float]


def judge_typical(cases: Sequence[Case], look: Look = Look.ONLY) -> list[Typical]:
    """Judges the low location of each case, all of them as one family.

    - degraded: ratio > m, slower by the floor or more, and one-sided p(ratio ≤ m^0.65) below the error of the look;
      where the family has more than 20 series or the series no history, also after Benjamini and Hochberg. What only
      the plain gate calls is inconclusive and suspected.
    - improved: ratio < 0.9 and Holm's p(ratio ≥ 1) < 0.05.
    - within: ratio ≤ m and the upper 97.5 % bound < 1.12 m; or that bound is slower by less than the floor.
    - inconclusive: anything else, always where a side has no location.
    """
    if not cases:
        return []
    with np.errstate(all="ignore"):
        row = SessionRow(cases)
        locations = row.locations(np.array([judged_band([*case.before, *case.after]) for case in cases]))
        contrast = Moderated(row, locations, PRIOR)
    return judge_contrast(row, locations, contrast, look)


def judge_contrast(row: SessionRow, locations: Floats, contrast: Contrast, look: Look) -> list[Typical]:
    """The same rules for any estimate of after/before that was made of these locations, shape (sessions,)."""
    with np.errstate(all="ignore"):  # what is NaN or infinite here compares false, and so decides nothing
        sides = _Sides(row, locations, contrast)
        figures = _Figures(sides)
        calls = _Calls(row.cases, sides, figures, look)
    return [
        Typical(
            answer=_answer(case, i, sides, figures, calls),
            level=_level(figures, i),
            probability_over=_probability_over(figures, i),
        )
        for i, case in enumerate(row.cases)
    ]


class _Sides:
    """A contrast of a family, and why one of its sides may lie nowhere."""

    def __init__(self, row: SessionRow, locations: Floats, contrast: Contrast) -> None:
        cases = row.cases
        self.contrast = contrast
        at_zero_before, at_zero_after = (row.any_of(np.isneginf(locations), side) for side in (0, 1))
        self.doubts_before = [_doubt("before", case.before, at_zero_before[i]) for i, case in enumerate(cases)]
        self.doubts_after = [_doubt("after", case.after, at_zero_after[i]) for i, case in enumerate(cases)]


def _doubt(name: str, sessions: Sequence[Samples], at_zero: bool) -> str | None:
    """Why a side lies nowhere although some of its sessions may lie somewhere; None where nothing speaks against it."""
    calls = _calls(sessions)
    if not calls:
        return f"there is no call on the {name} side"
    if sum(map(unanswered, sessions)) > LATENCY_UNANSWERED_SHARE * calls:
        return f"more than half of the calls {name} went unanswered: a matter of availability, not of latency"
    if at_zero:
        return f"a session {name} lies at zero: the clock is too coarse for a ratio, time several calls as one"
    return None


def _calls(sessions: Sequence[Samples]) -> int:
    return sum(map(len, sessions))


class _Figures:
    """What is estimated of each case; NaN where a side has no location."""

    def __init__(self, sides: _Sides) -> None:
        contrast = sides.contrast
        sound_before = np.array([doubt is None for doubt in sides.doubts_before])
        sound_after = np.array([doubt is None for doubt in sides.doubts_after])
        self.level = Interval(contrast.level)
        self.has_level: Flags = sound_after & np.isfinite(self.level.value)
        self.estimate = contrast.estimate
        self.ratio = Interval(self.estimate)
        self.over = {ratio: self.estimate.probability_above(math.log(ratio)) for ratio in ROLLBACK_RATIOS}
        self.has_ratio: Flags = sound_before & sound_after & np.isfinite(self.estimate.value)


class _Calls:
    """What the rules say of each case, before one of them is put first."""

    def __init__(self, cases: Sequence[Case], sides: _Sides, figures: _Figures, look: Look) -> None:
        contrast = sides.contrast
        tolerance = np.array([case.tolerance for case in cases])
        null, far = tolerance**NULL_EXPONENT, tolerance * WITHIN_MARGIN
        floor = np.array([case.floor for case in cases]) / np.exp(contrast.before.mean)
        ratio, high = figures.ratio.value, figures.ratio.high

        p_slower = np.where(figures.has_ratio, figures.estimate.probability_below(np.log(null)), np.nan)
        plain, kept = gate(p_slower, contrast.learnt, look.error)
        over = (ratio > tolerance) & (ratio - 1 >= floor)
        self.degraded: Flags = over & kept
        self.suspected: Flags = over & plain & ~kept

        p_faster = np.where(figures.has_ratio, figures.estimate.probability_above(0.0), np.nan)
        self.improved: Flags = (ratio < IMPROVED_BELOW) & (holm(p_faster) < IMPROVED_ERROR)
        self.close: Flags = (ratio <= tolerance) & (high < far)
        self.within: Flags = self.close | (high - 1 < floor)

        # There is room at every tolerance: log(1.12) / 2.49 alone is 0.0455.
        self.more_sessions: Floats = contrast.more_sessions(np.log(far / null), PLANNED_SEPARATION)


def _answer(case: Case, i: int, sides: _Sides, figures: _Figures, calls: _Calls) -> Answer:
    if not figures.has_ratio[i]:
        reason = sides.doubts_before[i] or sides.doubts_after[i] or "the location falls among calls that timed out"
        more = None if _calls(case.before) and _calls(case.after) else int(calls.more_sessions[i])
        return Answer(question=Question.TYPICAL, verdict=Verdict.INCONCLUSIVE, more_sessions=more, reason=reason)
    verdict, reason = _verdict(case, i, sides, calls)
    return Answer(
        question=Question.TYPICAL,
        verdict=verdict,
        ratio=float(figures.ratio.value[i]),
        ci_low=float(figures.ratio.low[i]),
        ci_high=float(figures.ratio.high[i]),
        more_sessions=int(calls.more_sessions[i]) if verdict is Verdict.INCONCLUSIVE else 0,
        suspected=verdict is Verdict.INCONCLUSIVE and bool(calls.suspected[i]),
        reason="; ".join([reason, *sides.contrast.reservations(i)]),
    )


def _verdict(case: Case, i: int, sides: _Sides, calls: _Calls) -> tuple[Verdict, str]:
    tolerance = f"the tolerance of ×{case.tolerance:.4g}"
    if calls.degraded[i]:
        return Verdict.DEGRADED, f"slower than {tolerance} allows"
    if calls.improved[i]:
        return Verdict.IMPROVED, "faster than before"
    if calls.within[i]:
        return Verdict.WITHIN, f"within {tolerance}" if calls.close[i] else "the difference is below the floor"
    if calls.suspected[i]:
        return Verdict.INCONCLUSIVE, f"suspected: over {tolerance}, but noise does that too among so many series"
    return Verdict.INCONCLUSIVE, sides.contrast.undecided(i, int(calls.more_sessions[i]))


def _level(figures: _Figures, i: int) -> Level | None:
    if not figures.has_level[i]:
        return None
    value, low, high = (float(each[i]) for each in (figures.level.value, figures.level.low, figures.level.high))
    return Level(value=value, low=low, high=high)


def _probability_over(figures: _Figures, i: int) -> dict[float, float]:
    return {ratio: float(over[i]) for ratio, over in figures.over.items()} if figures.has_ratio[i] else {}
