"""3 Baseline comparison: before against now on one scale, and how sure we are of the difference."""

from grafana_foundation_sdk.models import dashboard

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.grafana.panel import FIRST_FREE_ID, About, Query, Role, line_panel, table_panel
from dashboards.grafana.selectors import HERE, RECORDED, SELECTED
from dashboards.prometheus import recording


def comparison() -> dashboard.Dashboard:
    """Baseline left, now right, on one scale; below, the ratio with its interval and tolerance."""
    # Each side draws the other's maximum without ink, so that both axes end at the same value.
    now = f"{recording.DURATION_P95.record}{{{RECORDED}, {SELECTED}}}"
    before = f'{metrics.SERIES_BASELINE[Unit.SECONDS].name}{{{HERE}, {SELECTED}, stat=~"median|p95"}}'
    to_baseline = f"{recording.TO_BASELINE.record}{{{RECORDED}, {SELECTED}"
    return board(
        DashboardUid.COMPARISON,
        "3 Baseline comparison",
        "Before against now for each series, and how sure we are of the difference.",
        [
            line_panel(
                About(
                    id=FIRST_FREE_ID,
                    title="Baseline",
                    description="Median and p95 of the baseline. The same scale as on the right.",
                    unit="s",
                ),
                [
                    Query(expr=f"max by (series, stat) ({before})", legend="{{series}} {{stat}}", role=Role.BASELINE),
                    Query(expr=f"max({now})", legend="scale", role=Role.SCALE),
                ],
            ),
            line_panel(
                About(
                    id=FIRST_FREE_ID + 1,
                    title="Now",
                    description="Mean and p95 of the last 15 minutes. The same scale as on the left.",
                    unit="s",
                ),
                [
                    Query(expr=f"{recording.DURATION_MEAN.record}{{{RECORDED}, {SELECTED}}}", legend="{{series}} mean"),
                    Query(expr=now, legend="{{series}} p95"),
                    Query(expr=f"max({before})", legend="scale", role=Role.SCALE),
                ],
            ),
            line_panel(
                About(
                    id=PanelId.TO_BASELINE.value,
                    title="Ratio to baseline, with its interval",
                    description="Typical value now ÷ baseline, with the ends of the 95 % interval. A series is "
                    "degraded where even the low end lies over the dashed line of its tolerance.",
                    unit="none",
                    width=24,
                    height=10,
                    decimals=2,
                ),
                [
                    Query(expr=f'{to_baseline}, stat="estimate"}}', legend="{{series}}"),
                    Query(expr=f'{to_baseline}, stat="low"}}', legend="{{series}} low", role=Role.BASELINE),
                    Query(expr=f'{to_baseline}, stat="high"}}', legend="{{series}} high", role=Role.BASELINE),
                    Query(
                        expr=f"{recording.TOLERANCE.record}{{{RECORDED}, {SELECTED}}}",
                        legend="{{series}} tolerance",
                        role=Role.LIMIT,
                    ),
                ],
                soft_max=1.5,
            ),
            table_panel(
                About(
                    id=FIRST_FREE_ID + 2,
                    title="All series",
                    description="Ratio to the baseline, its interval and the tolerance, as numbers.",
                    unit="none",
                    width=24,
                    height=10,
                    decimals=2,
                ),
                [
                    Query(expr=f'max by (series) ({to_baseline}, stat="{stat}"}})', legend="")
                    for stat in ("estimate", "low", "high")
                ]
                + [Query(expr=f"max by (series) ({recording.TOLERANCE.record}{{{RECORDED}, {SELECTED}}})", legend="")],
                ["ratio", "low", "high", "tolerance"],
            ),
        ],
        series_of=f"{metrics.SERIES_TO_BASELINE.name}{{{HERE}}}",
    )
