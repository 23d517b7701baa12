"""A load report for scripts and for people: one JSON document, or rows of a table."""

from collections.abc import Iterator, Sequence
from typing import Any

from baselines.load import Ratio, StageTimes, StepTimes
from baselines.series import Unit
from dashboards.reports import figures
from dashboards.reports.figures import exact
from monitor.load.report import LoadReport, StepReport
from thresholds.load import Claim, LoadVerdict, overall

COLUMNS = (
    "stage",
    "step",
    "n",
    "failed",
    "p50",
    "p95",
    "95 % interval",
    "p99",
    "max",
    "per s",
    "to baseline",
    "verdict",
)


def document(report: LoadReport) -> dict[str, Any]:
    """Times in milliseconds; `at_least` names the figures that calls without an answer reach."""
    plan, measured = report.plan, report.measured
    return {
        "scenario": plan.scenario,
        "target": plan.target_name,
        "url": str(plan.target.url).rstrip("/"),
        "users": plan.users,
        "started_at": measured.started_at.isoformat(),
        "correlation_id": measured.correlation,
        "planned_seconds": plan.seconds,
        "interrupted": measured.interrupted,
        "think_ms": {"mean": exact(plan.think, 1000), "spread": plan.spread},
        "baseline": report.baseline,
        "verdict": report.verdict.value,
        "degradation": None if report.degradation is None else report.degradation.value,
        "reasons": [_claim(one) for one in report.claims],
        "unit": "ms",
        "stages": [_stage(stage, steps) for stage, steps in report.stages],
    }


def _stage(stage: StageTimes, steps: Sequence[StepReport]) -> dict[str, Any]:
    return {
        "name": stage.name,
        "users": stage.users,
        "seconds": exact(stage.seconds),
        "calls": stage.calls,
        "failed": stage.failed,
        "timed_out": stage.timed_out,
        "per_second": exact(stage.per_second),
        "own_share": exact(stage.own_share),
        "steps": [_step(one) for one in steps],
    }


def _step(one: StepReport) -> dict[str, Any]:
    times, low_high = one.times, one.times.p95_interval
    quantiles = {"median": times.median, "p95": times.p95, "p99": times.p99, "max": times.maximum}
    return {
        "step": times.step,
        "series": one.series,
        "n": times.calls,
        "failed": times.failed,
        "timed_out": times.timed_out,
        "cut_off": times.cut_off,
        **{name: exact(value, 1000) for name, value in quantiles.items()},
        "p95_interval": None if low_high is None else [exact(value, 1000) for value in low_high],
        "at_least": [name for name, value in quantiles.items() if value is not None and times.is_at_least(value)],
        "p95_since_due": exact(times.since_due, 1000),
        "latest": exact(times.latest, 1000),
        "per_second": exact(times.per_second),
        "baseline": _ratio(one.against),
        "verdict": overall(one.claims).value if one.claims else None,
        "reasons": [_claim(claim) for claim in one.claims],
        "failures": list(times.details),
    }


def _ratio(ratio: Ratio | None) -> dict[str, float | None] | None:
    if ratio is None:
        return None
    return {"ratio": exact(ratio.value), "ci_low": exact(ratio.low), "ci_high": exact(ratio.high)}


def _claim(claim: Claim) -> dict[str, str]:
    return {"verdict": claim.verdict.value, "reason": claim.reason}


def rows(report: LoadReport) -> Iterator[list[str]]:
    """A row for each step of each stage, under `COLUMNS`."""
    for stage, steps in report.stages:
        for one in steps:
            times = one.times
            yield [
                f"{stage.name} ({stage.users})",
                times.step,
                str(times.calls),
                str(times.unanswered),
                *(_quantile(times, value) for value in (times.median, times.p95)),
                figures.NO_FIGURE if times.p95_interval is None else figures.span(*times.p95_interval, Unit.SECONDS),
                *(_quantile(times, value) for value in (times.p99, times.maximum)),
                figures.digits(times.per_second),
                figures.NO_FIGURE if one.against is None else f"× {one.against}",
                overall(one.claims).value if one.claims else figures.NO_FIGURE,
            ]


def _quantile(times: StepTimes, value: float | None) -> str:
    mark = "≥ " if value is not None and times.is_at_least(value) else ""
    return f"{mark}{figures.quantity(value, Unit.SECONDS)}"


def told(report: LoadReport) -> Iterator[str]:
    """What stands under the table: what speaks against it, how the calls failed, and the verdict in a line."""
    for claim in report.all_claims:
        if claim.verdict is not LoadVerdict.WELL or report.degradation is not None:
            yield f"{claim.verdict}: {claim.reason}"
    details = {detail for stage in report.measured.stages for one in stage.steps for detail in one.details}
    yield from (f"failure: {detail}" for detail in sorted(details))
    latest = max((one.latest for stage in report.measured.stages for one in stage.steps), default=0.0)
    yield f"started at most {figures.quantity(latest, Unit.SECONDS)} later than due"
    if any(one.against is not None for _, steps in report.stages for one in steps):
        yield f"to baseline {report.baseline}: one run is one burst, so only a very large change is claimed"
    yield f"{report.plan.scenario}: {report.degradation or report.verdict}"
