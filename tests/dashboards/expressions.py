"""The PromQL of the dashboards, as it stands in the exported JSON, and made ready for a parser or a server."""

import json
from pathlib import Path
from typing import Any, NamedTuple

MACROS = {
    "$__rate_interval": "5m",
    "$__range": "1h",
    "$job": ".+",
    "$instance": ".+",
    "$series": ".+",
}


class Expression(NamedTuple):
    """Where it stands, what it says, and the legend that its labels have to fill."""

    where: str
    expr: str
    legend: str


def boards(directory: Path) -> list[dict[str, Any]]:
    """The exported dashboards."""
    return [json.loads(path.read_text()) for path in sorted((directory / "grafana" / "dashboards").glob("*.json"))]


def panel_expressions(exported: list[dict[str, Any]]) -> list[Expression]:
    """Every query of every panel."""
    return [
        Expression(f"{board['uid']}: {panel['title']}", target["expr"], target["legendFormat"])
        for board in exported
        for panel in board["panels"]
        for target in panel.get("targets", [])
    ]


def annotation_expressions(exported: list[dict[str, Any]]) -> list[Expression]:
    """Every query of every annotation."""
    return [
        Expression(f"{board['uid']}: {one['name']}", one["expr"], one["titleFormat"])
        for board in exported
        for one in board["annotations"]["list"]
    ]


def variable_selectors(exported: list[dict[str, Any]]) -> list[Expression]:
    """The selector of each variable, its label as the legend: label_values(selector, label)."""
    found = []
    for board in exported:
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                text = variable["query"]["query"].removeprefix("label_values(").removesuffix(")")
                selector, _, label = text.rpartition(", ")
                found.append(Expression(f"{board['uid']}: ${variable['name']}", selector, f"{{{{{label}}}}}"))
    return found


def expanded(expr: str, **macros: str) -> str:
    """The expression with Grafana's macros and variables filled in."""
    for name, value in {**MACROS, **macros}.items():
        expr = expr.replace(name, value)
    assert "$" not in expr, f"an unknown macro in {expr}"
    return expr
