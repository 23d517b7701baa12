"""The shape of a query plan: what a plan is without its costs, so that two can be compared."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanShape:
    """The nodes of a plan from the top down, one text each: indentation, node type, relation, index, condition.

    `nodes` such as `("Aggregate", "  Index Scan on portfolio_valuations using valuations_by_date",)`.
    """

    nodes: tuple[str, ...]

    def difference(self, after: "PlanShape") -> str | None:
        """One sentence on what the later plan does instead, None where the shapes are equal."""
        if self == after:
            return None
        gone = [node.strip() for node in self.nodes if node not in after.nodes]
        come = [node.strip() for node in after.nodes if node not in self.nodes]
        return f"the plan changed: {', '.join(gone) or 'nothing left out'} → {', '.join(come) or 'nothing new'}"
