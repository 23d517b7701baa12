"""What EXPLAIN (FORMAT JSON) tells, read: the shape of a plan, and the figures of an execution."""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Self

from baselines.plan_node import CONDITIONS, NodeFigures, PlanNode
from baselines.plan_shape import PlanShape

# A value or a parameter within a condition, with the cast that PostgreSQL writes behind a text.
_VALUE = re.compile(
    r"""'(?:[^']|'')*'
        (?:::(?:timestamp|time)\ with(?:out)?\ time\ zone|::double\ precision|::(?:character|bit)\ varying|::[\w."]+)?
        (?:\(\d+(?:,\d+)?\))?(?:\[\])?
      |\$\d+
      |(?<![\w.$"])-?\d+(?:\.\d+)?(?![\w."])""",
    re.VERBOSE,
)


def shape_of(document: Mapping[str, Any]) -> PlanShape:
    """The plan's nodes without costs, row estimates and widths (they change every day) and without values.

    A custom plan shows its arguments and a generic one `$1`; as `?` the two are alike where they do the same, and what
    somebody looked for is kept nowhere.
    """
    return PlanShape(tuple(str(_read(node, depth)) for node, depth in _nodes(document["Plan"])))


def figures_of(document: Mapping[str, Any]) -> tuple[NodeFigures, ...]:
    """Rows and costs of the plan's nodes, one each; what an execution met only from EXPLAIN (ANALYZE)."""
    return tuple(_figures(node) for node, _ in _nodes(document["Plan"]))


def cost_of(document: Mapping[str, Any]) -> float:
    """What the planner thinks the whole statement costs, in its own unit."""
    return float(document["Plan"]["Total Cost"])


def relations_of(document: Mapping[str, Any]) -> Set[tuple[str, str]]:
    """(schema, name) of every table the plan reads; needs EXPLAIN (VERBOSE)."""
    return {(node["Schema"], node["Relation Name"]) for node, _ in _nodes(document["Plan"]) if "Relation Name" in node}


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution as the server saw it: seconds, rows, and the share of its pages that were in memory (or None)."""

    seconds: float
    rows: int
    hit_ratio: float | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Of what EXPLAIN (ANALYZE, BUFFERS) tells."""
        top = document["Plan"]
        hit, read = top["Shared Hit Blocks"], top["Shared Read Blocks"]
        return cls(
            seconds=document["Execution Time"] / 1000,
            rows=round(top["Actual Rows"] * top["Actual Loops"]),
            hit_ratio=hit / (hit + read) if hit + read else None,
        )


def _nodes(plan: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[Mapping[str, Any], int]]:
    """The nodes from the top down, each with its depth."""
    yield plan, depth
    for child in plan.get("Plans", ()):
        yield from _nodes(child, depth + 1)


def _read(node: Mapping[str, Any], depth: int) -> PlanNode:
    join = node.get("Join Type", "Inner")
    return PlanNode(
        kind=node["Node Type"] + (f" {join}" if join != "Inner" else ""),
        depth=depth,
        relation=node.get("Relation Name"),
        index=node.get("Index Name"),
        conditions=tuple((name, _VALUE.sub("?", node[name])) for name in CONDITIONS if name in node),
    )


def _figures(node: Mapping[str, Any]) -> NodeFigures:
    """EXPLAIN gives means of the loops; a node that was never reached has none."""
    if "Actual Loops" not in node:
        return NodeFigures(round(node["Plan Rows"]), node["Total Cost"])
    loops = node["Actual Loops"]
    left_out = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    return NodeFigures(
        rows_expected=round(node["Plan Rows"] * loops),
        cost=node["Total Cost"],
        rows_met=round(node["Actual Rows"] * loops),
        rows_left_out=round(left_out * loops),
    )
