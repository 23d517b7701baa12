"""A close look at how a target carries out a probe: taken now and then, and never judged as a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from baselines.plan_shape import PlanShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the server says of one statement, taken from that very statement.

    `generic`: whether the plan serves all arguments (None where that can't be told). `server_seconds`: execution on the
    server, None where it was not carried out. `hit_ratio`: share of the pages that were in memory (0 to 1).
    `analyzed_at`: by relation of the plan, when its statistics were taken last (None: never). `settings`: those of the
    planner that are not the server's defaults, `plan_cache_mode` among them.
    """

    plan: PlanShape
    generic: bool | None = None
    server_seconds: float | None = None
    rows: int | None = None
    hit_ratio: float | None = None
    analyzed_at: Mapping[str, datetime | None] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """An inspection with the series it explains and when it was made, as it walks to the store."""

    series: str
    at: datetime
    inspection: Inspection
