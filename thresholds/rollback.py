"""The customer's rollback decision matrix: what is rolled back when, how fast, and who decides."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.quantity import Duration, Share
from thresholds.shipped import parse_figures, read_figures


class RollbackRow(BaseModel):
    """One row of the matrix: what to roll back, within which time, and who decides."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    rollback_tier: int = Field(ge=1, le=3)
    measure: str
    within_seconds: Duration = Field(alias="within")
    decided_by: str


class RollbackRowOver(RollbackRow):
    """A row that holds over a share (0.4 for 40 %)."""

    over: Share


class RollbackMatrix(BaseModel):
    """The rows with their bands; shares as ratios (0.4 for 40 %)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: Share
    core_categories: tuple[str, ...] = Field(min_length=1)
    broken_over: Share
    inaccessible: RollbackRow
    core_broken: RollbackRowOver
    degraded: RollbackRowOver
    hold_from: Share
    most_further_sessions: int = Field(ge=1)
    interleaved_pairs: int = Field(ge=1)

    @model_validator(mode="after")
    def _bands_follow_each_other(self) -> Self:
        if self.confidence <= 0.5:
            raise ValueError("confidence: must be above 50 %, or a band and its opposite would both hold")
        for name, row in (("core_broken", self.core_broken), ("degraded", self.degraded)):
            if self.hold_from >= row.over:
                raise ValueError(f"hold_from: must be below {name}.over, there would be nothing to hold at")
        return self


def load_rollback() -> RollbackMatrix:
    """The customer's rollback decision matrix as shipped."""
    return parse_figures(RollbackMatrix, read_figures("rollback.yml"), "rollback.yml")
