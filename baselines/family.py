"""Every question asked of a family of series at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from baselines.availability import judge_availability
from baselines.case import Case, Look
from baselines.typical import judge_typical
from baselines.verdict import Answer, Level, Question, Verdict

# Kept with each capture: a verdict is replayed by the rules it was made with. It goes up with any change of a verdict.
RULE_VERSION = "1"

# The worst first. An improvement stands before "within", since it is an answer to one question only.
SEVERITY = (
    Verdict.DEGRADED,
    Verdict.MISSING,
    Verdict.INCONCLUSIVE,
    Verdict.NEW,
    Verdict.IMPROVED,
    Verdict.WITHIN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answers to all questions of one case; `level` is that of the after side.

    `probability_over` maps 1.25 and 1.40 to the probability that the true ratio is higher (empty without a ratio).
    """

    answers: tuple[Answer, ...]
    level: Level | None
    probability_over: dict[float, float]

    @property
    def deciding(self) -> Answer:
        """The worst answer, which gives the verdict; the typical one where they agree."""
        return min(self.answers, key=lambda answer: SEVERITY.index(answer.verdict))

    def answer(self, question: Question) -> Answer:
        """The answer to that question."""
        return next(one for one in self.answers if one.question is question)


def judge_family(cases: Sequence[Case], look: Look = Look.ONLY) -> list[Judgement]:
    """Judges series that were captured together, in their order; units play no part. Never raises on any samples."""
    return [
        Judgement(
            answers=(typical.answer, judge_availability(case.before, case.after)),
            level=typical.level,
            probability_over=typical.probability_over,
        )
        for case, typical in zip(cases, judge_typical(cases, look), strict=True)
    ]
