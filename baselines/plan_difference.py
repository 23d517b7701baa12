"""What a plan does otherwise than an earlier one: in a sentence, and line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from baselines.plan_node import NodeFigures, PlanNode, rows
from baselines.plan_shape import PlanShape

# Clauses of a sentence; a table of a hundred partitions changes a hundred nodes alike.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Placed:
    """A node of one of the two plans, with its figures where they are known."""

    node: PlanNode
    figures: NodeFigures | None

    def __str__(self) -> str:
        return f"{self.node}  [{self.figures}]" if self.figures else str(self.node)


@dataclass(frozen=True, slots=True)
class Step:
    """A node that both plans have at this place, or that only one of them has."""

    before: Placed | None
    after: Placed | None


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """Both plans from the top down, as one list: what is gone stands before what came in its place."""

    steps: tuple[Step, ...]

    @property
    def gone(self) -> list[Placed]:
        """The nodes that only the earlier plan has."""
        return [step.before for step in self.steps if step.before and not step.after]

    @property
    def come(self) -> list[Placed]:
        """The nodes that only the later plan has."""
        return [step.after for step in self.steps if step.after and not step.before]

    @property
    def kept(self) -> list[tuple[Placed, Placed]]:
        """The nodes that both plans have, whatever stands above them now."""
        return [(step.before, step.after) for step in self.steps if step.before and step.after]

    @property
    def replaced(self) -> list[tuple[Placed, Placed]]:
        """Of those that are gone and those that came: which do the same work otherwise. The access to a table, the
        dearest first; then joins.
        """
        return [(was, now) for was, now in self._counterparts() if was.node.label != now.node.label]

    @property
    def sentence(self) -> str:
        """What happened, for people: "Index Scan on valuations using by_date became a Seq Scan: 240,000 rows read to
        keep 12".
        """
        clauses = list(self._clauses())
        more = len(clauses) - _TOLD
        told = clauses[:_TOLD] + ([f"{more} more change{'s' if more > 1 else ''}"] if more > 0 else [])
        return "; ".join(told) or "the same steps, nested otherwise"

    @property
    def lines(self) -> list[str]:
        """As a unified diff, in a typewriter's letters: `-` is gone, `+` came."""
        return [_line(step) for step in self.steps]

    def _clauses(self) -> Iterator[str]:
        was_read, is_read = (_tables(side) for side in self._sides())
        reordered = was_read != is_read and sorted(was_read) == sorted(is_read)
        replaced = self.replaced
        for was, now in replaced:
            # In another order a join has the two sides of its condition exchanged.
            if not (reordered and was.node.is_join and was.node.access == now.node.access):
                yield _became(was, now)
        if reordered:
            yield f"the tables are read in another order: {', '.join(was_read)} → {', '.join(is_read)}"
        told = {id(one) for pair in self._counterparts() for one in pair}
        for nodes, fate in (self.gone, "gone"), (self.come, "new"):
            for one in nodes:
                is_access = one.node.index or one.node.relation
                if id(one) not in told and (is_access or not (replaced or reordered)):
                    yield f"{one.node.access} is {fate}"

    def _counterparts(self) -> list[tuple[Placed, Placed]]:
        """Accesses to the same table, and joins, in order; those that only moved among them."""
        gone, come = self.gone, self.come
        tables = dict.fromkeys(one.node.relation for one in gone if one.node.relation)
        accesses = [
            pair
            for table in tables
            for pair in zip(
                (one for one in gone if one.node.relation == table),
                (one for one in come if one.node.relation == table),
                strict=False,
            )
        ]
        joins = zip((one for one in gone if one.node.is_join), (one for one in come if one.node.is_join), strict=False)
        return [*sorted(accesses, key=lambda pair: -_rows_read(pair[1])), *joins]

    def _sides(self) -> tuple[list[Placed], list[Placed]]:
        return (
            [step.before for step in self.steps if step.before],
            [step.after for step in self.steps if step.after],
        )


def plan_difference(
    before: PlanShape,
    after: PlanShape,
    figures_before: Sequence[NodeFigures] = (),
    figures_after: Sequence[NodeFigures] = (),
) -> PlanDifference | None:
    """The difference of two plans, None where their shapes are equal. Figures are one a node, or none at all."""
    if before == after:
        return None
    was, now = _placed(before, figures_before), _placed(after, figures_after)
    matcher = SequenceMatcher(None, [one.node.label for one in was], [one.node.label for one in now], autojunk=False)
    steps: list[Step] = []
    for tag, was_from, was_to, now_from, now_to in matcher.get_opcodes():
        gone, come = was[was_from:was_to], now[now_from:now_to]
        if tag == "equal":
            steps += (Step(*pair) for pair in zip(gone, come, strict=True))
        else:
            steps += [Step(one, None) for one in gone]
            steps += [Step(None, one) for one in come]
    return PlanDifference(tuple(steps))


def _placed(shape: PlanShape, figures: Sequence[NodeFigures]) -> list[Placed]:
    nodes = [PlanNode.read(text) for text in shape.nodes]
    known: Sequence[NodeFigures | None] = figures or [None] * len(nodes)
    return [Placed(*pair) for pair in zip(nodes, known, strict=True)]


def _rows_read(one: Placed) -> int:
    return (one.figures.rows_met or 0) + (one.figures.rows_left_out or 0) if one.figures else 0


def _tables(nodes: Sequence[Placed]) -> list[str]:
    return list(dict.fromkeys(one.node.relation for one in nodes if one.node.relation))


def _became(was: Placed, now: Placed) -> str:
    before, after = was.node, now.node
    if before.access == after.access:
        return f"{before.access} by other conditions: {_conditions(before)} → {_conditions(after)}{_evidence(was, now)}"
    article = "an" if after.kind[0] in "AEIOU" else "a"
    using = f" using {after.index}" if after.index else ""
    return f"{before.access} became {article} {after.kind}{using}{_evidence(was, now)}"


def _conditions(node: PlanNode) -> str:
    return ", ".join(f"{name} {text}" for name, text in node.conditions) or "none"


def _evidence(was: Placed, now: Placed) -> str:
    """The most telling figures of the later node."""
    figures = now.figures
    if figures is None:
        return ""
    if figures.rows_met is not None and figures.rows_left_out:
        return f": {rows(_rows_read(now))} read to keep {figures.rows_met:,}"
    if figures.rows_met is not None and figures.is_underestimated:
        return f": {rows(figures.rows_expected)} expected, {figures.rows_met:,} met"
    return f": cost {was.figures.cost:,.1f} → {figures.cost:,.1f}" if was.figures else ""


def _line(step: Step) -> str:
    if step.before is None or step.after is None:
        return f"- {step.before}" if step.before else f"+ {step.after}"
    was, now = step.before.figures, step.after.figures
    earlier = f"  [{was} → {now}]" if was and now and str(was) != str(now) else None
    return f"  {step.after.node}{earlier}" if earlier else f"  {step.after}"
