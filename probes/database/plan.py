"""What EXPLAIN (FORMAT JSON) tells, read: the shape of a plan, and the figures of an execution."""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Self

from baselines.plan_shape import PlanShape

# Of the texts of a node, those that say how rows are found and joined (PostgreSQL 14 to 18).
_CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "One-Time Filter")

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
    return PlanShape(tuple(_text(node, depth) for node, depth in _nodes(document["Plan"])))


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


def _text(node: Mapping[str, Any], depth: int) -> str:
    text: str = "  " * depth + node["Node Type"]
    if node.get("Join Type", "Inner") != "Inner":
        text += f" {node['Join Type']}"
    if "Relation Name" in node:
        text += f" on {node['Relation Name']}"
    if "Index Name" in node:
        text += f" using {node['Index Name']}"
    for condition in _CONDITIONS:
        if condition in node:
            text += f" ({condition}: {_VALUE.sub('?', node[condition])})"
    return text
