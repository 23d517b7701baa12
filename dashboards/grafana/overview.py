"""0 Overview: is it fine? Ratio to the baseline, errors, alerts, probes, then where."""

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
    Role,
    Step,
    line_panel,
    stat_panel,
    table_panel,
)
from dashboards.grafana.selectors import HERE, RECORDED
from dashboards.inventory import Inventory
from dashboards.prometheus import recording

# What is shown of the worst series: more lines than this nobody tells apart.
WORST = 10


def overview(inventory: Inventory) -> dashboard.Dashboard:
    """Is it fine? One look: ratio to the baseline, errors, alerts, probes, then where."""
    return board(
        DashboardUid.OVERVIEW,
        "0 Overview",
        "Is the portal slower or more broken than before? Start here; the drop-down leads on.",
        [*_stats(inventory), *_lines(inventory), _table()],
    )


def _stats(inventory: Inventory) -> Iterator[AnyPanel]:
    yield stat_panel(
        About(
            id=FIRST_FREE_ID,
            title="Worst ratio to baseline",
            description="Typical value of the worst series now, divided by its baseline. Orange from the strictest "
            "tolerance of any series on, red where a deployment is to be rolled back.",
            unit="none",
            width=6,
            height=5,
            decimals=2,
        ),
        [Query(expr=f'max by (job) ({recording.TO_BASELINE.record}{{{RECORDED}, stat="estimate"}})', legend="{{job}}")],
        [Step(None, GOOD), Step(inventory.tolerance, WARN), Step(inventory.roll_back_over, BAD)],
    )
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 1,
            title="Worst share of runs that failed",
            description="Errors, failed assertions and time-outs among the runs of the worst probe in 15 minutes.",
            unit="percentunit",
            width=6,
            height=5,
            decimals=1,
        ),
        [Query(expr=f"max by (job) ({recording.ERROR_RATIO.record}{{{RECORDED}}})", legend="{{job}}")],
        [Step(None, GOOD), Step(inventory.error_ratio_limit / 2, WARN), Step(inventory.error_ratio_limit, BAD)],
    )
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 2,
            title="Firing alerts by tier",
            description="Alerts that are firing and that nobody has acknowledged yet.",
            unit="none",
            width=6,
            height=5,
        ),
        [Query(expr=f'max by (tier) ({metrics.ALERTS.name}{{{HERE}, state="firing"}})', legend="{{tier}}")],
        [Step(None, GOOD), Step(1, BAD)],
    )
    success = f"{recording.SUCCESS.record}{{{RECORDED}}}"
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 3,
            title="Probes up",
            description="Share of the probes whose last run ended well on any instance.",
            unit="percentunit",
            width=6,
            height=5,
            decimals=0,
        ),
        [Query(expr=f"avg by (job) ({success})", legend="{{job}}")],
        [Step(None, BAD), Step(0.999, GOOD)],
    )


def _lines(inventory: Inventory) -> Iterator[AnyPanel]:
    ratio = f'{recording.TO_BASELINE.record}{{{RECORDED}, stat="estimate"}}'
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 4,
            title="Ratio to baseline",
            description="The series that are furthest from their baseline. 1 is unchanged; dashed where a deployment "
            "is held, and where it is rolled back.",
            unit="none",
            decimals=2,
        ),
        [Query(expr=f"topk({WORST}, {ratio})", legend="{{series}}")],
        soft_max=1.5,
        marks=[Step(inventory.hold_over, WARN), Step(inventory.roll_back_over, BAD)],
    )
    yield line_panel(
        About(
            id=PanelId.ERRORS.value,
            title="Share of runs that failed",
            description="Errors, failed assertions and time-outs among all runs of a probe in 15 minutes.",
            unit="percentunit",
        ),
        [Query(expr=f"topk({WORST}, {recording.ERROR_RATIO.record}{{{RECORDED}}})", legend="{{series}}")],
        soft_max=0.05,
        marks=[Step(inventory.error_ratio_limit, BAD)],
    )
    findings = f"{recording.FINDINGS.record}{{{RECORDED}}}"
    yield line_panel(
        About(
            id=PanelId.FINDINGS.value,
            title="Open findings",
            description="Figures over a limit, out of tolerance or not there, by the rule that found them.",
            unit="none",
        ),
        [Query(expr=f"sum by (rule, level) ({findings})", legend="{{rule}} {{level}}")],
        soft_max=1,
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 5,
            title="Alerts",
            description="Alerts that are not resolved, by tier; acknowledged ones dotted.",
            unit="none",
        ),
        [
            Query(
                expr=f'max by (tier) ({metrics.ALERTS.name}{{{HERE}, state="firing"}})',
                legend="{{tier}} firing",
            ),
            Query(
                expr=f'max by (tier) ({metrics.ALERTS.name}{{{HERE}, state="acknowledged"}})',
                legend="{{tier}} acknowledged",
                role=Role.BASELINE,
            ),
        ],
        soft_max=1,
    )


def _table() -> AnyPanel:
    """Where: the series that are worst off, with what is wrong with each."""
    queries = (
        (f'max by (series) ({recording.TO_BASELINE.record}{{{RECORDED}, stat="estimate"}})', Column("ratio")),
        (f"max by (series) ({recording.ERROR_RATIO.record}{{{RECORDED}}})", Column("failed", "percentunit")),
        (f"sum by (series) ({recording.FINDINGS.record}{{{RECORDED}}})", Column("findings")),
        (f"max by (series) ({recording.DURATION_P95.record}{{{RECORDED}}})", Column("p95", "s")),
    )
    return table_panel(
        About(
            id=FIRST_FREE_ID + 6,
            title="All series",
            description="Ratio to the baseline, share of failed runs, open findings and p95 of 15 minutes; click a "
            "heading to sort by it.",
            unit="none",
            width=24,
            height=11,
            decimals=2,
        ),
        [Query(expr=expr, legend="") for expr, _ in queries],
        [column for _, column in queries],
    )
