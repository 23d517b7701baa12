"""A node of a query plan: what it does, as one line of text and back, and the rows and costs that belong to it."""

import re
from dataclasses import dataclass
from typing import Self

# Of what EXPLAIN says of a node, those that tell how rows are found and joined (PostgreSQL 14 to 18).
CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "One-Time Filter")

_CONDITION = re.compile(rf" \(({'|'.join(CONDITIONS)}): ")
_NODE = re.compile(
    rf"(?P<indent> *)(?P<kind>.+?)(?: on (?P<relation>.+?))?(?: using (?P<index>.+?))?"
    rf"(?P<conditions>{_CONDITION.pattern}.*\))?"
)
# Estimates are seldom exact; from here on, other plans would have been chosen.
_FAR_OFF = 10


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """What the planner expected of a node, and what one execution met.

    `rows_expected` and `rows_met` are the rows that the node hands on, in all its loops together; `rows_left_out` were
    read and filtered out. The last two are None where nothing was carried out. `cost` is in the planner's own unit, of
    one loop, with all nodes below.
    """

    rows_expected: int
    cost: float
    rows_met: int | None = None
    rows_left_out: int | None = None

    @property
    def is_underestimated(self) -> bool:
        """Whether ten times the rows expected were met. Fewer say nothing: the node above may have had enough."""
        return self.rows_met is not None and self.rows_met >= _FAR_OFF * max(1, self.rows_expected)

    def __str__(self) -> str:
        """Such as `12 rows expected, 9 met, 240,000 left out, cost 8.4`."""
        told = [f"{rows(self.rows_expected)} expected"]
        if self.rows_met is not None:
            told.append(f"{self.rows_met:,} met")
        if self.rows_left_out:
            told.append(f"{self.rows_left_out:,} left out")
        return ", ".join([*told, f"cost {self.cost:,.1f}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """One node; `depth` is 0 at the top. `kind` is its type with the kind of a join that is not inner.

    `conditions` are (name, text), values masked.
    """

    kind: str
    depth: int = 0
    relation: str | None = None
    index: str | None = None
    conditions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """The node of a line that `str` of a node made."""
        match = _NODE.fullmatch(text)
        if match is None:
            return cls(kind=text)
        _, *parts = _CONDITION.split(match["conditions"] or "")
        return cls(
            kind=match["kind"],
            depth=len(match["indent"]) // 2,
            relation=match["relation"],
            index=match["index"],
            conditions=tuple(zip(parts[::2], (part.removesuffix(")") for part in parts[1::2]), strict=True)),
        )

    @property
    def access(self) -> str:
        """The node without its conditions and its place: `Index Scan on valuations using valuations_by_date`."""
        on = f" on {self.relation}" if self.relation else ""
        return self.kind + on + (f" using {self.index}" if self.index else "")

    @property
    def label(self) -> str:
        """The node without its place."""
        return self.access + "".join(f" ({name}: {text})" for name, text in self.conditions)

    @property
    def is_join(self) -> bool:
        """Whether it brings two inputs together."""
        return self.kind.startswith(("Nested Loop", "Hash Join", "Merge Join"))

    def __str__(self) -> str:
        """One line, indented by two spaces a level."""
        return "  " * self.depth + self.label


def rows(number: int) -> str:
    """A number of rows in words."""
    return f"{number:,} row{'s' if number != 1 else ''}"
