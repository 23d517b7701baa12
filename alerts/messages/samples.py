"""Alerts as they happen to a portal, made up for whoever wants to see what messages look like."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.alert import Alert, AlertState, alert_id
from alerts.messages.message import Briefing, Links, Told
from alerts.notification import Notification, Reason
from baselines.series import Unit
from thresholds.finding import Level, Rule

_WATCH = "https://watch.example"
_TOKEN = "3vQm9Yt0JrXw5LkC7sBz2NfPa8HdGe1U"


def sample_told(now: datetime) -> list[Told]:
    """Seven alerts: a slow query whose plan changed, an outage, an escalation, an end, and a group of three."""
    return [one for group in sample_groups(now) for one in group]


def sample_groups(now: datetime) -> list[list[Told]]:
    """The same, each list what one message speaks of."""
    return [[_slow_query(now)], [_outage(now)], [_escalation(now)], [_end(now)], list(_group(now))]


def _slow_query(now: datetime) -> Told:
    series, lost_at = "database_queries.portfolio_valuation_aggregation", now - timedelta(minutes=26)
    return _told(
        now,
        Reason.FIRED,
        series=series,
        rule=Rule.BASELINE,
        route="database_performance",
        target="portal_database",
        level=Level.WARNING,
        tier="tier_2_warning",
        summary=f"{series} has become 11.4 times slower than its reference (tolerance 1.25)",
        value=11.4,
        value_limit=1.25,
        opened_minutes_ago=25,
        fired_minutes_ago=0,
        baseline="11.4 × the baseline (95 % interval 9.07 to 14.4)",
        changes=(
            f"{lost_at:%H:%M} index portfolio_valuations_by_date on portfolio_valuations is gone",
            f"{lost_at:%H:%M} plan of {series}: Index Scan on portfolio_valuations using portfolio_valuations_by_date "
            "became a Seq Scan: 499,200 rows read to keep 374,400",
            f"{now - timedelta(minutes=31):%H:%M} release v41 → v42",
        ),
    )


def _outage(now: datetime) -> Told:
    return _told(
        now,
        Reason.FIRED,
        series="reachability.portal",
        rule=Rule.AVAILABILITY,
        route="system_unavailable",
        target="portal",
        level=Level.CRITICAL,
        tier="tier_4_emergency",
        summary="reachability.portal failed (connection refused)",
        value=None,
        value_limit=None,
        opened_minutes_ago=0.25,
        fired_minutes_ago=0,
    )


def _escalation(now: datetime) -> Told:
    told_at = now - timedelta(minutes=15)
    return _told(
        now,
        Reason.ESCALATED,
        series="api_endpoints.client_groups",
        rule=Rule.ABSOLUTE,
        route="slow_endpoints",
        target="portal",
        level=Level.CRITICAL,
        tier="tier_4_emergency",
        summary="api_endpoints.client_groups is 1.25 s, above its critical limit of 1000 ms",
        value=1.25,
        value_limit=1.0,
        opened_minutes_ago=18,
        fired_minutes_ago=15,
        step=1,
        baseline="4.1 × the baseline (95 % interval 3.6 to 4.7)",
        changes=(f"{now - timedelta(minutes=20):%H:%M} setting work_mem 64MB → 4MB",),
        done=(
            f"{told_at:%H:%M} slack-critical and email-ops-team were told",
            f"{told_at:%H:%M} sms-on-call could not be reached, sms-deputy was told",
        ),
    )


def _end(now: datetime) -> Told:
    fired_at = now - timedelta(minutes=74)
    return _told(
        now,
        Reason.RESOLVED,
        series="system_resources.memory_usage",
        rule=Rule.ABSOLUTE,
        route="host",
        target=None,
        level=Level.WARNING,
        tier="tier_2_warning",
        summary="system_resources.memory_usage is 61.2 %, within its limit of 80 %",
        value=0.612,
        value_limit=0.8,
        unit=Unit.RATIO,
        action="scale_resources",
        opened_minutes_ago=76,
        fired_minutes_ago=74,
        step=1,
        done=(
            f"{fired_at:%H:%M} slack-alerts and email-ops-team were told",
            f"{fired_at + timedelta(minutes=6):%H:%M} carol acknowledged",
        ),
    )


def _group(now: datetime) -> Iterator[Told]:
    slow = (
        ("api_endpoints.client_groups", Level.CRITICAL, 2.31, 1.0),
        ("api_endpoints.analytics_portfolio_summary", Level.CRITICAL, 6.4, 2.0),
        ("api_endpoints.information_items_crud", Level.WARNING, 0.812, 0.5),
    )
    for series, level, value, limit in slow:
        yield _told(
            now,
            Reason.FIRED,
            series=series,
            rule=Rule.ABSOLUTE,
            route="slow_endpoints",
            target="portal",
            level=level,
            tier="tier_3_critical",
            summary=f"{series} is {value * 1000:g} ms, above its {level} limit of {limit * 1000:g} ms",
            value=value,
            value_limit=limit,
            opened_minutes_ago=2,
            fired_minutes_ago=0,
            changes=(f"{now - timedelta(minutes=6):%H:%M} release v41 → v42",),
        )


def _told(
    now: datetime,
    reason: Reason,
    *,
    series: str,
    rule: Rule,
    route: str,
    target: str | None,
    level: Level,
    tier: str,
    summary: str,
    value: float | None,
    value_limit: float | None,
    opened_minutes_ago: float,
    fired_minutes_ago: float,
    unit: Unit = Unit.SECONDS,
    action: str | None = None,
    step: int = 0,
    baseline: str = "",
    changes: tuple[str, ...] = (),
    done: tuple[str, ...] = (),
) -> Told:
    is_over = reason is Reason.RESOLVED
    alert = Alert(
        id=alert_id(f"{series}:{rule}", ""),
        fingerprint=f"{series}:{rule}",
        series=series,
        route=route,
        rule=rule,
        unit=unit,
        opened_at=now - timedelta(minutes=opened_minutes_ago),
        level=level,
        tier=tier,
        state=AlertState.RESOLVED if is_over else AlertState.FIRING,
        summary=summary,
        value=value,
        value_limit=value_limit,
        action=action,
        bad_count=0 if is_over else 3,
        critical_count=3 if level is Level.CRITICAL and not is_over else 0,
        good_count=2 if is_over else 0,
        occurrence=1,
        step=step,
        channels=(),
        updated_at=now,
        target=target,
        fired_at=now - timedelta(minutes=fired_minutes_ago),
        resolved_at=now if is_over else None,
    )
    notification = Notification(
        alert_id=alert.id,
        channel="preview",
        origin="preview",
        group=target or route,
        reason=reason,
        occurrence=1,
        step=step,
        due_at=now,
        deadline_at=now + timedelta(minutes=5),
    )
    links = Links(
        alert=f"{_WATCH}/alerts/{alert.id}",
        series=f"{_WATCH}/series/{series}",
        runbook=f"https://wiki.example/runbooks/{route}",
        acknowledge=f"{_WATCH}/a/{_TOKEN}",
    )
    return Told(
        alert=alert,
        notification=notification,
        briefing=Briefing(links=links, baseline=baseline, changes=changes, done=done),
    )
