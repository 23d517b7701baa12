"""The rollback advice for a comparison: by probability and by what still answers, never by a point ratio."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from baselines.duel import BLOCK_PAIRS
from baselines.series import Unit
from baselines.verdict import Comparison, Question, SeriesComparison, Summary, Verdict
from thresholds.assessment import Action, Advice
from thresholds.quantity import written
from thresholds.rollback import RollbackMatrix, RollbackRow
from thresholds.workload import regressed


def advise(comparison: Comparison, matrix: RollbackMatrix) -> Advice:
    """The customer's rollback matrix applied to a whole comparison. The first line that holds:

    - every call of the core fails: roll back, tier 3; more than half of the core is broken: roll back, tier 2
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
        return f"{self.name} may be {_slower(share)} ({_likely(self.probability)})"

    def is_over(self, share: float) -> str:
        return f"{self.name} is {_slower(share)} ({_likely(self.probability)})"


_NOBODY = _Suspect("", 0.0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the rules look at.

    `core`: the series of the core functionality that both captures have. `broken`: those of them that mostly fail and
    did not before; what failed all along no rollback brings back.
    """

    comparison: Comparison
    degraded: Sequence[SeriesComparison]
    core: Sequence[SeriesComparison]
    broken: Sequence[SeriesComparison]
    over_hold: _Suspect
    over_rollback: _Suspect

    @classmethod
    def of(cls, comparison: Comparison, matrix: RollbackMatrix) -> "_Facts":
        degraded = [one for one in comparison.having(Verdict.DEGRADED) if is_slower(one)]
        weighed = degraded or comparison.having(Verdict.INCONCLUSIVE)
        core = [
            one
            for one in comparison.series
            if one.series.category in matrix.core_categories and one.before is not None and one.after is not None
        ]
        return cls(
            comparison=comparison,
            degraded=degraded,
            core=core,
            broken=[one for one in core if _fails_now(one) and failed_share(one.after) > matrix.broken_over],
            over_hold=_likeliest(weighed, 1 + matrix.hold_from),
            over_rollback=_likeliest(weighed, 1 + matrix.degraded.over),
        )

    @property
    def broken_share(self) -> float:
        return len(self.broken) / len(self.core) if self.core else 0.0

    @property
    def broken_sentence(self) -> str:
        return f"{len(self.broken)} of {len(self.core)} series of the core functionality are broken"


def failed_share(side: Summary | None) -> float:
    """The share of calls that failed or timed out, 0 to 1; 0 for a side without calls."""
    return (side.failed + side.timed_out) / side.n if side is not None and side.n else 0.0


def is_slower(one: SeriesComparison) -> bool:
    """Whether one of the latency questions says degraded: availability alone does not."""
    answers = [one.answer(Question.TYPICAL), one.answer(Question.TAIL)]
    return any(answer is not None and answer.verdict is Verdict.DEGRADED for answer in answers)


def _functionality_lost(facts: _Facts, matrix: RollbackMatrix) -> Advice | None:
    if facts.core and len(facts.broken) == len(facts.core) and all(failed_share(one.after) == 1 for one in facts.core):
        return _roll_back(facts, matrix.inaccessible, "every call of the core functionality fails")
    if facts.broken_share > matrix.core_broken.over:
        return _roll_back(facts, matrix.core_broken, facts.broken_sentence)
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
    if facts.broken_share >= matrix.hold_from:
        return _advice(facts, Action.HOLD, f"hold at the gate: {facts.broken_sentence}")
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
    suspect = _likeliest(inconclusive, 1 + matrix.hold_from)
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
    failing = [one.series.name for one in facts.comparison.having(Verdict.DEGRADED)]
    if failing:
        return _advice(facts, Action.CONTINUE, f"continue with fixes: {', '.join(failing)} fails in some calls")
    if statements := len(regressed(facts.comparison.workload)):
        are = "statement is" if statements == 1 else "statements are"
        return _advice(facts, Action.CONTINUE, f"continue with fixes: {statements} {are} slower that no probe sends")
    return _advice(facts, Action.CONTINUE, "nothing is degraded")


def _roll_back(facts: _Facts, row: RollbackRow, why: str) -> Advice:
    minutes = round(row.within_seconds / 60)
    within = f"{minutes // 60} h" if minutes % 60 == 0 and minutes > 60 else f"{minutes} min"
    reason = f"{why}: {row.measure}, in under {within}, decided by {row.decided_by}"
    return Advice(
        action=Action.ROLLBACK,
        rollback_tier=row.rollback_tier,
        over_25=facts.over_hold.probability,
        over_40=facts.over_rollback.probability,
        reason=reason,
        decided_by=row.decided_by,
        time_limit_minutes=minutes,
    )


def _advice(facts: _Facts, action: Action, reason: str) -> Advice:
    return Advice(
        action=action,
        rollback_tier=None,
        over_25=facts.over_hold.probability,
        over_40=facts.over_rollback.probability,
        reason=reason,
    )


def _likeliest(weighed: Sequence[SeriesComparison], ratio: float) -> _Suspect:
    suspects = [
        _Suspect(
            name=one.series.name,
            probability=_probability(one, ratio),
            sessions=min(one.sessions),
            more_sessions=tuple(
                answer.more_sessions for answer in one.answers if answer.verdict is Verdict.INCONCLUSIVE
            ),
        )
        for one in weighed
    ]
    return max(suspects, key=lambda one: one.probability, default=_NOBODY)


def _probability(one: SeriesComparison, ratio: float) -> float:
    return next((p for over, p in one.probability_over.items() if math.isclose(over, ratio)), 0.0)


def _fails_now(one: SeriesComparison) -> bool:
    answer = one.answer(Question.AVAILABILITY)
    return answer is not None and answer.verdict is Verdict.DEGRADED


def _is_typically_slower(one: SeriesComparison) -> bool:
    answer = one.answer(Question.TYPICAL)
    return answer is not None and answer.verdict is Verdict.DEGRADED


def _slower(share: float) -> str:
    return f"more than {written(share, Unit.RATIO)} slower"


def _likely(probability: float) -> str:
    return "over 99 % likely" if probability > 0.99 else f"{probability * 100:.0f} % likely"


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
