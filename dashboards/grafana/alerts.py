"""8 Alerts and on-call: who was told what, whether it arrived, and how long until somebody had it in hand."""

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard

from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.grafana.panel import (
    BAD,
    FIRST_FREE_ID,
    GOOD,
    WARN,
    About,
    AnyPanel,
    Column,
    Query,
    Step,
    line_panel,
    stat_panel,
    table_panel,
)
from dashboards.grafana.selectors import HERE, RECORDED
from dashboards.metrics import Metric
from dashboards.prometheus import recording
from dashboards.prometheus.alerting import LATE_SECONDS


def alerts() -> dashboard.Dashboard:
    """Tiers, time to acknowledge, escalations, deliveries by channel and outcome, lateness."""
    return board(
        DashboardUid.ALERTS,
        "8 Alerts and on-call",
        "Who was told what over which channel, whether it arrived, and how long until somebody had it in hand.",
        [*_stats(), *_life(), *_deliveries(), _owners()],
    )


def _increase(metric: Metric, by: str, matcher: str = "", window: str = "$__range") -> str:
    within = f", {matcher}" if matcher else ""
    return f"sum by ({by}) (increase({metric.name}{{{HERE}{within}}}[{window}]))"


def _stats() -> Iterator[AnyPanel]:
    yield stat_panel(
        About(
            id=FIRST_FREE_ID,
            title="Firing by tier",
            description="Alerts that nobody has acknowledged yet.",
            unit="none",
            width=8,
            height=5,
        ),
        [Query(expr=f'max by (tier) ({metrics.ALERTS.name}{{{HERE}, state="firing"}})', legend="{{tier}}")],
        [Step(None, GOOD), Step(1, BAD)],
    )
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 1,
            title="In hand by tier",
            description="Alerts that somebody has acknowledged and that are not resolved.",
            unit="none",
            width=8,
            height=5,
        ),
        [Query(expr=f'max by (tier) ({metrics.ALERTS.name}{{{HERE}, state="acknowledged"}})', legend="{{tier}}")],
        [Step(None, GOOD), Step(1, WARN)],
    )
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 2,
            title="Decided without the store",
            description="1 while the store is away and alerts are decided by what is in memory.",
            unit="none",
            width=8,
            height=5,
        ),
        [Query(expr=f"max by (job) ({metrics.ALERTS_BY_MEMORY.name}{{{HERE}}})", legend="{{job}}")],
        [Step(None, GOOD), Step(1, BAD)],
    )


def _life() -> Iterator[AnyPanel]:
    bucket = f"sum by (tier, le) (rate({metrics.ALERT_ACKNOWLEDGE.name}_bucket{{{HERE}}}[$__range]))"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 3,
            title="Time to acknowledge",
            description="Half of the alerts, and nine of ten, were acknowledged within; in the time chosen above.",
            unit="s",
        ),
        [
            Query(expr=recording.quantile(0.5, bucket), legend="{{tier}} half"),
            Query(expr=recording.quantile(0.9, bucket), legend="{{tier}} nine of ten"),
        ],
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 4,
            title="What happened to alerts",
            description="Fired, raised, escalated, reminded, acknowledged, re-opened, resolved: per hour.",
            unit="none",
            decimals=1,
        ),
        [
            Query(
                expr=_increase(
                    metrics.ALERT_CHANGES,
                    "reason",
                    'reason=~"fired|raised|escalated|reminded|acknowledged|reopened|resolved"',
                    "1h",
                ),
                legend="{{reason}}",
            )
        ],
        soft_max=1,
    )
    late = f"sum by (le, job) (rate({metrics.ALERT_LATENESS.name}_bucket{{{HERE}}}[$__range]))"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 5,
            title="Lateness of steps (p99)",
            description="How much later than due escalations, reminders and other steps by the clock were made.",
            unit="s",
        ),
        [Query(expr=recording.quantile(0.99, late), legend="{{job}}")],
    )
    yield line_panel(
        About(
            id=PanelId.OVERDUE.value,
            title="Steps that are overdue",
            description="How long the longest due escalation or reminder has been waiting.",
            unit="s",
        ),
        [Query(expr=f"max by (job) ({metrics.ALERT_OVERDUE.name}{{{HERE}}})", legend="{{job}}")],
        soft_max=10,
        marks=[Step(LATE_SECONDS, BAD)],
    )


def _deliveries() -> Iterator[AnyPanel]:
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 6,
            title="Deliveries",
            description="Attempts per hour, by channel and outcome. All but delivered are tried again.",
            unit="none",
            decimals=1,
        ),
        [
            Query(
                expr=_increase(metrics.DELIVERIES, "channel, outcome", window="1h"),
                legend="{{channel}} {{outcome}}",
            )
        ],
        soft_max=1,
    )
    bucket = f"sum by (channel, le) (rate({metrics.DELIVERY_DURATION.name}_bucket{{{HERE}}}[$__range]))"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 7,
            title="Duration of deliveries (p95)",
            description="How long an attempt takes, by channel, in the time chosen above.",
            unit="s",
        ),
        [Query(expr=recording.quantile(0.95, bucket), legend="{{channel}}")],
    )
    yield line_panel(
        About(
            id=PanelId.OUTBOX.value,
            title="Notifications waiting",
            description="Written and not yet delivered. A line that does not come back to 0 is a dead channel.",
            unit="none",
            width=8,
        ),
        [Query(expr=f"max by (job) ({metrics.OUTBOX.name}{{{HERE}}})", legend="{{job}}")],
        soft_max=5,
    )
    yield line_panel(
        About(
            id=PanelId.GIVEN_UP.value,
            title="Given up on",
            description="Notifications that did not reach their channel, and where they fell to; in the time chosen.",
            unit="none",
            width=8,
            decimals=0,
        ),
        [Query(expr=_increase(metrics.DEAD_LETTERS, "channel, fallback"), legend="{{channel}} to {{fallback}}")],
        soft_max=1,
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 8,
            title="Merged, and delivered twice",
            description="Notifications that arrived merged into one message; deliveries that arrived late or may have "
            "arrived twice. In the time chosen above.",
            unit="none",
            width=8,
            decimals=0,
        ),
        [
            Query(expr=_increase(metrics.DIGESTED, "channel"), legend="{{channel}} merged"),
            Query(expr=_increase(metrics.DELIVERIES_LATE, "channel"), legend="{{channel}} late"),
            Query(expr=_increase(metrics.LEASES_LOST, "channel"), legend="{{channel}} lease lost"),
        ],
        soft_max=1,
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 9,
            title="Signs of life",
            description="Signals per hour to whoever calls when they stay away, by how that ended.",
            unit="none",
            decimals=0,
        ),
        [Query(expr=_increase(metrics.HEARTBEATS, "outcome", window="1h"), legend="{{outcome}}")],
        soft_max=1,
    )


def _owners() -> AnyPanel:
    return table_panel(
        About(
            id=FIRST_FREE_ID + 10,
            title="Delivered by Alertmanager",
            description="What your Alertmanager delivers in place of portalwatch. Empty where it delivers nothing.",
            unit="none",
        ),
        [Query(expr=f"max by (series, rule) ({recording.OWNED.record}{{{RECORDED}}})", legend="")],
        [Column("owned")],
    )
