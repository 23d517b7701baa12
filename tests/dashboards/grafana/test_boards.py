"""The dashboards: conventions every one keeps, and Grafana's own typed model as the judge of the JSON."""

import copy
import json
import re
import warnings
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from dashboards import Inventory, Places, export
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.prometheus.alerting import alerting_rules
from dashboards.prometheus.recording import BURN_RATES, RECORDING_RULES
from tests.dashboards import shipped
from tests.dashboards.board_checks import complaints
from tests.dashboards.expressions import boards, panel_expressions
from tests.dashboards.inventories import EVERYTHING, NOTHING, ONE
from tests.dashboards.promql import shape

Board = dict[str, Any]
RULES = alerting_rules("portalwatch")
INVENTORIES = {"everything": EVERYTHING, "one": ONE, "nothing": NOTHING, "shipped": None}


def exported(inventory: Inventory, directory: Path) -> list[Board]:
    """The dashboards of an inventory."""
    export(directory, inventory, Places(scrape_target="127.0.0.1:9464", runbook_url="https://r.example/books"))
    return boards(directory)


@pytest.fixture(scope="module", params=INVENTORIES)
def all_boards(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Board]:
    """The dashboards as a user gets them: of all kinds of series, of one, of none, and of the shipped configuration."""
    directory: Path = tmp_path_factory.mktemp("export")
    inventory = INVENTORIES[request.param]
    if inventory is None:
        shipped.write(directory)
        return boards(directory)
    return exported(inventory, directory)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Board]:
    """Those of everything, by uid."""
    return {one["uid"]: one for one in exported(EVERYTHING, tmp_path_factory.mktemp("everything"))}


def test_there_are_ten_in_the_order_of_an_investigation(all_boards: list[Board]) -> None:
    """Whatever is watched, all ten are there: their links lead from each to each."""
    assert [one["uid"] for one in all_boards] == sorted(uid.value for uid in DashboardUid)
    assert [one["title"][0] for one in all_boards] == [str(number) for number in range(10)]
    for board in all_boards:
        assert len(board["uid"]) <= 40
        assert (board["schemaVersion"], board["tags"], board["graphTooltip"]) == (42, ["portalwatch"], 1)
        assert board["description"].endswith(".")
        (link,) = board["links"]
        assert (link["type"], link["asDropdown"], link["includeVars"], link["keepTime"]) == (
            "dashboards", True, True, True,
        )  # fmt: skip
        assert "placement" not in link
        assert [one["name"] for one in board["annotations"]["list"]] == ["Deployments", "Phases", "Captures", "Alerts"]
        assert all(panel["type"] == "text" or panel["targets"] for panel in board["panels"])
        assert board["panels"]


def test_nothing_is_wrong_with_any_of_them(all_boards: list[Board]) -> None:
    """Queries parse and ask for what is exported, legends name labels that are there, units fit, nothing overlaps, and
    the public linter's rules are kept.
    """
    assert [told for board in all_boards for told in complaints(board)] == []


def _panel(board: Board, title: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in board["panels"] if one["title"] == title)
    return found


def _unknown_label(board: Board) -> None:
    target = _panel(board, "Runs")["targets"][0]
    target["expr"] = target["expr"].replace("by (series)", "by (probe)")


def _unknown_matcher(board: Board) -> None:
    target = _panel(board, "Runs")["targets"][0]
    target["expr"] = target["expr"].replace("{", '{probe="x", ', 1)


def _unknown_legend(board: Board) -> None:
    _panel(board, "Runs")["targets"][0]["legendFormat"] = "{{probe}}"


def _wrong_unit(board: Board) -> None:
    _panel(board, "Duration (p95), every moment")["fieldConfig"]["defaults"]["unit"] = "ms"


def _dead_metric(board: Board) -> None:
    target = _panel(board, "Runs")["targets"][0]
    target["expr"] = target["expr"].replace("portalwatch_probe_runs_total", "portalwatch_web_vitals_total")


def _overlap(board: Board) -> None:
    _panel(board, "Runs")["gridPos"]["x"] += 1


def _not_promql(board: Board) -> None:
    _panel(board, "Runs")["targets"][0]["expr"] += ")"


def _many_to_many(board: Board) -> None:
    target = _panel(board, "Share of runs that failed")["targets"][0]
    target["expr"] = target["expr"].removesuffix("}") + '} > on (job, instance) up{job=~"$job", instance=~"$instance"}'


def _everybody(board: Board) -> None:
    target = _panel(board, "Runs")["targets"][0]
    target["expr"] = target["expr"].replace('job=~"$job", ', "")


def _one_instance(board: Board) -> None:
    target = _panel(board, "Runs")["targets"][0]
    target["expr"] = target["expr"].replace('instance=~"$instance", ', "")


def _fixed_window(board: Board) -> None:
    target = _panel(board, "Runs")["targets"][0]
    target["expr"] = target["expr"].replace("$__rate_interval", "5m")


def _no_description(board: Board) -> None:
    _panel(board, "Runs")["description"] = ""


def _fixed_source(board: Board) -> None:
    _panel(board, "Runs")["datasource"]["uid"] = "prometheus"


def _same_id(board: Board) -> None:
    _panel(board, "Runs")["id"] = _panel(board, "Open findings")["id"]


def _edited(board: Board) -> None:
    board["editable"] = True


def _stale_variable(board: Board) -> None:
    board["templating"]["list"][-1]["refresh"] = 1


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (_unknown_label, "by probe, which"),
        (_unknown_matcher, "has no label probe"),
        (_unknown_legend, "the legend names probe"),
        (_wrong_unit, "is seconds, and shown in ms"),
        (_dead_metric, "nobody exports portalwatch_web_vitals_total"),
        (_overlap, "lies over another panel"),
        (_not_promql, "no PromQL"),
        (_many_to_many, "on instance, which the left side has not"),
        (_everybody, "not limited to the chosen jobs"),
        (_one_instance, "not limited to the chosen instances"),
        (_fixed_window, "the window 5m"),
        (_no_description, "a description that is a sentence"),
        (_fixed_source, "a fixed data source"),
        (_same_id, "the id of another panel"),
        (_edited, "it can be edited"),
        (_stale_variable, "when the time changes"),
    ],
)
def test_a_dashboard_that_is_broken_on_purpose_is_caught(
    everything: dict[str, Board], broken: Callable[[Board], None], told: str
) -> None:
    """The test above can fail, and says what is wrong."""
    board = copy.deepcopy(everything[DashboardUid.API.value])
    broken(board)
    assert [one for one in complaints(board) if told in one], complaints(board)


def test_every_rule_asks_for_what_is_there() -> None:
    """Recorded and alerting rules parse, and no metric or label in them is unknown; alerts tell their job."""
    for rule in (*RECORDING_RULES, *BURN_RATES):
        told = shape(rule.expr)
        assert told.complaints == [], rule.record
        assert told.labels == set(rule.record.split(":")[0].split("_")), rule.record
    for alert in RULES:
        told = shape(alert.expr)
        assert told.complaints == [], alert.alert
        named = set(re.findall(r"\$labels\.(\w+)", alert.description))
        assert named - {"job"} <= told.labels, alert.alert


def test_an_alert_leads_to_its_panel_and_the_panel_to_the_runbook(everything: dict[str, Board]) -> None:
    """The dashboard_url of an alert opens a panel, which links to what to do; no name for such a panel is left over."""
    for rule in RULES:
        panels = {one["id"]: one for one in everything[rule.dashboard.value]["panels"]}
        links = {link["title"]: link["url"] for link in panels[rule.panel.value]["links"]}
        assert links[f"Runbook: {rule.alert}"] == f"https://r.example/books/{rule.alert}"
    assert {rule.panel for rule in RULES} == set(PanelId)


def test_a_dashboard_shows_the_series_of_its_area_and_no_others(everything: dict[str, Board]) -> None:
    """Of a category in two areas each takes its own; the whole of any other category."""
    for uid, ours, others in (
        (DashboardUid.API, ["reachability.portal", "api_endpoints.new"], ["reachability.database", "web_vitals.x"]),
        (DashboardUid.DATABASE, ["reachability.database", "database_queries.new"], ["reachability.portal"]),
    ):
        (variable,) = (one for one in everything[uid.value]["templating"]["list"] if one["name"] == "series")
        pattern = re.search(r'series=~"([^"]+)"', variable["query"]["query"])
        assert pattern
        assert all(re.fullmatch(pattern[1], name) for name in ours)
        assert not any(re.fullmatch(pattern[1], name) for name in others)


def test_what_no_series_has_is_not_asked_for(tmp_path: Path) -> None:
    """One endpoint without limits: no line of limits, no shares or bytes, and words where nothing is watched."""
    api, front_end = (
        one for one in exported(ONE, tmp_path) if one["uid"] in (DashboardUid.API.value, DashboardUid.FRONT_END.value)
    )
    asked = " ".join(one.expr for one in panel_expressions([api]))
    assert "portalwatch_probe_duration_seconds" in asked
    assert "portalwatch_series_limit" not in asked
    assert "portalwatch_series_value" not in asked
    *_, words = front_end["panels"]
    assert "No probe tells of the front end yet" in words["options"]["content"]
    assert "`web_vitals.largest_contentful_paint`" in words["options"]["content"]


def test_limits_are_dashed_red_baselines_dotted_and_latencies_lead_to_calls(everything: dict[str, Board]) -> None:
    """As query series, because they differ by series."""
    panel = _panel(everything[DashboardUid.API.value], "Duration (p95) against baseline and limits")
    styles = {
        override["matcher"]["options"]: {one["id"]: one["value"] for one in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }
    assert styles["B"]["custom.lineStyle"]["fill"] == "dot"
    assert styles["C"]["custom.lineStyle"]["fill"] == "dash"
    assert styles["C"]["color"] == {"mode": "fixed", "fixedColor": "red"}
    moments = _panel(everything[DashboardUid.API.value], "Duration (p95), every moment")
    assert moments["targets"][0]["exemplar"] is True


def test_how_something_stands_has_its_colour_whatever_else_is_drawn(everything: dict[str, Board]) -> None:
    """By the word at the end of the legend; a limit of a series stays dashed red, its own override comes later."""
    panel = _panel(everything[DashboardUid.OVERVIEW.value], "Open findings")
    colors = {
        override["matcher"]["options"]: override["properties"][0]["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["id"] == "byRegexp"
    }
    for word, color in (("absolute critical", "red"), ("floor warning", "orange"), ("api delivered", "green")):
        (found,) = (one for pattern, one in colors.items() if re.search(pattern.strip("/"), word))
        assert found == color
    limits = _panel(everything[DashboardUid.API.value], "Duration (p95) against baseline and limits")
    assert [one["matcher"]["id"] for one in limits["fieldConfig"]["overrides"]][-1] == "byFrameRefID"


def test_grafana_s_typed_model_reads_every_key_and_writes_it_again(all_boards: list[Board]) -> None:
    """A key the model does not know would be lost on the way, and with it what we meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.cog.plugins import register_default_plugins
        from grafana_foundation_sdk.models.dashboard import Dashboard

        register_default_plugins()
    for board in all_boards:
        again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
        # The model puts these into a menu whenever it reads them; see board.py.
        for one in [*again["links"], *again["annotations"]["list"]]:
            one.pop("placement")
        assert again == board


def _values(thing: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every value with the last two keys that lead to it."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from _values(value, (*path, key))
    elif isinstance(thing, list):
        for value in thing:
            yield from _values(value, path)
    else:
        yield ".".join(path[-2:]), thing


def test_every_word_of_a_closed_list_is_one_that_grafana_knows(all_boards: list[Board]) -> None:
    """The typed model takes any text where Grafana takes one of a few: a typing error would show as a default."""
    from grafana_foundation_sdk.models import common, dashboard, text

    lists: dict[str, type[Enum]] = {
        "options.colorMode": common.BigValueColorMode,
        "options.graphMode": common.BigValueGraphMode,
        "options.textMode": common.BigValueTextMode,
        "options.justifyMode": common.BigValueJustifyMode,
        "legend.displayMode": common.LegendDisplayMode,
        "legend.placement": common.LegendPlacement,
        "tooltip.mode": common.TooltipDisplayMode,
        "tooltip.sort": common.SortOrder,
        "custom.drawStyle": common.GraphDrawStyle,
        "custom.showPoints": common.VisibilityMode,
        "stacking.mode": common.StackingMode,
        "thresholdsStyle.mode": common.GraphThresholdsStyleMode,
        "thresholds.mode": dashboard.ThresholdsMode,
        "color.mode": dashboard.FieldColorModeId,
        "list.refresh": dashboard.VariableRefresh,
        "list.sort": dashboard.VariableSort,
        "list.type": dashboard.VariableType,
        "links.type": dashboard.DashboardLinkType,
        "options.mode": text.TextMode,
    }
    seen = set()
    for board in all_boards:
        for key, value in _values(board):
            if key in lists:
                assert value in {one.value for one in lists[key]} | {"fixed"}, (key, value)
                seen.add(key)
    assert "custom.drawStyle" in seen
