"""Assessments to show: small ones by hand, and the one of a dropped index with its samples."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from baselines.baseline import Baseline, CaptureConditions, CaptureSession, Spacing
from baselines.explanation import Explanation, ExplanationKind
from baselines.samples import Samples
from baselines.series import Series, Unit
from baselines.verdict import (
    Answer,
    Comparison,
    Question,
    SeriesComparison,
    Summary,
    Verdict,
)
from thresholds.assessment import Action, Advice, Assessment
from thresholds.finding import Finding, Level, Rule

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SLOW = "database_queries.portfolio_valuation_aggregation"


def summary(median: float, *, n: int = 100, failed: int = 0, timed_out: int = 0) -> Summary:
    """A side around that median, in seconds."""
    return Summary(
        n=n,
        failed=failed,
        timed_out=timed_out,
        mean=median * 1.02,
        median=median,
        p95=median * 1.2,
        p99=median * 1.4,
        minimum=median * 0.9,
        maximum=median * 1.5,
    )


def compared(
    name: str,
    verdict: Verdict,
    ratio: float | None = 1.0,
    *,
    before: float | None = 0.0412,
    tolerance: float = 1.25,
    spread: float = 1.06,
    explanations: Sequence[Explanation] = (),
    unit: Unit = Unit.SECONDS,
) -> SeriesComparison:
    """One series whose typical question has that ratio and verdict."""
    missing, new = verdict is Verdict.MISSING, verdict is Verdict.NEW
    answers = (
        ()
        if ratio is None or missing or new
        else (
            Answer(
                question=Question.TYPICAL,
                verdict=verdict,
                ratio=ratio,
                ci_low=ratio / spread,
                ci_high=ratio * spread,
                reason=f"the typical call takes {ratio:.2f} times as long",
            ),
            Answer(question=Question.TAIL, verdict=Verdict.WITHIN, ratio=1.02, ci_low=0.9, ci_high=1.2),
            Answer(question=Question.AVAILABILITY, verdict=Verdict.WITHIN),
        )
    )
    return SeriesComparison(
        series=Series(name, unit=unit),
        tolerance=tolerance,
        verdict=verdict,
        answers=answers,
        before=None if new or before is None else summary(before),
        after=None if missing or before is None else summary(before * (ratio or 1.0)),
        probability_over={1.25: 0.5, 1.40: 0.5},
        sessions=(0 if new else 5, 0 if missing else 5),
        explanations=explanations,
    )


def assessed(
    *series: SeriesComparison, findings: Sequence[Finding] = (), action: Action = Action.CONTINUE, reason: str = ""
) -> Assessment:
    """These series with that advice."""
    return Assessment(
        comparison=Comparison(before="pre", after="post", series=series),
        profile="standard",
        findings=findings,
        advice=Advice(
            action=action,
            rollback_tier=1 if action is Action.ROLLBACK else None,
            over_25=0.998,
            over_40=0.993,
            reason=reason,
            decided_by="application administrator" if action is Action.ROLLBACK else None,
            time_limit_minutes=15 if action is Action.ROLLBACK else None,
        ),
    )


def finding(series: str, level: Level = Level.WARNING, rule: Rule = Rule.BASELINE) -> Finding:
    """A finding that the typical ratio is 7.31 where 1.25 is allowed (or 301 ms where 250 are)."""
    of_ratios = rule is Rule.BASELINE
    return Finding(
        series=series,
        route="database_performance",
        rule=rule,
        level=level,
        unit=Unit.RATIO if of_ratios else Unit.SECONDS,
        summary=f"{series} is over its limit",
        since=AT,
        value=7.31 if of_ratios else 0.301,
        limit=1.25 if of_ratios else 0.25,
    )


def dropped_index() -> Assessment:
    """Nine series, one 7.3 times slower because an index is gone, one of each other verdict, four within."""
    return assessed(
        compared("api_endpoints.client_groups", Verdict.WITHIN, 1.03),
        compared("api_endpoints.information_items_crud", Verdict.IMPROVED, 0.71, tolerance=1.5),
        compared(
            "api_endpoints.networth_generation", Verdict.INCONCLUSIVE, 1.3, before=1.31, tolerance=2.0, spread=1.7
        ),
        compared(
            SLOW,
            Verdict.DEGRADED,
            7.31,
            explanations=[
                Explanation(
                    ExplanationKind.PLAN_CHANGE,
                    "the plan changed: Index Scan on portfolio_valuations using valuations_by_date "
                    "→ Seq Scan on portfolio_valuations",
                )
            ],
        ),
        compared("database_queries.client_groups_list", Verdict.WITHIN, 0.98, before=0.0031),
        compared("database_queries.client_information_items", Verdict.WITHIN, 1.11),
        compared("database_queries.portfolio_summary", Verdict.WITHIN, 1.2, tolerance=1.5),
        compared("web_vitals.largest_contentful_paint", Verdict.NEW),
        compared("api_endpoints.irr_analysis", Verdict.MISSING),
        findings=[finding(SLOW), finding(SLOW, Level.CRITICAL, Rule.ABSOLUTE)],
        action=Action.ROLLBACK,
        reason="performance degraded more than 40 % from the baseline",
    )


def capture(name: str, medians: dict[str, float], *, failing: float = 0.0, seed: int = 1) -> Baseline:
    """Five sessions of 20 lognormal samples a series around its median in seconds; a share `failing` of them failed."""
    generator = np.random.default_rng(seed)
    conditions = CaptureConditions(
        spacing=Spacing.SPREAD,
        connection_mode="kept",
        host_load=0.2,
        release="r1",
        configuration_hash="0" * 8,
        rule_version="1",
        prober_version="0.1.0",
    )
    sessions = []
    for number in range(5):
        samples = {}
        for series, median in medians.items():
            values = median * np.exp(generator.normal(0, 0.18, 20))
            values[generator.random(20) < failing] = np.nan
            samples[series] = Samples(values, np.zeros(20, dtype=np.bool_))
        sessions.append(
            CaptureSession(
                number=number,
                started_at=AT + timedelta(minutes=number),
                finished_at=AT + timedelta(minutes=number, seconds=40),
                conditions=conditions,
                samples=samples,
                cold={},
                plans={},
            )
        )
    return Baseline(
        name=name,
        environment="test",
        release="r1",
        captured_by="test",
        series={series: Series(series) for series in medians},
        sessions=sessions,
    )
