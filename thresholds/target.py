"""The customer's targets: shown beside the figures, never gates."""

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from thresholds.limit import WrittenLimit
from thresholds.shipped import parse_figures, read_figures


class Target(BaseModel):
    """Where a figure was, where it should be, and what is acceptable at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline: WrittenLimit | None = None
    target: WrittenLimit | None = None
    maximum: WrittenLimit

    @model_validator(mode="after")
    def _target_is_acceptable(self) -> Self:
        if any(one is not None and one.unit is not self.maximum.unit for one in (self.baseline, self.target)):
            raise ValueError("baseline, target and maximum must be of one unit")
        if self.target is not None and self.maximum.is_broken_by(self.target.value):
            raise ValueError(f"target {self.target} is beyond the maximum of {self.maximum}")
        return self


class Targets(BaseModel):
    """Targets of all, and what the enhanced systems stay under, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: dict[str, Target]
    enhanced: dict[str, WrittenLimit]


def load_targets() -> Targets:
    """The customer's targets as shipped."""
    return parse_figures(Targets, read_figures("targets.yml"), "targets.yml")
