"""What a cause may look at: the comparison of one series, and what both captures kept besides its samples."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from baselines.baseline import Baseline
from baselines.evidence import Evidence, Origin
from baselines.inspection import Inspection
from baselines.ledger import Change
from baselines.measurement import Reason
from baselines.plan_difference import PlanDifference, plan_difference
from baselines.plan_node import NodeFigures
from baselines.plan_shape import PlanShape
from baselines.verdict import Comparison, SeriesComparison


@dataclass(frozen=True)
class Side:
    """One capture as the series sees it. What was not kept is empty, or None."""

    capture: Baseline
    series: str

    @property
    def plan(self) -> PlanShape | None:
        """The latest one; a session without a plan notwithstanding."""
        plans = (one.plans.get(self.series) for one in reversed(self.capture.sessions))
        return next((one for one in plans if one is not None), None)

    @property
    def inspection(self) -> Inspection | None:
        """The latest one."""
        return next((one.inspection for one in reversed(self._evidence) if one.inspection is not None), None)

    def figures_of(self, plan: PlanShape) -> Sequence[NodeFigures]:
        """The figures of the nodes of that plan, none where they are not known."""
        inspection = self.inspection
        return inspection.figures if inspection is not None and inspection.plan == plan else ()

    @property
    def origin(self) -> Origin | None:
        """What was asked, and of whom, in the end."""
        return next((one.origin for one in reversed(self._evidence) if one.origin is not None), None)

    @cached_property
    def failures(self) -> Counter[Reason]:
        """How many calls of all sessions failed, by reason."""
        return sum((Counter(dict(one.failures)) for one in self._evidence), Counter())

    @cached_property
    def phases(self) -> dict[str, float]:
        """The median of the sessions' medians in seconds, by phase; a session without the phase counts 0."""
        kept = [one.phases for one in self._evidence if one.phases]
        names = dict.fromkeys(name for phases in kept for name in phases)
        return {name: median(phases.get(name, 0.0) for phases in kept) for name in names}

    def levels(self, metric: str) -> list[float]:
        """What was seen of that metric in all sessions, whatever its category; of several series, all of it."""
        return [
            value
            for session in self.capture.sessions
            for name, values in session.levels.items()
            if name.partition(".")[2] == metric
            for value in values
        ]

    @property
    def _evidence(self) -> list[Evidence]:
        return [one.evidence[self.series] for one in self.capture.sessions if self.series in one.evidence]


@dataclass(frozen=True)
class Sides:
    """One series of a comparison with both of its sides."""

    comparison: Comparison
    one: SeriesComparison
    before: Side
    after: Side

    @property
    def slowdown(self) -> float | None:
        """How many times as long the calls take that gave the verdict; None where that is no ratio."""
        shown = self.one.shown
        return None if shown is None else shown.ratio

    @property
    def changes(self) -> Sequence[Change]:
        """What changed at the target of the series; at every source where the target is not known."""
        origin = self.after.origin or self.before.origin
        everything = self.comparison.changes
        return everything if origin is None else [one for one in everything if one.source == origin.target]

    @property
    def inspections(self) -> tuple[Inspection, Inspection] | None:
        """Those of both sides, None where one has none."""
        was, is_now = self.before.inspection, self.after.inspection
        return None if was is None or is_now is None else (was, is_now)

    @cached_property
    def plan_difference(self) -> PlanDifference | None:
        """What the plan does otherwise; None where it does not, or a side has none."""
        was, is_now = self.before.plan, self.after.plan
        if was is None or is_now is None:
            return None
        return plan_difference(was, is_now, self.before.figures_of(was), self.after.figures_of(is_now))

    def accounts_for(self, factor: float) -> bool:
        """Whether work that grew by this factor can have made the slow-down: half of it, or more, on the log scale."""
        slowdown = self.slowdown
        return slowdown is not None and slowdown > 1 and factor > 1 and math.log(factor) >= math.log(slowdown) / 2
