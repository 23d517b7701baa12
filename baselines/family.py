"""Every question asked of a family of series at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from baselines.availability import judge_availability
from baselines.case import Case, Look
from baselines.tail import judge_tail
from baselines.typical import Typical, judge_typical
from baselines.verdict import SEVERITY, Answer, Level, Question

# Kept with each capture: a verdict is replayed by the rules it was made with. It goes up with any change of a verdict.
RULE_VERSION = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answers to the questions asked of one case; `level` is that of the after side.

    The typical question and availability are always asked, the tail where the typical call has a ratio and its sessions
    have 20 calls.

    `probability_over` maps 1.25 and 1.40 to the probability that the true ratio is higher (empty without a ratio).
    """

    answers: tuple[Answer, ...]
    level: Level | None
    probability_over: dict[float, float]

    @property
    def deciding(self) -> Answer:
        """The worst answer, which gives the verdict; of those that agree the typical one, then availability."""
        return min(self.answers, key=lambda answer: SEVERITY.index(answer.verdict))

    def answer(self, question: Question) -> Answer:
        """The answer to that question, which must have been asked."""
        return next(one for one in self.answers if one.question is question)


def judge_family(cases: Sequence[Case], look: Look = Look.ONLY) -> list[Judgement]:
    """Judges series that were captured together, in their order; units play no part. Never raises on any samples."""
    judged = zip(cases, judge_typical(cases, look), judge_tail(cases, look), strict=True)
    return [
        Judgement(
            answers=_answers(case, typical, tail),
            level=typical.level,
            probability_over=typical.probability_over,
        )
        for case, typical, tail in judged
    ]


def _answers(case: Case, typical: Typical, tail: Answer | None) -> tuple[Answer, ...]:
    answers = (typical.answer, judge_availability(case.before, case.after))
    return answers if tail is None or typical.answer.ratio is None else (*answers, tail)
