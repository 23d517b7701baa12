"""The words of a judgement: what was asked of a series, and what the answer can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from baselines.ledger import Change
from baselines.series import Series


class Verdict(StrEnum):
    """What a comparison says of a series. `new` and `missing`: one side has no such series."""

    WITHIN = "within"
    DEGRADED = "degraded"
    IMPROVED = "improved"
    INCONCLUSIVE = "inconclusive"
    NEW = "new"
    MISSING = "missing"


class Question(StrEnum):
    """What is asked of each series; its verdict is the worst of the answers."""

    TYPICAL = "typical"
    TAIL = "tail"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question, in ratios after/before (None where a ratio means nothing).

    `more_sessions`: how many more a side would probably decide an inconclusive one (0: none needed, None: more sessions
    can't decide it). `suspected`: the plain gate would say degraded and only the family's correction does not.
    """

    question: Question
    verdict: Verdict
    ratio: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    more_sessions: int | None = 0
    suspected: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What people want to read of one side, in the series' base unit; never what a verdict is made from.

    `n` counts all calls; `failed` those that failed, `timed_out` those that waited in vain. The figures are of calls
    that answered, and None where none did.
    """

    n: int
    failed: int
    timed_out: int
    mean: float | None
    median: float | None
    p95: float | None
    p99: float | None
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The judged location of one side in base units, with its 95 % interval: what limits are held against."""

    value: float
    low: float
    high: float


class ExplanationKind(StrEnum):
    """What may stand beside a verdict as its cause: a closed list, so that scripts can tell them apart."""

    PLAN_CHANGE = "plan_change"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cause with its evidence, in one sentence."""

    kind: ExplanationKind
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesComparison:
    """One series, before against after.

    `tolerance` is a ratio (1.25). `before`/`after` are None on the side that has no such series. `level` is that of
    the after side (None without a value there). `probability_over` maps 1.25 and 1.40 to the probability that the true
    ratio lies above it (empty where there is no ratio).
    """

    series: Series
    tolerance: float
    verdict: Verdict
    answers: Sequence[Answer]
    before: Summary | None
    after: Summary | None
    level: Level | None = None
    probability_over: dict[float, float]
    sessions: tuple[int, int]
    explanations: Sequence[Explanation] = ()

    def answer(self, question: Question) -> Answer | None:
        """The answer to that question, None where it was not asked."""
        return next((one for one in self.answers if one.question is question), None)

    @property
    def suspected(self) -> bool:
        """Whether more sessions are worth their minutes before anybody is told."""
        return any(one.suspected for one in self.answers)

    @property
    def reason(self) -> str:
        """The sentence of the answer that decided the verdict."""
        return next((one.reason for one in self.answers if one.verdict is self.verdict), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All series of two captures, judged as one family. `before` and `after` are the names of the captures.

    `changes` are what else has changed from the end of the one to the end of the other, oldest first.
    """

    before: str
    after: str
    series: Sequence[SeriesComparison]
    changes: Sequence[Change] = ()

    def having(self, *verdicts: Verdict) -> list[SeriesComparison]:
        """The series with one of these verdicts, in the order of the comparison."""
        return [one for one in self.series if one.verdict in verdicts]
