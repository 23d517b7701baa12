"""What all our dashboards have in common: variables, links, annotations, a shared cross-hair."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from dashboards import metrics
from dashboards.grafana.names import TAG, DashboardUid
from dashboards.grafana.panel import DATASOURCE, AnyPanel

SCHEMA_VERSION = 42
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
        .annotation(_deployments())
    )
    for panel in panels:
        builder.with_panel(panel)
    built: dashboard.Dashboard = builder.build()
    built.schema_version = SCHEMA_VERSION
    # The library would hide both in a menu; investigations go along these links.
    for link in built.links or []:
        link.placement = None  # type: ignore[assignment]
    for annotation in (built.annotations.list_val if built.annotations else None) or []:
        annotation.placement = None  # type: ignore[assignment]
    return built


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


def _deployments() -> builders.AnnotationQuery:
    """The time of the deployment is the value: a change of a label would never show as one."""
    return (
        builders.AnnotationQuery()
        .name("Deployments")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("purple")
        .expr(f'{metrics.DEPLOYMENT.name}{{job=~"$job"}} * 1000')
        .title_format("Deployment {{release}}")
        .use_value_for_time(True)
    )
