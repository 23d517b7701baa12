"""1 API, 2 Database, 4 Front end, 5 Host and 6 Portal features: what the probes of one area found."""

from collections.abc import Iterator
from dataclasses import dataclass

from grafana_foundation_sdk.models import dashboard

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.levels import level_panels
from dashboards.grafana.names import DashboardUid
from dashboards.grafana.panel import (
    BAD,
    FIRST_FREE_ID,
    GOOD,
    WARN,
    About,
    AnyPanel,
    Query,
    Step,
    stat_panel,
    text_panel,
)
from dashboards.grafana.red import PANELS, red_panels
from dashboards.grafana.selectors import Selection
from dashboards.grafana.vitals import vital_panels
from dashboards.inventory import Area, Inventory
from dashboards.prometheus import recording


@dataclass(frozen=True, slots=True)
class _Subject:
    """`what` a series of the area stands for, `categories` in which a probe of it may be."""

    uid: DashboardUid
    title: str
    description: str
    what: str
    categories: str


_SUBJECTS = {
    Area.API: _Subject(
        DashboardUid.API,
        "1 API",
        "Endpoints as a user meets them: rate, errors and duration of the probes, with baseline and limits.",
        "endpoint",
        "`api_endpoints`, `api_performance`",
    ),
    Area.DATABASE: _Subject(
        DashboardUid.DATABASE,
        "2 Database",
        "Queries as the portal runs them, with baseline and limits, then how full the server is.",
        "query",
        "`database_queries`, `database_performance`",
    ),
    Area.FRONT_END: _Subject(
        DashboardUid.FRONT_END,
        "4 Front end",
        "Pages and web vitals as a visitor meets them, with what counts as good and as poor.",
        "page",
        "`frontend_performance`, `web_vitals`",
    ),
    Area.HOST: _Subject(
        DashboardUid.HOST, "5 Host", "How full the watched machine is, with its limits.", "figure", "`system_resources`"
    ),
    Area.FEATURES: _Subject(
        DashboardUid.FEATURES,
        "6 Portal features",
        "What the portal is for: success rates, failures and times of its features, with their limits.",
        "feature",
        "`information_items`, `unmanaged_products`, `networth_statements`, `kyc_reports`",
    ),
}


def area_board(inventory: Inventory, area: Area) -> dashboard.Dashboard:
    """The dashboard of one area, built of what its series are; words where there are none."""
    subject = _SUBJECTS[area]
    panels = list(_panels(inventory, area, subject))
    series_of = None
    if inventory.of(area):
        chosen = Selection(inventory.pattern(inventory.of(area)))
        series_of = f"{metrics.PROBE_INTERVAL.name}{{{chosen.offered}}}"
    return board(subject.uid, subject.title, subject.description, panels, series_of=series_of)


def _panels(inventory: Inventory, area: Area, subject: _Subject) -> Iterator[AnyPanel]:
    if inventory.of(area):
        yield from _stats(inventory, area)
        yield from red_panels(inventory, area, subject.what, FIRST_FREE_ID + 10)
        yield from level_panels(inventory, area, FIRST_FREE_ID + 10 + PANELS)
    if area is Area.FRONT_END:
        yield from vital_panels(FIRST_FREE_ID + 60)
    if not inventory.of(area) or inventory.unmeasured(area):
        yield _not_measured(inventory, area, subject)


def _stats(inventory: Inventory, area: Area) -> Iterator[AnyPanel]:
    """Is it fine? The first row, whatever the area."""
    chosen = Selection(inventory.pattern(inventory.of(area)))
    findings = f"{recording.FINDINGS.record}{{{chosen.recorded}}}"
    yield stat_panel(
        About(
            id=FIRST_FREE_ID,
            title="Open findings",
            description=f"Figures of the {area} over a limit, out of tolerance or not there, by level.",
            unit="none",
            width=8,
            height=4,
        ),
        [Query(expr=f"sum by (level) ({findings})", legend="{{level}}")],
        [Step(None, GOOD), Step(1, BAD)],
    )
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 1,
            title="Worst share of runs that failed",
            description="In 15 minutes, of the worst series.",
            unit="percentunit",
            width=8,
            height=4,
            decimals=1,
        ),
        [Query(expr=f"max by (job) ({recording.ERROR_RATIO.record}{{{chosen.recorded}}})", legend="{{job}}")],
        _error_steps(inventory),
    )
    if any(one.series.is_duration for one in inventory.of(area)):
        ratio = f'{recording.TO_BASELINE.record}{{{chosen.recorded}, stat="estimate"}}'
        yield stat_panel(
            About(
                id=FIRST_FREE_ID + 2,
                title="Worst ratio to baseline",
                description="Typical value of the worst series now, divided by its baseline.",
                unit="none",
                width=8,
                height=4,
                decimals=2,
            ),
            [Query(expr=f"max by (job) ({ratio})", legend="{{job}}")],
            [Step(None, GOOD), Step(inventory.tolerance, WARN), Step(inventory.roll_back_over, BAD)],
        )
    elif any(one.series.unit is Unit.RATIO for one in inventory.of(area)):
        shares = Selection(inventory.pattern([one for one in inventory.of(area) if one.series.unit is Unit.RATIO]))
        yield stat_panel(
            About(
                id=FIRST_FREE_ID + 2,
                title="Fullest",
                description="The share that is nearest to all of it.",
                unit="percentunit",
                width=8,
                height=4,
                decimals=0,
            ),
            [Query(expr=f"max by (job) ({metrics.SERIES_VALUE[Unit.RATIO].name}{{{shares.here}}})", legend="{{job}}")],
            [Step(None, GOOD), *_share_steps(inventory, area)],
        )


def _error_steps(inventory: Inventory) -> list[Step]:
    return [Step(None, GOOD), Step(inventory.error_ratio_limit / 2, WARN), Step(inventory.error_ratio_limit, BAD)]


def _share_steps(inventory: Inventory, area: Area) -> Iterator[Step]:
    """The lowest limits there are in the area: which of them holds, the panel with the lines says."""
    for color, level in ((WARN, "warning"), (BAD, "critical")):
        limits = [
            limit
            for one in inventory.of(area)
            for at, limit in one.limits.items()
            if one.series.unit is Unit.RATIO and at == level
        ]
        if limits:
            yield Step(min(limits), color)


def _not_measured(inventory: Inventory, area: Area, subject: _Subject) -> AnyPanel:
    rows = [f"| `{name}` | {limit} |" for name, limit in inventory.unmeasured(area).items()]
    table = ["", "| not measured | limit |", "|---|---|", *rows] if rows else []
    nothing = "" if inventory.of(area) else f"No probe tells of the {area} yet. "
    text = (
        f"{nothing}Give a probe one of the categories {subject.categories} in `portalwatch.yml`, and export the "
        "dashboards again: its series appear here."
    )
    return text_panel(
        About(
            id=FIRST_FREE_ID + 90,
            title="What is not measured",
            description="What the threshold matrix has limits for and no probe measures, and how it gets here.",
            unit="none",
            width=24,
            height=4 + len(rows),
        ),
        "\n".join([text, *table]),
    )
