"""The shape of a query plan: what a plan is without its costs, so that two can be compared."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanShape:
    """The nodes of a plan from the top down, one text each: indentation, node type, relation, index, condition.

    `nodes` such as `("Aggregate", "  Index Scan on portfolio_valuations using valuations_by_date",)`.
    """

    nodes: tuple[str, ...]
