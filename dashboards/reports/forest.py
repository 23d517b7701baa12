"""The geometry of the forest plot: every ratio with its interval on one shared logarithmic axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from baselines.verdict import Question, SeriesComparison, Verdict
from dashboards.reports import figures
from dashboards.reports.scale import LogScale

# The axis shows at least this much on both sides of 1, and an interval reaches at most this far beyond the estimates.
LEAST = 1.6
MOST_BEYOND = 3.0
MARGIN = 1.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """One row of the plot, in percent of its width; `label` says in words what is drawn, `verdict` is of this question.

    `cut_low` and `cut_high`: the interval goes on beyond the axis, which an arrow shows.
    """

    estimate: float
    low: float
    high: float
    cut_low: bool
    cut_high: bool
    verdict: Verdict
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is within tolerance, from ÷tolerance to ×tolerance, in percent of the width."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: where, in percent of the width, and what stands there."""

    position: float
    text: str


class Forest:
    """The plot of some series. An interval far beyond every estimate is cut: it must not squeeze the others."""

    def __init__(self, series: Sequence[SeriesComparison]) -> None:
        self._scale = _scale(series)
        self.one = self._scale.position(1.0)
        self.ticks = [Tick(self._scale.position(value), f"{value:.3g}") for value in _symmetric(self._scale)]

    def band(self, one: SeriesComparison) -> Band:
        """The tolerance of that series."""
        left, right = self._scale.position(1 / one.tolerance), self._scale.position(one.tolerance)
        return Band(left=left, width=round(right - left, 2))

    def whisker(self, one: SeriesComparison) -> Whisker | None:
        """The ratio that is shown of that series, None where it has none."""
        answer = one.shown
        if answer is None or answer.ratio is None or answer.ratio <= 0:
            return None
        low = answer.ratio if answer.ci_low is None else answer.ci_low
        high = answer.ratio if answer.ci_high is None else answer.ci_high
        return Whisker(
            estimate=self._scale.position(answer.ratio),
            low=self._scale.position(low),
            high=self._scale.position(high),
            cut_low=low < self._scale.low,
            cut_high=high > self._scale.high,
            verdict=answer.verdict,
            label=(
                f"{one.series.name}{'' if answer.question is Question.TYPICAL else f', {answer.question.value}'}: "
                f"{figures.ratio(answer.ratio)} times as slow as before, 95 % interval "
                f"{figures.interval(low, high)}, tolerance {figures.ratio(one.tolerance)}: {answer.verdict.value}"
            ),
        )


def _scale(series: Sequence[SeriesComparison]) -> LogScale:
    answers = [answer for one in series if (answer := one.shown) and answer.ratio]
    estimates = [answer.ratio for answer in answers if answer.ratio is not None and answer.ratio > 0]
    ends = [end for answer in answers for end in (answer.ci_low, answer.ci_high) if end is not None and end > 0]
    tolerances = [one.tolerance for one in series]
    lowest = min([1 / LEAST, *estimates, *(1 / each for each in tolerances)])
    highest = max([LEAST, *estimates, *tolerances])
    low = max(min([lowest, *ends]), lowest / MOST_BEYOND)
    high = min(max([highest, *ends]), highest * MOST_BEYOND)
    return LogScale(low / MARGIN, high * MARGIN)


def _symmetric(scale: LogScale) -> list[float]:
    """Ticks with 1 among them: no change is what every row is read against."""
    return sorted({*(tick for tick in scale.ticks() if not 0.8 < tick < 1.25), 1.0})
