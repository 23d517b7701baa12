"""How our panels look: every one has a title, a description and a unit, and its colours are said, not inherited."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import prometheus, stat, table, text, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import text as text_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
GOOD, WARN, BAD = "green", "orange", "red"
# Words at the end of a legend that say how something stands, so that a colour never depends on the order of lines.
STATUS_COLORS = {
    "/(critical|failed|failing|error|timeout|firing)$/": BAD,
    "/(warning|partial|stuck|skipped|disturbed)$/": WARN,
    "/(ok|delivered|kept|resolved)$/": GOOD,
}
# From the first panel nothing links to; see PanelId.
FIRST_FREE_ID = 100


class Role(Enum):
    """How a line is drawn: a value solid, a baseline dotted, a limit dashed red, a scale not at all (but fitted)."""

    VALUE = "value"
    BASELINE = "baseline"
    LIMIT = "limit"
    SCALE = "scale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """An expression and its legend, empty where one number needs no name."""

    expr: str
    legend: str
    role: Role = Role.VALUE
    exemplar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a panel says of itself. `unit` is a Grafana unit id (`s`, `percentunit`, `bytes`, `none`, `short`)."""

    id: int
    title: str
    description: str
    unit: str
    width: int = 12
    height: int = 8
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on (None: from the bottom) the colour is this."""

    value: float | None
    color: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and its Grafana unit."""

    name: str
    unit: str = "none"


def stat_panel(about: About, queries: Sequence[Query], steps: Sequence[Step]) -> stat.Panel:
    """Big numbers of now, coloured by thresholds. With a legend each number stands beside its name."""
    named = any(query.legend for query in queries)
    panel = (
        stat.Panel()
        .color_mode(common.BigValueColorMode.BACKGROUND)
        .graph_mode(common.BigValueGraphMode.NONE)
        .text_mode(common.BigValueTextMode.VALUE_AND_NAME if named else common.BigValueTextMode.VALUE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(steps))
        .color_scheme(dashboard_builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
    )
    _say(panel, about)
    for ref, query in _with_refs(queries):
        panel.with_target(_target(ref, query).instant())
    return panel


def line_panel(
    about: About,
    queries: Sequence[Query],
    *,
    soft_max: float | None = None,
    marks: Sequence[Step] = (),
    stacked: bool = False,
) -> timeseries.Panel:
    """Lines over time with a legend as a table. `soft_max` is what the axis reaches at least; `marks` are drawn across
    where they are the same for all series.
    """
    legend = (
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
        .sort_by("Max")
        .sort_desc(True)
    )
    panel = (
        timeseries.Panel()
        .draw_style(common.GraphDrawStyle.LINE)
        .line_width(2)
        .fill_opacity(0)
        .show_points(common.VisibilityMode.NEVER)
        .axis_soft_min(0)
        .legend(legend)
        .tooltip(
            common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
        )
        .color_scheme(dashboard_builders.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    )
    if soft_max is not None:
        panel.axis_soft_max(soft_max)
    if marks:
        panel.thresholds(_thresholds([Step(None, "transparent"), *marks]))
        panel.thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    if stacked:
        panel.fill_opacity(40).stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    _say(panel, about)
    if any(query.legend.endswith(("{{level}}", "{{outcome}}", "{{reason}}")) for query in queries):
        for words, color in STATUS_COLORS.items():
            panel.override_by_regexp(words, [_fixed(color)])
    for ref, query in _with_refs(queries):
        panel.with_target(_target(ref, query).range())
        if properties := _drawn(query.role):
            panel.override_by_query(ref, properties)
    return panel


def table_panel(about: About, queries: Sequence[Query], columns: Sequence[Column]) -> table.Panel:
    """One row for each set of labels, one column a query: `columns` are theirs, in the same order."""
    panel = table.Panel().show_header(True).thresholds(_thresholds([Step(None, GOOD)]))
    _say(panel, about)
    refs = []
    for ref, query in _with_refs(queries):
        panel.with_target(_target(ref, query).instant().format(PromQueryFormat.TABLE))
        refs.append(ref)
    panel.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    values = (
        {"Value": columns[0].name}
        if len(refs) == 1
        else {f"Value #{ref}": column.name for ref, column in zip(refs, columns, strict=True)}
    )
    panel.with_transformation(
        dashboard.DataTransformerConfig(
            id_val="organize",
            options={"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": values},
        )
    )
    for column in columns:
        if column.unit != about.unit:
            panel.override_by_name(column.name, [dashboard.DynamicConfigValue(id_val="unit", value=column.unit)])
    return panel


def text_panel(about: About, markdown: str) -> text.Panel:
    """Words, where there is nothing to draw."""
    panel = text.Panel().mode(text_models.TextMode.MARKDOWN).content(markdown)
    _say(panel, about)
    return panel


AnyPanel = stat.Panel | timeseries.Panel | table.Panel | text.Panel


def _say(panel: AnyPanel, about: About) -> None:
    panel.id(about.id).title(about.title).description(about.description).unit(about.unit)
    panel.datasource(DATASOURCE).span(about.width).height(about.height)
    if about.decimals is not None:
        panel.decimals(about.decimals)


def _with_refs(queries: Sequence[Query]) -> list[tuple[str, Query]]:
    return list(zip(ascii_uppercase, queries, strict=False))


def _target(ref: str, query: Query) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(ref)
        .expr(query.expr)
        .legend_format(query.legend)
        .exemplar(query.exemplar)
        .datasource(DATASOURCE)
    )


def _thresholds(steps: Sequence[Step]) -> dashboard_builders.ThresholdsConfig:
    return (
        dashboard_builders.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=step.value, color=step.color) for step in steps])
    )


def _drawn(role: Role) -> list[dashboard.DynamicConfigValue]:
    if role is Role.SCALE:
        hidden = {"legend": True, "tooltip": True, "viz": False}
        return [
            dashboard.DynamicConfigValue(id_val="custom.lineWidth", value=0),
            dashboard.DynamicConfigValue(id_val="custom.hideFrom", value=hidden),
        ]
    style = {Role.BASELINE: "dot", Role.LIMIT: "dash"}.get(role)
    if style is None:
        return []
    properties = [
        dashboard.DynamicConfigValue(
            id_val="custom.lineStyle", value={"fill": style, "dash": [2, 6] if style == "dot" else [10, 6]}
        ),
        dashboard.DynamicConfigValue(id_val="custom.lineWidth", value=2),
    ]
    if role is Role.LIMIT:
        properties.append(_fixed(BAD))
    return properties


def _fixed(color: str) -> dashboard.DynamicConfigValue:
    return dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})
