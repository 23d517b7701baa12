"""What each condition of a gate says of what was measured and read: nothing is open without data."""

from collections.abc import Collection, Sequence

from baselines.series import Unit
from baselines.verdict import Question, SeriesComparison, Verdict
from thresholds.assessment import Assessment
from thresholds.deployment.gate import Condition, ConditionResult, GateState
from thresholds.deployment.gate_figures import GateFigures
from thresholds.deployment.integrity import IntegrityResult
from thresholds.finding import Finding, Level, Rule
from thresholds.quantity import written
from thresholds.workload import regressed, shortened

# More sentences than these nobody reads at a gate; the capture has them all.
_MOST_REASONS = 8
# Verdicts of what was there before and after, and long enough to be told apart.
_JUDGED = (Verdict.WITHIN, Verdict.IMPROVED, Verdict.DEGRADED)


def comparison(assessment: Assessment) -> ConditionResult:
    """Every series both sides have is within its tolerance. Degraded or missing closes; no series in common decides
    nothing."""
    judged = assessment.comparison.series
    wrong = [_sentence(one) for one in judged if one.verdict in (Verdict.DEGRADED, Verdict.MISSING)]
    if wrong:
        return _result(Condition.COMPARISON, GateState.CLOSED, wrong)
    unsure = [_sentence(one) for one in judged if one.verdict is Verdict.INCONCLUSIVE]
    held = [one for one in judged if one.verdict in (Verdict.WITHIN, Verdict.IMPROVED)]
    if unsure or not held:
        return _result(Condition.COMPARISON, GateState.INCONCLUSIVE, unsure or ["no series was compared"])
    return _result(Condition.COMPARISON, GateState.OPEN, [f"{len(held)} series are within their tolerance"])


def workload(assessment: Assessment) -> ConditionResult:
    """No statement of the portal's that nobody probes became slower."""
    compared = assessment.comparison.workload
    judged = [one for one in compared.statements if one.compared.verdict in _JUDGED]
    if not judged:
        why = "none of the portal's statements could be judged on both sides"
        return _result(Condition.WORKLOAD, GateState.INCONCLUSIVE, [why])
    if worse := regressed(compared):
        told = [f"a statement became slower: {shortened(one.statement.text)}" for one in worse]
        return _result(Condition.WORKLOAD, GateState.CLOSED, told)
    return _result(Condition.WORKLOAD, GateState.OPEN, [f"{len(judged)} statements, none slower"])


def limits(findings: Sequence[Finding], looked_at: int) -> ConditionResult:
    """No series is over a critical limit, and none of its calls fails. `looked_at`: how many series were."""
    critical = [one for one in findings if one.level is Level.CRITICAL and one.rule is not Rule.BASELINE]
    wrong = [limit_broken(one) for one in critical if not one.dry_run]
    if wrong:
        return _result(Condition.LIMITS, GateState.CLOSED, sorted(set(wrong)))
    if not looked_at:
        return _result(Condition.LIMITS, GateState.INCONCLUSIVE, ["nothing was measured"])
    return _result(Condition.LIMITS, GateState.OPEN, [f"{looked_at} series, none over a critical limit"])


def limit_broken(finding: Finding) -> str:
    """A finding as a reason: its series stands before the colon, since a gate knows by it what was told already."""
    return f"{finding.series}: {finding.summary.removeprefix(finding.series).lstrip()}"


def integrity(results: Sequence[IntegrityResult]) -> ConditionResult:
    """Every answer is as it must be."""
    if not results:
        return _result(Condition.INTEGRITY, GateState.INCONCLUSIVE, ["the plan asks nothing of integrity"])
    for state in (GateState.CLOSED, GateState.INCONCLUSIVE):
        if told := [one.sentence for one in results if one.state is state]:
            return _result(Condition.INTEGRITY, state, told)
    return ConditionResult(Condition.INTEGRITY, GateState.OPEN, tuple(one.sentence for one in results))


def statistics(stale: Collection[str] | None, why: str = "") -> ConditionResult:
    """No table's statistics are out of date; None where they could not be read."""
    if stale is None:
        return _result(Condition.STATISTICS, GateState.INCONCLUSIVE, [f"statistics could not be read: {why}"])
    told = [f"{one} has changed a lot since it was analysed: ANALYZE {one}" for one in stale]
    return _result(Condition.STATISTICS, GateState.CLOSED if told else GateState.OPEN, told or ["statistics are fresh"])


def indexes(invalid: Collection[str] | None, why: str = "") -> ConditionResult:
    """No index is invalid, as one is that was built concurrently and failed; None where that could not be read."""
    if invalid is None:
        return _result(Condition.INDEXES, GateState.INCONCLUSIVE, [f"indexes could not be read: {why}"])
    told = [f"the index {one} is invalid: drop it, or REINDEX INDEX CONCURRENTLY {one}" for one in invalid]
    return _result(Condition.INDEXES, GateState.CLOSED if told else GateState.OPEN, told or ["no index is invalid"])


def cache(hits: int | None, reads: int | None, figures: GateFigures) -> ConditionResult:
    """The cache is warm: what was measured cold says nothing of tomorrow. Never closed, for it warms up by itself."""
    if hits is None or reads is None or hits + reads < figures.cache_blocks:
        return _result(Condition.CACHE, GateState.INCONCLUSIVE, ["too little was read to tell whether it is warm"])
    share = hits / (hits + reads)
    told = f"{written(share, Unit.RATIO, 3)} of {hits + reads:,} blocks came out of the cache"
    if share < figures.cache_hits:
        least = written(figures.cache_hits, Unit.RATIO)
        return _result(Condition.CACHE, GateState.INCONCLUSIVE, [f"{told}, {least} are warm: evaluate it again"])
    return _result(Condition.CACHE, GateState.OPEN, [told])


def operations(failed: int | None, why: str = "") -> ConditionResult:
    """None of the migration's own operations failed; None where its log could not be read."""
    if failed is None:
        return _result(Condition.OPERATIONS, GateState.INCONCLUSIVE, [f"the log could not be read: {why}"])
    if failed:
        told = f"{failed} operation{'s' if failed > 1 else ''} of the migration failed"
        return _result(Condition.OPERATIONS, GateState.CLOSED, [told])
    return _result(Condition.OPERATIONS, GateState.OPEN, ["no operation failed"])


def rehearsal(assessment: Assessment) -> ConditionResult:
    """Side by side on a clone, the new release is not slower than the old one."""
    return ConditionResult(Condition.REHEARSAL, *_of(comparison(assessment)))


def _of(result: ConditionResult) -> tuple[GateState, tuple[str, ...]]:
    return result.state, result.reasons


def _result(condition: Condition, state: GateState, reasons: Sequence[str]) -> ConditionResult:
    told = list(reasons[:_MOST_REASONS])
    if len(reasons) > _MOST_REASONS:
        told.append(f"and {len(reasons) - _MOST_REASONS} more")
    return ConditionResult(condition, state, tuple(told))


def _sentence(one: SeriesComparison) -> str:
    """What is wrong with a series, with the figures of the question that says so."""
    name = one.series.name
    if one.verdict is Verdict.MISSING:
        return f"{name} is missing"
    answer = next((each for each in one.answers if each.verdict is one.verdict), None)
    if answer is None:
        return f"{name} is {one.verdict}"
    if answer.question is Question.AVAILABILITY:
        return f"{name} fails more often than before" if one.verdict is Verdict.DEGRADED else f"{name}: {answer.reason}"
    interval = (
        "" if answer.ci_low is None or answer.ci_high is None else f" ({answer.ci_low:.2f} to {answer.ci_high:.2f})"
    )
    ratio = "" if answer.ratio is None else f" {answer.ratio:.2f} times the baseline{interval}"
    where = " in its slowest calls" if answer.question is Question.TAIL else ""
    if one.verdict is Verdict.DEGRADED:
        return f"{name} takes{ratio}{where}, {one.tolerance:.2f} is tolerated"
    return f"{name} is undecided{where}:{ratio or ' too little is known'}"
