"""An assessment as JSON for a script: a contract, key by key. Seconds are milliseconds here, and only here."""

import json
from collections.abc import Mapping, Sequence

from baselines.common_mode import CommonMode
from baselines.explanation import Explanation
from baselines.host_load import HostLoads, LoadRange
from baselines.ledger import Change
from baselines.series import Unit
from baselines.verdict import Answer, Question, SeriesComparison, Summary
from dashboards.reports import workload
from dashboards.reports.figures import exact
from thresholds.assessment import Assessment
from thresholds.finding import Finding

MILLISECONDS = 1000.0


def render_json(assessment: Assessment) -> str:
    """The JSON text of `document`, indented, with every name as it is (no ASCII escapes)."""
    return json.dumps(document(assessment), indent=2, ensure_ascii=False, allow_nan=False)


def document(assessment: Assessment) -> dict[str, object]:
    """The assessment as plain dicts and lists, the worst series first.

    A figure that does not exist is null, and so is a side that has no such series. `failed` counts the calls that
    failed and those that timed out: neither is among the figures beside it.
    """
    comparison, advice = assessment.comparison, assessment.advice
    return {
        "before": comparison.before,
        "after": comparison.after,
        "profile": assessment.profile,
        "overall": {
            "verdict": assessment.verdict.value,
            "advice": {
                "action": advice.action.value,
                "rollback_tier": advice.rollback_tier,
                "probability": {"over_25": exact(advice.over_25), "over_40": exact(advice.over_40)},
                "reason": advice.reason,
                "decided_by": advice.decided_by,
                "time_limit_minutes": advice.time_limit_minutes,
                "evidence": list(advice.evidence),
            },
            "common_mode": _common_mode(comparison.common_mode),
            "load": _loads(comparison.loads),
        },
        "series": [_series(one, assessment.findings_of(one.series.name)) for one in comparison.worst_first],
        "workload": workload.document(comparison.workload),
        "changes": change_documents(comparison.changes),
    }


def _common_mode(found: CommonMode | None) -> Mapping[str, object] | None:
    if found is None:
        return None
    return {
        "ratio": exact(found.ratio),
        "moved": found.moved,
        "series": found.series,
        "cause": found.cause.value,
    }


def _loads(found: HostLoads) -> Mapping[str, object]:
    """The one-minute load average per processor on both sides; `busier` is the side that clearly had more."""
    busier = found.busier
    return {
        "before": _load(found.before),
        "after": _load(found.after),
        "busier": None if busier is None else busier.value,
    }


def _load(found: LoadRange | None) -> Mapping[str, object] | None:
    return None if found is None else {"lowest": exact(found.lowest), "highest": exact(found.highest)}


def change_documents(changes: Sequence[Change]) -> list[dict[str, object]]:
    """Changes as plain dicts, with the sentence of each; a side without the item is null, instants are ISO 8601."""
    return [
        {
            "source": one.source,
            "section": one.section.value,
            "item": one.item,
            "before": one.before,
            "after": one.after,
            "at": one.at.isoformat(),
            "summary": one.sentence,
        }
        for one in changes
    ]


def _series(one: SeriesComparison, findings: list[Finding]) -> dict[str, object]:
    scale = _scale(one.series.unit)
    return {
        "series": one.series.name,
        "unit": "ms" if one.series.unit is Unit.SECONDS else one.series.unit.value,
        "before": _summary(one.before, scale),
        "after": _summary(one.after, scale),
        **_ratio(one.answer(Question.TYPICAL)),
        "tolerance": exact(one.tolerance),
        "verdict": one.verdict.value,
        "questions": [
            {"question": answer.question.value, **_ratio(answer), "verdict": answer.verdict.value}
            for answer in one.answers
        ],
        "calls_per_hour": exact(one.series.calls_per_hour),
        "impact_seconds_per_hour": exact(one.impact_seconds_per_hour),
        "findings": [_finding(finding) for finding in findings],
        "explanations": [_explanation(each) for each in one.explanations],
    }


def _explanation(one: Explanation) -> dict[str, object]:
    """Figures stay in base units: each has its unit in its name, or none."""
    return {
        "kind": one.kind.value,
        "summary": one.summary,
        "figures": {name: exact(figure) for name, figure in one.figures.items()},
        "details": list(one.details),
    }


def _summary(side: Summary | None, scale: float) -> Mapping[str, object] | None:
    if side is None:
        return None
    return {
        "n": side.n,
        "failed": side.unanswered,
        "mean": exact(side.mean, scale),
        "median": exact(side.median, scale),
        "p95": exact(side.p95, scale),
        "p95_interval": None if side.p95_interval is None else [exact(end, scale) for end in side.p95_interval],
        "p99": exact(side.p99, scale),
        "min": exact(side.minimum, scale),
        "max": exact(side.maximum, scale),
    }


def _ratio(answer: Answer | None) -> dict[str, object]:
    if answer is None:
        return {"ratio": None, "ci_low": None, "ci_high": None}
    return {"ratio": exact(answer.ratio), "ci_low": exact(answer.ci_low), "ci_high": exact(answer.ci_high)}


def _finding(finding: Finding) -> dict[str, object]:
    scale = _scale(finding.unit)
    return {
        "rule": finding.rule.value,
        "level": finding.level.value,
        "limit": exact(finding.limit, scale),
        "value": exact(finding.value, scale),
        "dry_run": finding.dry_run,
    }


def _scale(unit: Unit) -> float:
    return MILLISECONDS if unit is Unit.SECONDS else 1.0
