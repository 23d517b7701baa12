"""0 Overview: is it fine? Ratio to the baseline, errors, alerts, probes, then where."""

from grafana_foundation_sdk.models import dashboard

from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.grafana.panel import BAD, FIRST_FREE_ID, GOOD, WARN, About, Query, Step, line_panel, stat_panel
from dashboards.grafana.selectors import HERE, RECORDED
from dashboards.prometheus import recording

# The customer's tolerance, for the colour of the one number that stands for all series.
TOLERANCE = 1.25


def overview() -> dashboard.Dashboard:
    """Is it fine? One look: ratio to the baseline, errors, alerts, probes, then where."""
    worst = f'max by (job) ({recording.TO_BASELINE.record}{{{RECORDED}, stat="estimate"}})'
    return board(
        DashboardUid.OVERVIEW,
        "0 Overview",
        "Is the portal slower or more broken than before? Start here; the drop-down leads on.",
        [
            stat_panel(
                About(
                    id=FIRST_FREE_ID,
                    title="Worst ratio to baseline",
                    description="Typical value of the worst series now, divided by its baseline. Over 1.25 is degraded "
                    "unless the series has a tolerance of its own.",
                    unit="none",
                    width=6,
                    height=4,
                    decimals=2,
                ),
                [Query(expr=worst, legend="{{job}}")],
                [Step(None, GOOD), Step(TOLERANCE, WARN), Step(2, BAD)],
            ),
            stat_panel(
                About(
                    id=FIRST_FREE_ID + 1,
                    title="Failing probes",
                    description="Probes whose last run ended in an error, a failed assertion or a time-out.",
                    unit="none",
                    width=6,
                    height=4,
                ),
                [Query(expr=f"sum by (job) (1 - {metrics.PROBE_SUCCESS.name}{{{HERE}}})", legend="{{job}}")],
                [Step(None, GOOD), Step(1, BAD)],
            ),
            stat_panel(
                About(
                    id=PanelId.FINDINGS.value,
                    title="Open findings",
                    description="Series with a figure over a limit or out of tolerance, by level.",
                    unit="none",
                    width=6,
                    height=4,
                ),
                [Query(expr=f"sum by (level) ({recording.FINDINGS.record}{{{RECORDED}}})", legend="{{level}}")],
                [Step(None, GOOD), Step(1, BAD)],
            ),
            stat_panel(
                About(
                    id=FIRST_FREE_ID + 2,
                    title="Alerts by tier",
                    description="Alerts that are firing and that nobody has acknowledged yet.",
                    unit="none",
                    width=6,
                    height=4,
                ),
                [Query(expr=f'sum by (tier) ({metrics.ALERTS.name}{{{HERE}, state="firing"}})', legend="{{tier}}")],
                [Step(None, GOOD), Step(1, BAD)],
            ),
            line_panel(
                About(
                    id=FIRST_FREE_ID + 3,
                    title="Ratio to baseline",
                    description="The series that are furthest from their baseline. 1 is unchanged.",
                    unit="none",
                    decimals=2,
                ),
                [
                    Query(
                        expr=f'topk(10, {recording.TO_BASELINE.record}{{{RECORDED}, stat="estimate"}})',
                        legend="{{series}}",
                    )
                ],
                soft_max=1.5,
            ),
            line_panel(
                About(
                    id=PanelId.ERRORS.value,
                    title="Share of runs that failed",
                    description="Errors, failed assertions and time-outs among all runs of a probe in 15 minutes.",
                    unit="percentunit",
                ),
                [Query(expr=f"topk(10, {recording.ERROR_RATIO.record}{{{RECORDED}}})", legend="{{series}}")],
                soft_max=0.05,
            ),
            line_panel(
                About(
                    id=PanelId.LATENESS.value,
                    title="Lateness of probes (p99)",
                    description="How late one probe in a hundred starts. Over 100 ms this machine has too much to do.",
                    unit="s",
                    width=8,
                ),
                [Query(expr=f"{recording.LATENESS_P99.record}{{{RECORDED}}}", legend="{{job}}")],
                soft_max=0.1,
            ),
            line_panel(
                About(
                    id=PanelId.STORE.value,
                    title="Measurements beside the store",
                    description="Measurements spooled while the store was away, and measurements lost, a second.",
                    unit="cps",
                    width=8,
                ),
                [
                    Query(
                        expr=f"sum by (job) (rate({metrics.MEASUREMENTS_SPOOLED.name}{{{HERE}}}[$__rate_interval]))",
                        legend="spooled {{job}}",
                    ),
                    Query(
                        expr=f"sum by (job) (rate({metrics.MEASUREMENTS_DROPPED.name}{{{HERE}}}[$__rate_interval]))",
                        legend="lost {{job}}",
                    ),
                ],
                soft_max=1,
            ),
            line_panel(
                About(
                    id=PanelId.OUTBOX.value,
                    title="Notifications waiting",
                    description="Written and not yet delivered. A line that does not come back to 0 is a dead channel.",
                    unit="none",
                    width=8,
                ),
                [Query(expr=f"max by (job) ({metrics.OUTBOX.name}{{{HERE}}})", legend="{{job}}")],
                soft_max=5,
            ),
        ],
    )
