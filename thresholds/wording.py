"""What is said of one compared series in one sentence: the same in a finding and in the evidence of an advice."""

from baselines.series import Unit
from baselines.verdict import Answer, Question, SeriesComparison, Summary, Verdict
from thresholds.quantity import written


def failed_share(side: Summary | None) -> float:
    """The share of calls that failed or timed out, 0 to 1; 0 for a side without calls."""
    return side.unanswered / side.n if side is not None and side.n else 0.0


def moved(one: SeriesComparison, answer: Answer) -> str:
    """`a.b is 7.3 times slower than before (95 % interval 6.1 to 8.8, tolerance 1.25)`."""
    tolerance = f"tolerance {one.tolerance:.4g}"
    if answer.ratio is None or answer.ci_low is None or answer.ci_high is None:
        return f"{one.series.name} is {answer.verdict} against before ({tolerance})"
    part = " in its slowest calls" if answer.question is Question.TAIL else ""
    within = f"(95 % interval {answer.ci_low:.3g} to {answer.ci_high:.3g}, {tolerance})"
    if answer.verdict is Verdict.DEGRADED:
        return f"{one.series.name} is {answer.ratio:.3g} times slower than before{part} {within}"
    if answer.verdict is Verdict.IMPROVED:
        within = f"(95 % interval {1 / answer.ci_high:.3g} to {1 / answer.ci_low:.3g})"
        return f"{one.series.name} is {1 / answer.ratio:.3g} times faster than before{part} {within}"
    return f"{one.series.name} takes {answer.ratio:.3g} times what it took before{part} {within}"


def fails(one: SeriesComparison, after: Summary) -> str:
    """`a.b fails in 93 of 100 calls (93 %, before 0 %)`."""
    before = "" if one.before is None else f", before {written(failed_share(one.before), Unit.RATIO)}"
    share = written(failed_share(after), Unit.RATIO)
    return f"{one.series.name} fails in {after.unanswered} of {after.n} calls ({share}{before})"


def likely(probability: float) -> str:
    """`93 % likely`; a probability is never said to be certain."""
    return "over 99 % likely" if probability > 0.99 else f"{probability * 100:.0f} % likely"
