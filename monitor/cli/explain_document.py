"""What `portalwatch explain` tells a script."""

from dataclasses import asdict
from typing import Any

from alerts import Alert, AlertState
from baselines import Question
from monitor.cli.explain_report import Explanation
from monitor.drift_report import standing_document
from monitor.explaining import Today, limit_today
from thresholds import AppliedRule


def document(one: Explanation) -> dict[str, Any]:
    """Everything that is shown, for a script: values and limits in base units."""
    series, limits = one.series, one.limits
    return {
        "series": series.name,
        "unit": series.unit,
        "direction": series.direction,
        "cadence_seconds": series.cadence_seconds,
        "probe": one.probe.name,
        "kind": one.probe.kind,
        "category": series.category,
        "counts_since_the_run_before": series.increment,
        "window_seconds": limits.window_seconds,
        "minimum_traffic": series.minimum_traffic,
        "settings": {
            name: {"value": getattr(limits, name), "from": one.place_of(name)}
            for name in ("multiplier", "bad_evaluations", "good_evaluations", "action", "dry_run")
        },
        "rules": [_rule_document(one, rule) for rule in one.rules],
        "today": None if one.today is None else _today_document(one, one.today),
        "would_fire": [_alert_document(one, alert) for alert in one.alerts],
    }


def _rule_document(one: Explanation, rule: AppliedRule) -> dict[str, Any]:
    configured, missing = one.channels(rule.tier)
    return {
        "rule": rule.rule,
        "level": rule.level,
        "when": rule.when,
        "profile": rule.profile,
        "tolerance": rule.tolerance,
        "watched": rule.watched,
        "limit": rule.limit if rule.limit is not None else limit_today(one.today, rule),
        "from": one.place(rule.source),
        "route": rule.route,
        "tier": rule.tier.name,
        "channels": configured,
        "not_configured": missing,
    }


def _today_document(one: Explanation, today: Today) -> dict[str, Any]:
    latest, compared = today.latest, today.compared
    typical = None if compared is None else compared.answer(Question.TYPICAL)
    return {
        "latest": None
        if latest is None
        else {
            "value": latest.value,
            "outcome": latest.outcome,
            "reason": latest.reason,
            "measured_at": latest.started_at.isoformat(),
        },
        "standing": one.standing,
        "last_hour": None if today.hour is None else {"low": today.low, **asdict(today.hour)},
        "baseline": None if today.baseline is None else {"name": today.baseline, "level": today.baseline_level},
        "compared": None
        if compared is None
        else {
            "verdict": compared.verdict,
            "ratio": None if typical is None else typical.ratio,
            "ci_low": None if typical is None else typical.ci_low,
            "ci_high": None if typical is None else typical.ci_high,
        },
        "reference": None if today.watched is None else standing_document(today.watched),
        "forecast": [asdict(forecast) for forecast in today.forecasts],
    }


def _alert_document(one: Explanation, alert: Alert) -> dict[str, Any]:
    configured, missing = one.channels(one.figures.routing.tiers[alert.tier])
    return {
        "rule": alert.rule,
        "level": alert.level,
        "fires": alert.state is AlertState.FIRING,
        "bad_evaluations": alert.bad_count,
        "tier": alert.tier,
        "channels": [] if one.limits.dry_run else configured,
        "not_configured": missing,
        "dry_run": one.limits.dry_run,
        "summary": alert.summary,
    }
