"""Rate, errors and duration of the selected series, then what they are held against."""

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.panel import FIRST_FREE_ID, About, AnyPanel, Query, Role, line_panel
from dashboards.grafana.selectors import HERE, RECORDED, SELECTED
from dashboards.prometheus import recording


def red_panels(what: str) -> list[AnyPanel]:
    """The panels; `what` is what a series stands for: an endpoint, a query."""
    runs, duration = metrics.PROBE_RUNS.name, metrics.PROBE_DURATION.name
    bucket = f"{duration}_bucket{{{HERE}, {SELECTED}}}[$__rate_interval]"
    return [
        line_panel(
            About(
                id=FIRST_FREE_ID,
                title="Runs",
                description=f"Probe runs a second for each {what}. A gap means that nobody was watching.",
                unit="cps",
                width=8,
            ),
            [
                Query(
                    expr=f"sum by (series) (rate({runs}{{{HERE}, {SELECTED}}}[$__rate_interval]))", legend="{{series}}"
                )
            ],
        ),
        line_panel(
            About(
                id=FIRST_FREE_ID + 1,
                title="Share of runs that failed",
                description=f"Errors, failed assertions and time-outs of each {what} in 15 minutes.",
                unit="percentunit",
                width=8,
            ),
            [Query(expr=f"{recording.ERROR_RATIO.record}{{{RECORDED}, {SELECTED}}}", legend="{{series}}")],
            soft_max=0.05,
        ),
        line_panel(
            About(
                id=FIRST_FREE_ID + 2,
                title="Why runs failed",
                description="Runs that did not end well in the last 15 minutes, by reason.",
                unit="none",
                width=8,
            ),
            [
                Query(
                    expr=f'sum by (reason) (increase({runs}{{{HERE}, {SELECTED}, outcome!="ok"}}[15m]))',
                    legend="{{reason}}",
                )
            ],
            soft_max=1,
        ),
        line_panel(
            About(
                id=FIRST_FREE_ID + 3,
                title="Duration (p95) against baseline and limits",
                description=f"p95 of 15 minutes for each {what}; the baseline's p95 dotted, limits dashed.",
                unit="s",
                width=16,
                height=10,
            ),
            [
                Query(expr=f"{recording.DURATION_P95.record}{{{RECORDED}, {SELECTED}}}", legend="{{series}}"),
                Query(
                    expr=f"max by (series) ({metrics.SERIES_BASELINE[Unit.SECONDS].name}"
                    f'{{{HERE}, {SELECTED}, stat="p95"}})',
                    legend="{{series}} baseline",
                    role=Role.BASELINE,
                ),
                Query(
                    expr=f"max by (series, level) ({metrics.SERIES_LIMIT[Unit.SECONDS].name}{{{HERE}, {SELECTED}}})",
                    legend="{{series}} {{level}}",
                    role=Role.LIMIT,
                ),
            ],
        ),
        line_panel(
            About(
                id=FIRST_FREE_ID + 4,
                title="Duration (p95), every moment",
                description="p95 over the shortest window the scrape allows; points lead to single calls.",
                unit="s",
                width=8,
                height=10,
            ),
            [
                Query(
                    expr=f"histogram_quantile(0.95, sum by (series, le) (rate({bucket})))",
                    legend="{{series}}",
                    exemplar=True,
                )
            ],
        ),
    ]
