"""3 Baseline comparison: before against now on one scale, and how sure we are of the difference."""

from grafana_foundation_sdk.models import dashboard

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.grafana.panel import (
    BAD,
    FIRST_FREE_ID,
    WARN,
    About,
    Column,
    Query,
    Role,
    Step,
    line_panel,
    table_panel,
)
from dashboards.grafana.selectors import HERE, RECORDED, SELECTED
from dashboards.inventory import Inventory
from dashboards.prometheus import recording


def comparison(inventory: Inventory) -> dashboard.Dashboard:
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
                marks=[Step(inventory.roll_back_over, BAD)],
            ),
            line_panel(
                About(
                    id=PanelId.DRIFT.value,
                    title="Ratio to its own reference",
                    description="A series that is watched without end: its last fifteen calls divided by its "
                    "reference, the fastest of each five.",
                    unit="none",
                    decimals=2,
                ),
                [
                    Query(
                        expr=f"max by (series) ({metrics.SERIES_TO_REFERENCE.name}{{{HERE}, {SELECTED}}})",
                        legend="{{series}}",
                    )
                ],
                soft_max=1.5,
            ),
            line_panel(
                About(
                    id=FIRST_FREE_ID + 3,
                    title="Standing of watched series",
                    description="0 is quiet, 1 suspected (further calls are made), 2 degraded.",
                    unit="none",
                ),
                [Query(expr=f"{recording.DRIFT.record}{{{RECORDED}, {SELECTED}}}", legend="{{series}}")],
                soft_max=2,
                marks=[Step(1, WARN), Step(2, BAD)],
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
                [Column(name) for name in ("ratio", "low", "high", "tolerance")],
            ),
            table_panel(
                About(
                    id=FIRST_FREE_ID + 4,
                    title="Creeping towards a limit",
                    description="How long until a series crosses a limit or its tolerance at the pace of the last five "
                    "weeks, at the earliest. Empty while nothing creeps.",
                    unit="s",
                    width=24,
                    height=7,
                ),
                [
                    Query(
                        expr=f"min by (series, limit) ({metrics.SERIES_UNTIL_LIMIT.name}{{{HERE}, {SELECTED}}})",
                        legend="",
                    )
                ],
                [Column("until", "s")],
            ),
        ],
        series_of=f"{metrics.PROBE_INTERVAL.name}{{{HERE}}}",
    )
