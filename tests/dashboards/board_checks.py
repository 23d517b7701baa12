"""What is wrong with a dashboard: our conventions, and the rules of Grafana's public dashboard-linter.

The rules are those of https://github.com/grafana/dashboard-linter/tree/main/docs/rules, by their names there. An
exception carries its reason.
"""

import re
from collections.abc import Iterator
from typing import Any

from tests.dashboards.expressions import expanded
from tests.dashboards.promql import Shape, shape

Board = dict[str, Any]
Panel = dict[str, Any]

# By what an expression is; `none` shows a ratio as 1.25, `percentunit` as 125 %.
UNITS = {
    "seconds": {"s"},
    "ratio": {"percentunit", "none"},
    "bytes": {"bytes"},
    "number": {"none"},
    "per second": {"cps"},
}
# The window of 15 minutes is that of the recorded rules beside which they stand; the others are what their titles say.
FIXED_WINDOWS = {"15m": "as recorded", "1h": "per hour"}
# target-instance-rule: a recorded series has no instance, because two that watch the same are one line.
RECORDED = re.compile(r"\w+:\w+:\w+")


def complaints(board: Board) -> list[str]:
    """One sentence for each thing that is wrong; nothing where all is well."""
    found = [*_of_variables(board), *_of_layout(board)]
    for panel in board["panels"]:
        found += [f"{panel['title']}: {told}" for told in _of_panel(panel)]
    for annotation in board["annotations"]["list"]:
        told = [*_of_expression(annotation["expr"], annotation["titleFormat"])]
        found += [f"annotation {annotation['name']}: {one}" for one in told]
    return [f"{board['uid']}: {one}" for one in found]


def _of_variables(board: Board) -> Iterator[str]:
    variables = {one["name"]: one for one in board["templating"]["list"]}
    # template-datasource-rule, template-job-rule, template-instance-rule
    if list(variables)[:3] != ["datasource", "job", "instance"]:
        yield "the first variables are not datasource, job and instance"
    for one in board["templating"]["list"]:
        if one["type"] != "query":
            continue
        if (one["multi"], one["includeAll"], one["allValue"]) != (True, True, ".+"):
            yield f"${one['name']} does not offer several and all"
        if one["refresh"] != 2:  # template-on-time-change-reload-rule
            yield f"${one['name']} is not asked again when the time changes"
        if one["datasource"]["uid"] != "${datasource}":
            yield f"${one['name']} asks a fixed data source"
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", one["query"]["query"])
        if asked is None:  # template-label-promql-rule
            yield f"${one['name']} is no label_values()"
            continue
        told = shape(expanded(asked[1]))
        yield from told.complaints
        if asked[2] not in told.labels:
            yield f"${one['name']} is filled from a label that is not there"
    if board["editable"]:  # uneditable-dashboard-rule
        yield "it can be edited where it would be overwritten"


def _of_layout(board: Board) -> Iterator[str]:
    cells: set[tuple[int, int]] = set()
    ids: set[int] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        covered = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']} reaches beyond the 24 columns"
        if covered & cells:
            yield f"{panel['title']} lies over another panel"
        if panel["id"] in ids:
            yield f"{panel['title']} has the id of another panel"
        cells |= covered
        ids.add(panel["id"])


def _of_panel(panel: Panel) -> Iterator[str]:
    if not panel["title"] or not panel["description"].endswith("."):  # panel-title-description-rule
        yield "without a title, or without a description that is a sentence"
    if panel["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:  # panel-datasource-rule
        yield "asks a fixed data source"
    if panel["type"] == "text":
        return
    targets = panel["targets"]
    if not targets:
        yield "asks nothing"
    if len({one["refId"] for one in targets}) != len(targets):
        yield "two queries have one name"
    if panel["type"] == "stat" and panel["options"]["textMode"] != "value_and_name":
        yield "several numbers would not say which is which"
    for target in targets:
        told = list(_of_expression(target["expr"], target["legendFormat"]))
        yield from told
        if not told:
            yield from _of_unit(panel, target, shape(expanded(target["expr"])))
        # target-rate-interval-rule
        for window in re.findall(r"\[(\$?\w+)\]", target["expr"]):
            if window not in ("$__rate_interval", "$__range", *FIXED_WINDOWS):
                yield f"the window {window} is no $__rate_interval"


def _of_expression(expr: str, legend: str) -> Iterator[str]:
    try:
        told = shape(expanded(expr))  # target-promql-rule
    except ValueError as error:
        yield f"no PromQL: {error}"
        return
    yield from told.complaints
    for label in re.findall(r"{{(\w+)}}", legend):
        if label not in told.labels:
            yield f"the legend names {label}, which the result has not"
    for name, matchers in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expr):
        if 'job=~"$job"' not in matchers:  # target-job-rule
            yield f"{name} is not limited to the chosen jobs"
        if 'instance=~"$instance"' not in matchers and not RECORDED.fullmatch(name):  # target-instance-rule
            yield f"{name} is not limited to the chosen instances"


def _of_unit(panel: Panel, target: dict[str, Any], told: Shape) -> Iterator[str]:
    """panel-units-rule, and that the unit is that of what is asked."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    if panel["type"] == "table":
        column = _columns(panel).get(target["refId"])
        for override in panel["fieldConfig"]["overrides"]:
            if override["matcher"] == {"id": "byName", "options": column}:
                unit = next((one["value"] for one in override["properties"] if one["id"] == "unit"), unit)
    if unit not in UNITS[told.unit]:
        yield f"{target['refId']} is {told.unit}, and shown in {unit}"


def _columns(panel: Panel) -> dict[str, str]:
    renamed = panel["transformations"][-1]["options"]["renameByName"]
    return {name.removeprefix("Value").removeprefix(" #") or "A": column for name, column in renamed.items()}
