"""What all our dashboards have in common: variables, links, annotations, a shared cross-hair."""

from collections.abc import Iterator, Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from dashboards import metrics
from dashboards.grafana.names import TAG, DashboardUid
from dashboards.grafana.panel import DATASOURCE, AnyPanel
from dashboards.grafana.selectors import HERE
from dashboards.prometheus.alerting import AlertingRule

SCHEMA_VERSION = 42
COLUMNS = 24
EVERYTHING = ".+"


def board(
    uid: DashboardUid, title: str, description: str, panels: Sequence[AnyPanel], *, series_of: str | None = None
) -> dashboard.Dashboard:
    """A dashboard of these panels, laid out in rows of 24 columns.

    `series_of` is the selector whose label `series` fills the variable of that name, None for no such variable.
    """
    builder = (
        builders.Dashboard(title)
        .uid(uid.value)
        .description(description)
        .tags([TAG])
        .readonly()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("30s")
        .variables(_variables(series_of))
        .link(_link())
    )
    for query in _annotations():
        builder.annotation(query)
    for panel in panels:
        builder.with_panel(panel)
    built: dashboard.Dashboard = builder.build()
    built.schema_version = SCHEMA_VERSION
    _lay_out(built.panels or [])
    # The library would hide both in a menu; investigations go along these links.
    for link in built.links or []:
        link.placement = None  # type: ignore[assignment]
    for annotation in (built.annotations.list_val if built.annotations else None) or []:
        annotation.placement = None  # type: ignore[assignment]
    return built


def _lay_out(panels: Sequence[dashboard.Panel | dashboard.RowPanel]) -> None:
    """From left to right, and on below the highest of a row where the next one does not fit beside it."""
    x = y = height = 0
    for panel in panels:
        place = panel.grid_pos
        assert place is not None
        if x + place.w > COLUMNS:
            x, y, height = 0, y + height, 0
        place.x, place.y = x, y
        x, height = x + place.w, max(height, place.h)


def link_runbooks(built: dashboard.Dashboard, rules: Sequence[AlertingRule], runbook_url: str) -> None:
    """From each panel that an alert leads to, to what that alert means and what to do."""
    for rule in rules:
        for panel in built.panels or []:
            if isinstance(panel, dashboard.RowPanel):
                continue
            if rule.dashboard.value == built.uid and panel.id_val == rule.panel.value:
                link = (
                    builders.DashboardLink(f"Runbook: {rule.alert}").url(rule.runbook(runbook_url)).target_blank(True)
                )
                made: dashboard.DashboardLink = link.build()
                made.placement = None  # type: ignore[assignment]
                panel.links = [*(panel.links or []), made]


def _variables(series_of: str | None) -> list[Builder[dashboard.VariableModel]]:
    build = metrics.BUILD.name
    chained: list[Builder[dashboard.VariableModel]] = [
        builders.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _variable("job", "Job", f"label_values({build}, job)"),
        _variable("instance", "Instance", f'label_values({build}{{job=~"$job"}}, instance)'),
    ]
    if series_of is not None:
        chained.append(_variable("series", "Series", f"label_values({series_of}, series)"))
    return chained


def _variable(name: str, label: str, query: str) -> builders.QueryVariable:
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query({"query": query, "refId": f"variable-{name}"})
        .definition(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(EVERYTHING)
        .current(dashboard.VariableOption(text="All", value="$__all", selected=True))
    )


def _link() -> builders.DashboardLink:
    return (
        builders.DashboardLink("portalwatch")
        .type(dashboard.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )


def _annotations() -> Iterator[builders.AnnotationQuery]:
    # The time of the deployment is the value: a change of a label would never show as one.
    deployments = f"{metrics.DEPLOYMENT.name}{{{HERE}}} * 1000"
    yield _annotation("Deployments", "purple", deployments, "Deployment {{release}}").use_value_for_time(True)
    phases = f"{metrics.DEPLOYMENT_PHASE_STARTED.name}{{{HERE}}} * 1000"
    yield _annotation("Phases", "yellow", phases, "{{phase}} of {{deployment}} began").use_value_for_time(True)
    captures = f"sum by (outcome) (increase({metrics.SCHEDULED_CAPTURES.name}{{{HERE}}}[$__rate_interval])) > 0"
    yield _annotation("Captures", "blue", captures, "Baseline captured: {{outcome}}")
    fired = f'{metrics.ALERT_CHANGES.name}{{{HERE}, reason="fired"}}'
    yield _annotation(
        "Alerts", "red", f"sum by (tier) (increase({fired}[$__rate_interval])) > 0", "An alert of {{tier}} fired"
    )


def _annotation(name: str, color: str, expr: str, title: str) -> builders.AnnotationQuery:
    return (
        builders.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color(color)
        .expr(expr)
        .title_format(title)
        .use_value_for_time(False)
    )
