"""A comparison turned into findings and advice: what reports, gates and exit codes are made from."""

from datetime import datetime

from baselines.series import Direction, Unit
from baselines.verdict import Comparison, Question, SeriesComparison, StatementComparison, Verdict
from baselines.verdict import Level as JudgedLevel
from thresholds.advice import advise
from thresholds.assessment import Assessment
from thresholds.evaluation import broken, rule_of, side
from thresholds.finding import Finding, Level, Rule, marked
from thresholds.limit import SeriesLimits
from thresholds.matrix import ThresholdMatrix
from thresholds.quantity import written
from thresholds.rollback import RollbackMatrix
from thresholds.routing import Routing
from thresholds.wording import failed_share, fails, moved
from thresholds.workload import regressed, shortened

_GRAVITY = {Level.CRITICAL: 0, Level.WARNING: 1, Level.OK: 2}
_WORST_FIRST = (Verdict.DEGRADED, Verdict.INCONCLUSIVE, Verdict.WITHIN, Verdict.IMPROVED)


def assess(
    comparison: Comparison,
    matrix: ThresholdMatrix,
    rollback: RollbackMatrix,
    routing: Routing,
    profile: str,
    taken_at: datetime,
) -> Assessment:
    """A comparison with its findings, worst first, and the rollback advice. `taken_at`: when the after side was.

    - baseline: a series slower than its tolerance, in its typical call or its tail, or missing, is a warning; so is a
      statement that no probe sends
    - absolute (floor): the whole 95 % interval of the after side's level lies beyond the limit; one that reaches over
      it proves nothing, for a warning as for a critical one. A new series is judged too, it needs no past for this.
    - availability: degraded is critical; so is a new series most of whose calls fail, which has nothing to degrade from

    Those of a series in a dry run are marked. Raises FigureError where a limit does not fit its series.
    """
    findings = [one for one in baseline_findings(comparison, routing, taken_at) if one.level is not Level.OK]
    dry_runs = set()
    for statement in regressed(comparison.workload):
        findings.append(_statement(statement, routing, taken_at))
        if matrix.limits_of(statement.compared.series).dry_run:
            dry_runs.add(statement.compared.series.name)
    for one in comparison.series:
        limits = matrix.limits_of(one.series)
        if limits.dry_run:
            dry_runs.add(one.series.name)
        judged = [
            _availability(one, rollback.broken_over, routing, taken_at),
            _absolute(one, limits, routing, taken_at),
        ]
        findings.extend(finding for finding in judged if finding is not None)
    findings = sorted(marked(findings, dry_runs), key=lambda one: _GRAVITY[one.level])
    return Assessment(comparison=comparison, profile=profile, findings=findings, advice=advise(comparison, rollback))


def baseline_findings(comparison: Comparison, routing: Routing, taken_at: datetime) -> list[Finding]:
    """What the baseline rule says of each series, ok included, so that good evaluations can be counted.

    - warning: the typical call or the tail is degraded, or the series is missing
    - ok: both are within or improved
    - nothing: a new series, or an inconclusive one, which is neither evidence for nor against
    """
    judged = [_baseline(one, routing, taken_at) for one in comparison.series]
    return [one for one in judged if one is not None]


def _baseline(one: SeriesComparison, routing: Routing, taken_at: datetime) -> Finding | None:
    if one.verdict is Verdict.NEW:
        return None
    name = one.series.name
    if one.verdict is Verdict.MISSING:
        level, ratio, summary = Level.WARNING, None, f"{name} is missing: the earlier capture has it, the later has not"
    else:
        questions = [one.answer(Question.TYPICAL), one.answer(Question.TAIL)]
        answers = [answer for answer in questions if answer is not None]
        if not answers:
            return None
        worst = min(answers, key=lambda answer: _WORST_FIRST.index(answer.verdict))
        if worst.verdict is Verdict.INCONCLUSIVE:
            return None
        level = Level.WARNING if worst.verdict is Verdict.DEGRADED else Level.OK
        ratio, summary = worst.ratio, moved(one, worst)
    return Finding(
        series=name,
        route=routing.route_of(one.series, Rule.BASELINE),
        rule=Rule.BASELINE,
        level=level,
        unit=Unit.RATIO,
        summary=summary,
        since=taken_at,
        value=ratio,
        limit=one.tolerance,
    )


def _statement(one: StatementComparison, routing: Routing, taken_at: datetime) -> Finding:
    """A slower statement that no probe sends."""
    compared, answer = one.compared, one.compared.answers[0]
    share = f"{written(one.share, Unit.RATIO)} of the time of {one.database}"
    return Finding(
        series=compared.series.name,
        route=routing.route_of(compared.series, Rule.BASELINE),
        rule=Rule.BASELINE,
        level=Level.WARNING,
        unit=Unit.RATIO,
        summary=f"{moved(compared, answer)}; no probe sends it, {share}: {shortened(one.statement.text)}",
        since=taken_at,
        value=answer.ratio,
        limit=compared.tolerance,
    )


def _absolute(one: SeriesComparison, limits: SeriesLimits, routing: Routing, taken_at: datetime) -> Finding | None:
    if one.level is None:
        return None
    level, limit = broken(limits, _least_bad(one.level, limits.direction))
    if level is Level.OK or limit is None:
        return None
    low, high = written(one.level.low, limit.unit), written(one.level.high, limit.unit)
    figure = f"{written(one.level.value, limit.unit)} (95 % interval {low} to {high})"
    return Finding(
        series=one.series.name,
        route=routing.route_of(one.series, rule_of(limits)),
        rule=rule_of(limits),
        level=level,
        unit=one.series.unit,
        summary=f"{one.series.name} is {figure}, {side(limit)} its {level} limit of {limit.figure}",
        since=taken_at,
        value=one.level.value,
        limit=limit.value,
        action=limits.action,
    )


def _availability(one: SeriesComparison, broken_over: float, routing: Routing, taken_at: datetime) -> Finding | None:
    share = failed_share(one.after)
    answer = one.answer(Question.AVAILABILITY)
    degraded = answer is not None and answer.verdict is Verdict.DEGRADED
    if one.after is None or not (degraded or (one.verdict is Verdict.NEW and share > broken_over)):
        return None
    return Finding(
        series=one.series.name,
        route=routing.route_of(one.series, Rule.AVAILABILITY),
        rule=Rule.AVAILABILITY,
        level=Level.CRITICAL,
        unit=Unit.RATIO,
        summary=fails(one, one.after),
        since=taken_at,
        value=share,
    )


def _least_bad(level: JudgedLevel, direction: Direction) -> float:
    """The end of the interval at which the series looks best."""
    return level.low if direction is Direction.CEILING else level.high
