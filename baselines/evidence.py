"""What a session keeps of a series besides its samples, so that it can be said later why the series moved."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from baselines.inspection import Inspection
from baselines.measurement import Measurement, Outcome, Reason
from baselines.plan_shape import PlanShape


@dataclass(frozen=True, slots=True)
class Origin:
    """What is asked, and of whom: the target's name (None where there is none), and a digest of the question."""

    target: str | None
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`origin` is None where nobody knows it. `phases` are medians in seconds over the calls that answered, a call
    without the phase counting 0. `failures` counts the other calls by reason. `inspection` is that of a query.
    """

    origin: Origin | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    failures: Mapping[Reason, int] = field(default_factory=dict)
    inspection: Inspection | None = None

    @classmethod
    def of_measurements(
        cls,
        measurements: Iterable[Measurement],
        *,
        cold: Iterable[Measurement] = (),
        origin: Origin | None = None,
        inspection: Inspection | None = None,
    ) -> "Evidence":
        """From the measurements of one series in one session; those that say nothing of the target are left out.

        What failed of the `cold` ones counts: a probe of a locked table soon holds back, and its first calls say why.
        """
        judged = [one for one in measurements if one.says_something]
        answered = [one.phases for one in judged if one.outcome is Outcome.OK]
        names = dict.fromkeys(name for phases in answered for name in phases)
        return cls(
            origin=origin,
            phases={name: median(phases.get(name, 0.0) for phases in answered) for name in names},
            failures=Counter(one.reason for one in (*cold, *judged) if one.reason is not None and one.says_something),
            inspection=inspection,
        )

    def to_document(self) -> dict[str, Any]:
        """As plain dicts and lists; the plan of the inspection, which is kept apart, is not in it."""
        return {
            "target": self.origin and self.origin.target,
            "definition": self.origin and self.origin.definition,
            "phases": dict(self.phases),
            "failures": {reason.value: count for reason, count in self.failures.items()},
            "inspection": self.inspection and self.inspection.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], plan: PlanShape | None) -> "Evidence":
        """What `to_document` wrote, with the plan. Raises KeyError, TypeError or ValueError for anything else."""
        looked = document["inspection"]
        known = document["definition"] is not None
        return cls(
            origin=Origin(document["target"], document["definition"]) if known else None,
            phases=document["phases"],
            failures={Reason(reason): count for reason, count in document["failures"].items()},
            inspection=None if looked is None or plan is None else Inspection.from_document(looked, plan),
        )
