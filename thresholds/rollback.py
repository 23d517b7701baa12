"""The customer's rollback decision matrix: what is rolled back when, how fast, and who decides."""

from collections.abc import Collection
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from thresholds.quantity import Duration, Share
from thresholds.shipped import FigureError, parse_figures, read_figures


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
    """The rows with their bands; shares as ratios (0.4 for 40 %). `core_categories` are in order of preference."""

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

    def core_of(self, categories: Collection[str]) -> str | None:
        """The category that is the core functionality where these are watched; None where none of them can be."""
        return next((one for one in self.core_categories if one in categories), None)

    def overridden(self, override: "RollbackOverride") -> "RollbackMatrix":
        """The same matrix with the user's figures on top. Raises FigureError where the rows then contradict."""
        given = override.model_dump(exclude_none=True)
        try:
            return RollbackMatrix.model_validate(_merged(self.model_dump(), given))
        except ValidationError as error:
            raise FigureError("; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())) from error


class RowOverride(BaseModel):
    """What differs in a row: a figure that is left out keeps what is shipped."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    measure: str | None = Field(default=None, min_length=1, description="what is rolled back")
    within_seconds: Duration | None = Field(default=None, alias="within", description="time it may take")
    decided_by: str | None = Field(default=None, min_length=1, description="who decides")


class CoreRowOverride(RowOverride):
    """The same for the row of broken core functionality."""

    over: Share | None = Field(default=None, description="from which share of broken series on")


class RollbackOverride(BaseModel):
    """What differs from the shipped rollback matrix.

    The bands of degradation stay where they are, at 25 and 40 %: probabilities are computed, reported and scripted
    against for these two.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: Share | None = Field(default=None, description="how probable a band must be to be decided")
    core_categories: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="category of the core functionality; the next one where both captures lack it",
    )
    broken_over: Share | None = Field(default=None, description="share of failed calls from which a series is broken")
    inaccessible: RowOverride | None = Field(default=None, description="every call of the core fails")
    core_broken: CoreRowOverride | None = Field(default=None, description="a large part of the core is broken")
    degraded: RowOverride | None = Field(default=None, description="a series is more than 40 % slower")


def _merged(figures: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The figures, with those given in their place, row by row."""
    return {
        name: {**value, **given[name]} if isinstance(value, dict) and name in given else given.get(name, value)
        for name, value in figures.items()
    }


def load_rollback() -> RollbackMatrix:
    """The customer's rollback decision matrix as shipped."""
    return parse_figures(RollbackMatrix, read_figures("rollback.yml"), "rollback.yml")
