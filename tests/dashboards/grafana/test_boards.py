"""The dashboards: conventions every one keeps, and Grafana's own typed model as the judge of the JSON."""

import json
import re
import warnings
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from dashboards.export import export
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.metrics import CATALOGUE
from dashboards.prometheus.alerting import alerting_rules
from dashboards.prometheus.recording import RECORDING_RULES
from tests.dashboards.expressions import (
    annotation_expressions,
    boards,
    expanded,
    panel_expressions,
    variable_selectors,
)

KNOWN = {name for metric in CATALOGUE for name in metric.sample_names} | {rule.record for rule in RECORDING_RULES}
# `up` is Prometheus' own.
NAME = re.compile(r"(?<![\w:\"$.])(?:portalwatch_\w+|\w+:portalwatch_\w+:\w+|up)(?=[\s{\[),]|$)")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The dashboards as a user gets them."""
    directory: Path = tmp_path_factory.mktemp("export")
    export(directory, scrape_target="127.0.0.1:9464")
    return boards(directory)


def test_every_dashboard_keeps_the_conventions(exported: list[dict[str, Any]]) -> None:
    """Uid, tag, schema version, read-only, shared cross-hair, a drop-down that keeps variables and time, variables."""
    assert {one["uid"] for one in exported} == {uid.value for uid in DashboardUid}
    for board in exported:
        assert len(board["uid"]) <= 40
        assert (board["schemaVersion"], board["editable"], board["tags"]) == (42, False, ["portalwatch"])
        assert board["graphTooltip"] == 1
        assert board["description"]
        link = board["links"][0]
        assert (link["type"], link["asDropdown"], link["includeVars"], link["keepTime"]) == (
            "dashboards", True, True, True,
        )  # fmt: skip
        assert "placement" not in link
        variables = {one["name"]: one for one in board["templating"]["list"]}
        assert list(variables)[:3] == ["datasource", "job", "instance"]
        for one in list(variables.values())[1:]:
            assert (one["multi"], one["includeAll"], one["allValue"], one["refresh"]) == (True, True, ".+", 2)
            assert one["datasource"]["uid"] == "${datasource}"


def test_every_panel_has_a_title_a_description_a_unit_and_a_place(exported: list[dict[str, Any]]) -> None:
    """Nobody has to guess what a panel shows; no two have one id or lie over each other."""
    for board in exported:
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        cells: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            assert panel["title"]
            assert panel["description"].endswith(".")
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
            place = panel["gridPos"]
            covered = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert place["x"] + place["w"] <= 24
            assert not covered & cells, panel["title"]
            cells |= covered


def test_numbers_with_several_series_say_which_is_which(exported: list[dict[str, Any]]) -> None:
    """A stat with a legend shows value and name, and its colours are set, not inherited."""
    stats = [panel for board in exported for panel in board["panels"] if panel["type"] == "stat"]
    assert stats
    for panel in stats:
        assert panel["options"]["colorMode"] == "background"
        assert panel["options"]["textMode"] == "value_and_name"
        assert panel["fieldConfig"]["defaults"]["color"] == {"mode": "thresholds"}
        assert "value" not in panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0] or (
            panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
        )


def test_every_expression_parses_and_asks_for_metrics_we_export(exported: list[dict[str, Any]]) -> None:
    """Panels, annotations, variables and rules: PromQL that a parser takes, names that the catalogue has."""
    rules = [(rule.record, rule.expr) for rule in RECORDING_RULES]
    rules += [(rule.alert, rule.expr) for rule in alerting_rules("portalwatch")]
    asked = [*panel_expressions(exported), *annotation_expressions(exported), *variable_selectors(exported)]
    for where, expr in [*rules, *((one.where, one.expr) for one in asked)]:
        ready = expanded(expr)
        promql_parser.parse(ready)
        names = set(NAME.findall(ready))
        assert names, where
        assert names <= KNOWN | {"up"}, where


def test_a_panel_that_something_links_to_is_there(exported: list[dict[str, Any]]) -> None:
    """The dashboard_url of an alert opens a panel, and every name for such a panel is used."""
    ids = {board["uid"]: {panel["id"] for panel in board["panels"]} for board in exported}
    for rule in alerting_rules("portalwatch"):
        assert rule.panel.value in ids[rule.dashboard.value]
    assert {rule.panel for rule in alerting_rules("portalwatch")} == set(PanelId)


def test_grafana_s_typed_model_reads_every_key_and_writes_it_again(exported: list[dict[str, Any]]) -> None:
    """A key the model does not know would be lost on the way, and with it what we meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.cog.plugins import register_default_plugins
        from grafana_foundation_sdk.models.dashboard import Dashboard

        register_default_plugins()
    for board in exported:
        again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
        # The model puts these into a menu whenever it reads them; see board.py.
        for one in [*again["links"], *again["annotations"]["list"]]:
            one.pop("placement")
        assert again == board
