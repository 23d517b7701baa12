"""The words of a judgement: what was asked of a series, and what the answer can be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from baselines.common_mode import CommonMode, Move, common_mode
from baselines.explanation import Explanation
from baselines.host_load import HostLoads
from baselines.ledger import Change
from baselines.series import Series
from baselines.workload import StatementText


class Verdict(StrEnum):
    """What a comparison says of a series. `new` and `missing`: one side has no such series."""

    WITHIN = "within"
    DEGRADED = "degraded"
    IMPROVED = "improved"
    INCONCLUSIVE = "inconclusive"
    NEW = "new"
    MISSING = "missing"


# The worst first. An improvement stands before "within", since it is an answer to one question only.
SEVERITY = (
    Verdict.DEGRADED,
    Verdict.MISSING,
    Verdict.INCONCLUSIVE,
    Verdict.NEW,
    Verdict.IMPROVED,
    Verdict.WITHIN,
)


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
    that answered, and None where none did; `p95_interval` is its 95 % interval, None of a single session.
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
    p95_interval: tuple[float, float] | None = None

    @property
    def unanswered(self) -> int:
        """Calls that failed or waited in vain."""
        return self.failed + self.timed_out

    @property
    def answered_share(self) -> float:
        """The share of calls that answered, 0 to 1; 0 for a side without calls."""
        return 1 - self.unanswered / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The judged location of one side in base units, with its 95 % interval: what limits are held against."""

    value: float
    low: float
    high: float


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
    def shown(self) -> Answer | None:
        """The answer whose ratio a report shows: the typical one, unless only another one with a ratio gave the
        verdict, as where just some calls became slower."""
        typical = self.answer(Question.TYPICAL)
        if typical is None or typical.verdict is self.verdict:
            return typical
        deciding = (one for one in self.answers if one.verdict is self.verdict and one.ratio is not None)
        return next(deciding, typical)

    @property
    def suspected(self) -> bool:
        """Whether more sessions are worth their minutes before anybody is told."""
        return any(one.suspected for one in self.answers)

    @property
    def reason(self) -> str:
        """The sentence of the answer that decided the verdict."""
        return next((one.reason for one in self.answers if one.verdict is self.verdict), "")

    @property
    def impact_seconds_per_hour(self) -> float | None:
        """What the change costs the portal: its calls in an hour × (level after − level before), negative where it
        saves.

        None where the calls or one of the levels are unknown, and where it is not the typical call that changed.
        """
        shown, calls = self.shown, self.series.calls_per_hour
        if calls is None or self.level is None or shown is None or shown.ratio is None:
            return None
        return calls * self.level.value * (1 - 1 / shown.ratio) if shown.question is Question.TYPICAL else None

    @property
    def dearer(self) -> float:
        """How many times as dear an answer has become: the highest ratio, times how many more calls an answer takes.

        Infinite where nothing answers any more; 0 where there are not two sides.
        """
        if self.before is None or self.after is None:
            return 0.0
        was, is_now = self.before.answered_share, self.after.answered_share
        if not is_now:
            return math.inf if was else 0.0
        ratios = [one.ratio for one in self.answers if one.ratio is not None]
        return max(ratios, default=1.0) * was / is_now

    @property
    def rank(self) -> tuple[int, bool, float, float, str]:
        """What series are sorted by: the worst verdict, what answers no more, the highest impact where it is known,
        the highest ratio, and the name."""
        dearer = self.dearer
        impact = self.impact_seconds_per_hour or 0.0
        return SEVERITY.index(self.verdict), math.isfinite(dearer), -impact, -dearer, self.series.name


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementComparison:
    """One statement, before against after, judged as a series is. `share`: its part of the database's time after.

    `probes` are those that send this very statement.
    """

    statement: StatementText
    database: str
    compared: SeriesComparison
    share: float
    probes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadComparison:
    """All statements that were carried out after, worst first and dearest first; `gaps` are sentences on what could not
    be judged, and why.
    """

    statements: Sequence[StatementComparison] = ()
    gaps: Sequence[str] = ()

    def having(self, verdict: Verdict) -> list[StatementComparison]:
        """Those with this verdict."""
        return [one for one in self.statements if one.compared.verdict is verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All series of two captures, judged as one family. `before` and `after` are the names of the captures.

    `series` are in the order in which they were captured, `worst_first` in that of every report. `loads` is the load of
    the host for which the verdicts hold. `changes` are what else has changed from the end of the one to the end of the
    other, oldest first. `interleaved`: the sessions are the blocks of a duel. `workload` are the statements that the
    databases carried out, whoever sent them.
    """

    before: str
    after: str
    series: Sequence[SeriesComparison]
    loads: HostLoads = field(default_factory=HostLoads)
    changes: Sequence[Change] = ()
    interleaved: bool = False
    workload: WorkloadComparison = field(default_factory=WorkloadComparison)

    @property
    def worst_first(self) -> list[SeriesComparison]:
        """The series by verdict, then by impact, then by ratio: the order of every report."""
        return sorted(self.series, key=lambda one: one.rank)

    @property
    def common_mode(self) -> CommonMode | None:
        """Whether nearly everything moved alike, whatever the single verdicts are."""
        answers = [(one.series, one.answer(Question.TYPICAL)) for one in self.series]
        return common_mode(
            [
                Move(series=series.name, ratio=answer.ratio, is_control=series.is_control)
                for series, answer in answers
                if answer is not None and answer.ratio
            ]
        )

    def having(self, *verdicts: Verdict) -> list[SeriesComparison]:
        """The series with one of these verdicts, the worst first."""
        return [one for one in self.worst_first if one.verdict in verdicts]
