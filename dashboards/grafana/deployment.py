"""7 Deployment: what is running since when, and whether it may go on."""

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard

from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid
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
from dashboards.inventory import Inventory
from dashboards.prometheus import recording


def deployment(inventory: Inventory) -> dashboard.Dashboard:
    """The release with its age; ratios with the lines at which a deployment is held and rolled back; what fired."""
    return board(
        DashboardUid.DEPLOYMENT,
        "7 Deployment",
        "Which release runs since when, and what became slower or broke since: hold, roll back, or go on.",
        [*_stats(inventory), *_lines(inventory), _table()],
    )


def _stats(inventory: Inventory) -> Iterator[AnyPanel]:
    started = f"{metrics.DEPLOYMENT.name}{{{HERE}}}"
    yield stat_panel(
        About(
            id=FIRST_FREE_ID,
            title="Running since",
            description="How long ago this release was first seen.",
            unit="s",
            width=6,
            height=5,
        ),
        [Query(expr=f"time() - max by (release) ({started})", legend="{{release}}")],
        [Step(None, GOOD)],
    )
    low = f'{recording.TO_BASELINE.record}{{{RECORDED}, stat="low"}}'
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 1,
            title="Surely slower by",
            description="Low end of the worst series' interval: the whole of it lies above. Orange: hold the "
            "deployment; red: roll it back.",
            unit="none",
            width=6,
            height=5,
            decimals=2,
        ),
        [Query(expr=f"max by (job) ({low})", legend="{{job}}")],
        [Step(None, GOOD), Step(inventory.hold_over, WARN), Step(inventory.roll_back_over, BAD)],
    )
    broken = f'{recording.FINDINGS.record}{{{RECORDED}, level="critical"}}'
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 2,
            title="Critical findings",
            description="Series beyond a critical limit, or not answering.",
            unit="none",
            width=6,
            height=5,
        ),
        [Query(expr=f"sum by (job) ({broken})", legend="{{job}}")],
        [Step(None, GOOD), Step(1, BAD)],
    )
    fired = f'{metrics.ALERT_CHANGES.name}{{{HERE}, reason="fired"}}'
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 3,
            title="Alerts that fired",
            description="In the time chosen above.",
            unit="none",
            width=6,
            height=5,
            decimals=0,
        ),
        [Query(expr=f"sum by (job) (increase({fired}[$__range]))", legend="{{job}}")],
        [Step(None, GOOD), Step(1, WARN)],
    )


def _lines(inventory: Inventory) -> Iterator[AnyPanel]:
    marks = [Step(inventory.hold_over, WARN), Step(inventory.roll_back_over, BAD)]
    ratio = f'{recording.TO_BASELINE.record}{{{RECORDED}, stat="estimate"}}'
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 4,
            title="Ratio to baseline",
            description="The ten series that are furthest from their baseline; dashed where a deployment is held, and "
            "where it is rolled back.",
            unit="none",
            height=9,
            decimals=2,
        ),
        [Query(expr=f"topk(10, {ratio})", legend="{{series}}")],
        soft_max=1.5,
        marks=marks,
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 5,
            title="Share of runs that failed",
            description="Of the ten worst series, in 15 minutes.",
            unit="percentunit",
            height=9,
        ),
        [Query(expr=f"topk(10, {recording.ERROR_RATIO.record}{{{RECORDED}}})", legend="{{series}}")],
        soft_max=0.05,
        marks=[Step(inventory.error_ratio_limit, BAD)],
    )
    findings = f"{recording.FINDINGS.record}{{{RECORDED}}}"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 6,
            title="Open findings",
            description="By rule and level. What rises at the purple line came with the release.",
            unit="none",
        ),
        [Query(expr=f"sum by (rule, level) ({findings})", legend="{{rule}} {{level}}")],
        soft_max=1,
    )
    captures = f"sum by (outcome) (increase({metrics.SCHEDULED_CAPTURES.name}{{{HERE}}}[$__range]))"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 7,
            title="Baselines captured by the schedule",
            description="In the time chosen above, by how that ended: without one there is nothing to compare with.",
            unit="none",
            decimals=0,
        ),
        [Query(expr=captures, legend="{{outcome}}")],
        soft_max=1,
    )


def _table() -> AnyPanel:
    to_baseline = f"{recording.TO_BASELINE.record}{{{RECORDED}"
    low, tolerance = f'{to_baseline}, stat="low"}}', f"{recording.TOLERANCE.record}{{{RECORDED}}}"
    return table_panel(
        About(
            id=FIRST_FREE_ID + 8,
            title="Slower than tolerated",
            description="The low end of each interval divided by the tolerance: from 1 on the series is degraded, "
            "and the deployment is to blame for what no other change explains.",
            unit="none",
            width=24,
            height=9,
            decimals=2,
        ),
        [
            Query(expr=f'max by (series) ({to_baseline}, stat="estimate"}})', legend=""),
            Query(expr=f"max by (series) ({low} / on (job, series) {tolerance})", legend=""),
        ],
        [Column("ratio"), Column("of its tolerance")],
    )
