"""A close look at how a target carries out a probe: taken now and then, and never judged as a time."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from baselines.plan_node import NodeFigures, PlanNode
from baselines.plan_shape import PlanShape


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """What the server says of a table: its live rows, those changed since its statistics were taken, and how many of
    its columns have no statistics at all.
    """

    rows: int
    changed: int
    without_statistics: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the server says of one statement, taken from that very statement.

    `figures` are of the plan's nodes, one each, or none at all; they change daily and are no part of the plan.
    `generic`: whether the plan serves all arguments (None where that can't be told). `server_seconds`: execution on the
    server, None where it was not carried out. `hit_ratio`: share of the pages that were in memory (0 to 1). By relation
    of the plan, `analyzed_at`: when its statistics were taken last (None: never), and `tables`: its state. `settings`:
    those of the planner that are not the server's defaults, `plan_cache_mode` among them.
    """

    plan: PlanShape
    figures: tuple[NodeFigures, ...] = ()
    generic: bool | None = None
    server_seconds: float | None = None
    rows: int | None = None
    hit_ratio: float | None = None
    analyzed_at: Mapping[str, datetime | None] = field(default_factory=dict)
    tables: Mapping[str, TableState] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows_read(self) -> int | None:
        """How many rows were looked at in tables, those left out among them; None where nothing was carried out."""
        read = [
            one.rows_met + (one.rows_left_out or 0)
            for text, one in zip(self.plan.nodes, self.figures, strict=False)
            if one.rows_met is not None and PlanNode.read(text).relation is not None
        ]
        return sum(read) if read else None

    def to_document(self) -> dict[str, Any]:
        """All but the plan as plain dicts and lists."""
        return {
            "figures": [asdict(one) for one in self.figures],
            "generic": self.generic,
            "server_seconds": self.server_seconds,
            "rows": self.rows,
            "hit_ratio": self.hit_ratio,
            "analyzed_at": {relation: at and at.isoformat() for relation, at in self.analyzed_at.items()},
            "tables": {relation: asdict(state) for relation, state in self.tables.items()},
            "settings": dict(self.settings),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], plan: PlanShape) -> "Inspection":
        """What `to_document` wrote, with its plan. Raises KeyError, TypeError or ValueError for anything else."""
        analyzed_at = {relation: at and datetime.fromisoformat(at) for relation, at in document["analyzed_at"].items()}
        tables = {relation: TableState(**state) for relation, state in document["tables"].items()}
        figures = tuple(NodeFigures(**one) for one in document["figures"])
        return cls(plan=plan, **{**document, "figures": figures, "analyzed_at": analyzed_at, "tables": tables})


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """An inspection with the series it explains and when it was made, as it walks to the store."""

    series: str
    at: datetime
    inspection: Inspection
