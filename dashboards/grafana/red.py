"""Rate, errors and duration of the selected series, then what they are held against."""

from collections.abc import Iterator

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.panel import About, AnyPanel, Query, Role, line_panel
from dashboards.grafana.selectors import Selection
from dashboards.inventory import Area, Inventory
from dashboards.prometheus import recording

# The panels of one area that has them all.
PANELS = 7


def red_panels(inventory: Inventory, area: Area, what: str, first_id: int) -> Iterator[AnyPanel]:
    """The panels, numbered from `first_id`; `what` is what a series stands for: an endpoint, a query.

    Only what the area's series have is asked for: durations of those that are timed, limits where there are any.
    """
    ours = inventory.of(area)
    yield from _runs(Selection(inventory.pattern(ours)), what, first_id)
    durations = [one for one in ours if one.series.is_duration]
    if not durations:
        return
    chosen = Selection(inventory.pattern(durations))
    has_limits = any(one.limits for one in durations)
    yield _duration(chosen, what, first_id + 3, has_limits=has_limits)
    yield _every_moment(chosen, first_id + 4)
    yield _burn(chosen, what, first_id + 5)
    if any(one.timed_in_phases for one in durations):
        yield _phases(chosen, what, first_id + 6)


def _runs(chosen: Selection, what: str, first_id: int) -> Iterator[AnyPanel]:
    runs = metrics.PROBE_RUNS.name
    yield line_panel(
        About(
            id=first_id,
            title="Runs",
            description=f"Probe runs a second for each {what}. A gap means that nobody was watching.",
            unit="cps",
            width=8,
        ),
        [Query(expr=f"sum by (series) (rate({runs}{{{chosen.here}}}[$__rate_interval]))", legend="{{series}}")],
    )
    yield line_panel(
        About(
            id=first_id + 1,
            title="Share of runs that failed",
            description=f"Errors, failed assertions and time-outs of each {what} in 15 minutes.",
            unit="percentunit",
            width=8,
        ),
        [Query(expr=f"{recording.ERROR_RATIO.record}{{{chosen.recorded}}}", legend="{{series}}")],
        soft_max=0.05,
    )
    failed = f'sum by (reason) (increase({runs}{{{chosen.here}, outcome!="ok"}}[15m]))'
    yield line_panel(
        About(
            id=first_id + 2,
            title="Why runs failed or were left out",
            description="Runs that did not end well in the last 15 minutes, by reason.",
            unit="none",
            width=8,
        ),
        # Without any, the line lies at 0: nothing found is not nothing known.
        [
            Query(
                expr=f"{failed} or label_replace(sum(rate({runs}{{{chosen.here}}}[15m])) * 0, "
                '"reason", "none", "", "")',
                legend="{{reason}}",
            )
        ],
        soft_max=1,
    )


def _duration(chosen: Selection, what: str, panel_id: int, *, has_limits: bool) -> AnyPanel:
    baseline = f'{metrics.SERIES_BASELINE[Unit.SECONDS].name}{{{chosen.here}, stat="p95"}}'
    queries = [
        Query(expr=f"{recording.DURATION_P95.record}{{{chosen.recorded}}}", legend="{{series}}"),
        Query(expr=f"max by (series) ({baseline})", legend="{{series}} baseline", role=Role.BASELINE),
    ]
    if has_limits:
        limit = f"{metrics.SERIES_LIMIT[Unit.SECONDS].name}{{{chosen.here}}}"
        queries.append(Query(expr=f"max by (series, level) ({limit})", legend="{{series}} {{level}}", role=Role.LIMIT))
    return line_panel(
        About(
            id=panel_id,
            title="Duration (p95) against baseline and limits",
            description=f"p95 of 15 minutes for each {what}; the baseline's p95 dotted, limits dashed.",
            unit="s",
            width=16,
            height=10,
        ),
        queries,
    )


def _every_moment(chosen: Selection, panel_id: int) -> AnyPanel:
    bucket = f"{metrics.PROBE_DURATION.name}_bucket{{{chosen.here}}}[$__rate_interval]"
    return line_panel(
        About(
            id=panel_id,
            title="Duration (p95), every moment",
            description="p95 over the shortest window the scrape allows; points lead to single calls.",
            unit="s",
            width=8,
            height=10,
        ),
        [
            Query(
                expr=recording.quantile(0.95, f"sum by (series, le) (rate({bucket}))"),
                legend="{{series}}",
                exemplar=True,
            )
        ],
    )


def _burn(chosen: Selection, what: str, panel_id: int) -> AnyPanel:
    return line_panel(
        About(
            id=panel_id,
            title="Error budget burnt",
            description=f"How many times faster than an objective of {recording.OBJECTIVE:.1%} allows each {what} "
            "fails, over an hour and over six. Over 1 the budget does not last.",
            unit="none",
            decimals=1,
        ),
        [
            Query(expr=f"{rule.record}{{{chosen.recorded}}}", legend=f"{{{{series}}}} {window}")
            for rule, window in zip(recording.BURN_RATES, recording.BURN_WINDOWS, strict=True)
            if window in ("1h", "6h")
        ],
        soft_max=1,
    )


def _phases(chosen: Selection, what: str, panel_id: int) -> AnyPanel:
    spent = f"sum by (phase) (rate({metrics.PROBE_PHASE.name}{{{chosen.here}}}[15m]))"
    runs = f"sum(rate({metrics.PROBE_DURATION.name}_count{{{chosen.here}}}[15m]) > 0)"
    return line_panel(
        About(
            id=panel_id,
            title="Where a run spends its time",
            description=f"Seconds in each phase of a run, over all chosen {what} series. Connecting, TLS and log-in "
            "are no part of the duration.",
            unit="s",
        ),
        [Query(expr=f"{spent} / on () group_left () {runs}", legend="{{phase}}")],
        stacked=True,
    )
