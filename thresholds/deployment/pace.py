"""How fast an operation went, in the customer's words."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.quantity import Duration
from thresholds.shipped import parse_figures, read_figures


class Pace(StrEnum):
    """Of an operation that runs or has ended."""

    FAST = "fast"
    MODERATE = "moderate"
    SLOW = "slow"


class PaceBands(BaseModel):
    """Each word holds under its figure, in seconds; slow from the last one on."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    fast_seconds: Duration = Field(alias="fast")
    moderate_seconds: Duration = Field(alias="moderate")

    @model_validator(mode="after")
    def _bands_rise(self) -> Self:
        if self.fast_seconds >= self.moderate_seconds:
            raise ValueError("fast must be below moderate")
        return self

    def of(self, seconds: float) -> Pace:
        """The word for a duration."""
        if seconds < self.fast_seconds:
            return Pace.FAST
        return Pace.MODERATE if seconds < self.moderate_seconds else Pace.SLOW


def load_pace() -> PaceBands:
    """The customer's bands as shipped."""
    return parse_figures(PaceBands, read_figures("pace.yml"), "pace.yml")
