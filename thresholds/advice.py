"""The rollback advice for a comparison: by probability and by what still answers, never by a point ratio."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from baselines.duel import BLOCK_PAIRS
from baselines.series import Unit
from baselines.verdict import Comparison, Question, SeriesComparison, Verdict
from thresholds.assessment import Action, Advice
from thresholds.core import Core
from thresholds.evidence import MOST_EVIDENCE, evidence_of, over
from thresholds.quantity import written
from thresholds.rollback import RollbackMatrix, RollbackRow
from thresholds.wording import likely
from thresholds.workload import regressed

_NOTHING_ANSWERS = "every call of the core functionality fails"


def advise(comparison: Comparison, matrix: RollbackMatrix) -> Advice:
    """The customer's rollback matrix applied to a whole comparison. The first line that holds:

    - every call of the core fails: roll back, tier 3; more than half of the core is broken: roll back, tier 2. The
      core are the series of the first of the matrix's core categories of which both captures have any
    - P(ratio > 1.40) of a degraded series at least 80 %: roll back, tier 1; above 20 %: undecided, with the price
    - a quarter to a half of the core is broken, P(ratio > 1.25) of a degraded series is at least 80 %, or a series is
      degraded where the bands can't see it (in its tail): hold
    - P(ratio > 1.25) of a degraded series above 20 %: undecided, with the price
    - a series is missing, nothing was compared, or an inconclusive series may be over 1.25 with more than 20 %:
      undecided. Such a series never argues for a rollback, it only takes the ground from "continue".
    - else continue.

    `over_25` and `over_40` are of the likeliest degraded series, where none is of the likeliest inconclusive one.
    """
    facts = _Facts.of(comparison, matrix)
    rules: Sequence[Callable[[_Facts, RollbackMatrix], Advice | None]] = (
        _functionality_lost,
        _over_rollback_band,
        _broken_or_degraded_enough_to_hold,
        _near_hold_band,
        _no_ground_to_continue,
    )
    return next((advice for rule in rules if (advice := rule(facts, matrix)) is not None), _continue(facts))


def advise_inaccessible(evidence: Sequence[str], matrix: RollbackMatrix) -> Advice:
    """The advice for a system of whose core nothing answers, so that nothing could be captured: roll back, tier 3.

    `evidence`: a sentence for each thing asked and what came of it. No ratio was measured, so both probabilities are 0.
    """
    return _rollback(matrix.inaccessible, _NOTHING_ANSWERS, evidence)


@dataclass(frozen=True, slots=True)
class _Suspect:
    """The series likeliest over a band. `sessions`: what its smaller side has; `more_sessions`: what its inconclusive
    answers ask for.
    """

    name: str
    probability: float
    sessions: int
    more_sessions: tuple[int | None, ...] = ()

    def may_be(self, share: float) -> str:
        return f"{self.name} may be {_slower(share)} ({likely(self.probability)})"

    def is_over(self, share: float) -> str:
        return f"{self.name} is {_slower(share)} ({likely(self.probability)})"


_NOBODY = _Suspect("", 0.0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the rules look at."""

    comparison: Comparison
    degraded: Sequence[SeriesComparison]
    core: Core
    over_hold: _Suspect
    over_rollback: _Suspect
    evidence: Sequence[str]

    @classmethod
    def of(cls, comparison: Comparison, matrix: RollbackMatrix) -> "_Facts":
        degraded = [one for one in comparison.having(Verdict.DEGRADED) if _is_slower(one)]
        weighed = degraded or comparison.having(Verdict.INCONCLUSIVE)
        core = Core.of(comparison, matrix)
        return cls(
            comparison=comparison,
            degraded=degraded,
            core=core,
            over_hold=_likeliest(weighed, matrix.hold_from),
            over_rollback=_likeliest(weighed, matrix.degraded.over),
            evidence=evidence_of(comparison, core, matrix),
        )


def _is_slower(one: SeriesComparison) -> bool:
    """Whether one of the latency questions says degraded: availability alone does not."""
    answers = [one.answer(Question.TYPICAL), one.answer(Question.TAIL)]
    return any(answer is not None and answer.verdict is Verdict.DEGRADED for answer in answers)


def _functionality_lost(facts: _Facts, matrix: RollbackMatrix) -> Advice | None:
    if facts.core.is_lost:
        return _roll_back(facts, matrix.inaccessible, _NOTHING_ANSWERS)
    if facts.core.broken_share > matrix.core_broken.over:
        return _roll_back(facts, matrix.core_broken, facts.core.sentence)
    return None


def _over_rollback_band(facts: _Facts, matrix: RollbackMatrix) -> Advice | None:
    suspect, over = facts.over_rollback, matrix.degraded.over
    if not facts.degraded or suspect.probability <= 1 - matrix.confidence:
        return None
    if suspect.probability < matrix.confidence:
        return _advice(
            facts,
            Action.UNDECIDED,
            f"{suspect.may_be(over)}; {_price(facts, _sessions_for_band(suspect, matrix), matrix)}",
        )
    return _roll_back(facts, matrix.degraded, suspect.is_over(over))


def _broken_or_degraded_enough_to_hold(facts: _Facts, matrix: RollbackMatrix) -> Advice | None:
    if facts.core.broken_share >= matrix.hold_from:
        return _advice(facts, Action.HOLD, f"hold at the gate: {facts.core.sentence}")
    suspect = facts.over_hold
    if facts.degraded and suspect.probability >= matrix.confidence:
        short = f"but not by more than {written(matrix.degraded.over, Unit.RATIO)}"
        return _advice(facts, Action.HOLD, f"hold at the gate: {suspect.is_over(matrix.hold_from)}, {short}")
    unseen = [one.series.name for one in facts.degraded if not _is_typically_slower(one)]
    if unseen:
        return _advice(facts, Action.HOLD, f"hold at the gate: {', '.join(unseen)} is slower in some calls only")
    return None


def _near_hold_band(facts: _Facts, matrix: RollbackMatrix) -> Advice | None:
    suspect = facts.over_hold
    if not facts.degraded or suspect.probability <= 1 - matrix.confidence:
        return None
    return _advice(
        facts,
        Action.UNDECIDED,
        f"{suspect.may_be(matrix.hold_from)}; {_price(facts, _sessions_for_band(suspect, matrix), matrix)}",
    )


def _no_ground_to_continue(facts: _Facts, matrix: RollbackMatrix) -> Advice | None:
    missing = [one.series.name for one in facts.comparison.having(Verdict.MISSING)]
    if missing:
        return _advice(facts, Action.UNDECIDED, f"{', '.join(missing)}: not in the later capture; capture it again")
    inconclusive = facts.comparison.having(Verdict.INCONCLUSIVE)
    if len(facts.comparison.having(Verdict.NEW)) == len(facts.comparison.series):
        return _advice(facts, Action.UNDECIDED, "the captures have no series in common, so nothing was compared")
    unknown = [one.series.name for one in inconclusive if not one.probability_over]
    if unknown:
        return _advice(facts, Action.UNDECIDED, f"{', '.join(unknown)}: nothing to compare; capture it again")
    suspect = _likeliest(inconclusive, matrix.hold_from)
    if suspect.probability <= 1 - matrix.confidence:
        return None
    return _advice(
        facts,
        Action.UNDECIDED,
        f"{suspect.may_be(matrix.hold_from)}; {_price(facts, _sessions_for_verdict(suspect), matrix)}",
    )


def _continue(facts: _Facts) -> Advice:
    if facts.degraded:
        names = ", ".join(one.series.name for one in facts.degraded)
        return _advice(facts, Action.CONTINUE, f"continue with fixes: {names} is slower, but not by enough to hold")
    if facts.core.broken:
        names = ", ".join(one.series.name for one in facts.core.broken)
        return _advice(facts, Action.CONTINUE, f"continue with fixes: {facts.core.sentence} ({names})")
    failing = [one.series.name for one in facts.comparison.having(Verdict.DEGRADED)]
    if failing:
        return _advice(facts, Action.CONTINUE, f"continue with fixes: {', '.join(failing)} fails in some calls")
    if statements := len(regressed(facts.comparison.workload)):
        are = "statement is" if statements == 1 else "statements are"
        return _advice(facts, Action.CONTINUE, f"continue with fixes: {statements} {are} slower that no probe sends")
    return _advice(facts, Action.CONTINUE, "nothing is degraded")


def _roll_back(facts: _Facts, row: RollbackRow, why: str) -> Advice:
    advice = _rollback(row, why, facts.evidence)
    return replace(advice, over_25=facts.over_hold.probability, over_40=facts.over_rollback.probability)


def _rollback(row: RollbackRow, why: str, evidence: Sequence[str]) -> Advice:
    minutes = round(row.within_seconds / 60)
    within = f"{minutes // 60} h" if minutes % 60 == 0 and minutes > 60 else f"{minutes} min"
    return Advice(
        action=Action.ROLLBACK,
        rollback_tier=row.rollback_tier,
        over_25=0.0,
        over_40=0.0,
        reason=f"{why}: {row.measure}, in under {within}, decided by {row.decided_by}",
        decided_by=row.decided_by,
        time_limit_minutes=minutes,
        evidence=tuple(evidence[:MOST_EVIDENCE]),
    )


def _advice(facts: _Facts, action: Action, reason: str) -> Advice:
    return Advice(
        action=action,
        rollback_tier=None,
        over_25=facts.over_hold.probability,
        over_40=facts.over_rollback.probability,
        reason=reason,
        evidence=tuple(facts.evidence),
    )


def _likeliest(weighed: Sequence[SeriesComparison], share: float) -> _Suspect:
    suspects = [
        _Suspect(
            name=one.series.name,
            probability=over(one, share),
            sessions=min(one.sessions),
            more_sessions=tuple(
                answer.more_sessions for answer in one.answers if answer.verdict is Verdict.INCONCLUSIVE
            ),
        )
        for one in weighed
    ]
    return max(suspects, key=lambda one: one.probability, default=_NOBODY)


def _is_typically_slower(one: SeriesComparison) -> bool:
    answer = one.answer(Question.TYPICAL)
    return answer is not None and answer.verdict is Verdict.DEGRADED


def _slower(share: float) -> str:
    return f"more than {written(share, Unit.RATIO)} slower"


def _sessions_for_band(suspect: _Suspect, matrix: RollbackMatrix) -> float:
    """How many more would decide a band if the ratio stayed; infinite where none would.

    The error shrinks with the root of the sessions, so k' = k (z₈₀ / z)².
    """
    wanted = NormalDist().inv_cdf(matrix.confidence)
    distance = abs(NormalDist().inv_cdf(suspect.probability))
    if distance == 0 or suspect.sessions == 0:
        return math.inf
    return max(1, math.ceil(suspect.sessions * (wanted / distance) ** 2) - suspect.sessions)


def _sessions_for_verdict(suspect: _Suspect) -> float:
    """How many more the comparison itself asks for before it calls an inconclusive series; infinite where it can't."""
    return math.inf if None in suspect.more_sessions else max((one or 1 for one in suspect.more_sessions), default=1)


def _price(facts: _Facts, further: float, matrix: RollbackMatrix) -> str:
    if facts.comparison.interleaved:
        more = f"about {further * BLOCK_PAIRS:.0f} further pairs" if math.isfinite(further) else "no number of pairs"
        return f"{more} would decide it"
    pairs = f"{matrix.interleaved_pairs} interleaved pairs"
    if further > matrix.most_further_sessions:
        return f"only {pairs} would decide it"
    sessions = "1 further session" if further == 1 else f"{further:.0f} further sessions"
    return f"about {sessions} a side ({further:.0f} min or more) or {pairs} would decide it"
