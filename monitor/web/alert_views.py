"""Alerts turned into the views of their pages."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from alerts import UNANSWERED, Alert, AlertEvent, AlertRecord, AlertState, Silence
from alerts.messages.wording import format_duration, format_figure
from alerts.steps import Upcoming
from dashboards import runbook_of
from dashboards.alert_pages import AlertEventView, AlertView, Elsewhere, SilenceView

STEPS_SHOWN = 4


def alert_view(
    alert: Alert,
    now: datetime,
    events: Sequence[AlertEvent] = (),
    ahead: Iterable[Upcoming] = (),
    elsewhere: Sequence[Elsewhere] = (),
    subject: str = "",
) -> AlertView:
    """One alert, with its history, what is ahead of it, where to look and the page of its subject where given."""
    return AlertView(
        id=alert.id,
        series=alert.series,
        subject=subject,
        summary=alert.summary,
        level=alert.level,
        tier=alert.tier,
        state=alert.state,
        since=alert.opened_at,
        lasted=format_duration(((alert.resolved_at or now) - alert.opened_at).total_seconds()),
        figures=_figures(alert),
        runbook=runbook_of(alert.route, alert.rule),
        acknowledged_by=(alert.acknowledged_by or "") if alert.state is AlertState.ACKNOWLEDGED else "",
        can_be_acknowledged=alert.state in UNANSWERED,
        is_open=alert.state is not AlertState.RESOLVED,
        history=[
            AlertEventView(
                at=one.at,
                what=one.event.replace("_", " "),
                channel=one.channel or "",
                by=one.by or "",
                detail=one.detail,
            )
            for one in events
        ],
        ahead=[
            AlertEventView(at=one.at, what=one.reason, channel=", ".join(one.channels) or "nobody", detail=one.tier)
            for one in islice(ahead, STEPS_SHOWN)
        ],
        elsewhere=elsewhere,
    )


def alert_views(records: Sequence[AlertRecord], now: datetime) -> list[AlertView]:
    """A list of alerts, without their history."""
    return [alert_view(one.alert, now) for one in records]


def silence_view(silence: Silence) -> SilenceView:
    """One silence."""
    return SilenceView(
        id=silence.id,
        matcher=str(silence.matcher),
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        by=silence.by,
        reason=silence.reason,
        deployment=silence.deployment or "",
    )


def _figures(alert: Alert) -> str:
    if alert.value is None:
        return ""
    limit = "" if alert.value_limit is None else f", limit {format_figure(alert.value_limit, alert.unit, alert.rule)}"
    return f"{format_figure(alert.value, alert.unit, alert.rule)}{limit}"
