"""The rules that B3 holds side by side: each is given a family of cases and says what became of every one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from baselines import Case, Question, Samples, Verdict, judge_family

# Kayenta's judge asks for a 98 % interval, so one in a hundred on the side of slower; the effect is the tolerance.
KAYENTA_ERROR = 0.01


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict; of ours also which questions are degraded, and the 95 % interval of the ratio where there is one."""

    verdict: Verdict
    degraded: frozenset[Question] = frozenset()
    interval: tuple[float, float] | None = None


Rule = Callable[[Sequence[Case]], list[Said]]


def ours(family: Sequence[Case]) -> list[Said]:
    """`baselines.judge_family`."""
    answers = []
    for judgement in judge_family(family):
        typical = judgement.answer(Question.TYPICAL)
        known = typical.ci_low is not None and typical.ci_high is not None
        answers.append(
            Said(
                judgement.deciding.verdict,
                frozenset(one.question for one in judgement.answers if one.verdict is Verdict.DEGRADED),
                (typical.ci_low or 0.0, typical.ci_high or 0.0) if known else None,
            )
        )
    return answers


def mean(family: Sequence[Case]) -> list[Said]:
    """The customer's: the mean may not be more than the tolerance above that of before."""
    return [_said(float(np.mean(_calls(one.after)) / np.mean(_calls(one.before))) > one.tolerance) for one in family]


def p95(family: Sequence[Case]) -> list[Said]:
    """The same of the 95th percentile."""
    return [
        _said(float(np.quantile(_calls(one.after), 0.95) / np.quantile(_calls(one.before), 0.95)) > one.tolerance)
        for one in family
    ]


def mann_whitney(family: Sequence[Case]) -> list[Said]:
    """Kayenta's: the calls of both sides differ by the U test, and their means by the tolerance or more."""
    said = []
    for one in family:
        before, after = _calls(one.before), _calls(one.after)
        slower = stats.mannwhitneyu(after, before, alternative="greater").pvalue < KAYENTA_ERROR
        said.append(_said(bool(slower and after.mean() / before.mean() >= one.tolerance)))
    return said


RULES: dict[str, Rule] = {"ours": ours, "mean": mean, "p95": p95, "mann_whitney": mann_whitney}


def _said(degraded: bool) -> Said:
    """These rules know no third answer."""
    return Said(Verdict.DEGRADED if degraded else Verdict.WITHIN)


def _calls(sessions: Sequence[Samples]) -> NDArray[np.float64]:
    """All calls of a side that answered, as if one session were like another."""
    values: NDArray[np.float64] = np.concatenate([one.values for one in sessions])
    return values[~np.isnan(values)]
