"""How often what is looked at, and who is in charge how long into a deployment's trouble."""

from itertools import pairwise
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.quantity import Duration
from thresholds.shipped import parse_figures, read_figures


class SupportLevel(BaseModel):
    """Who is in charge until so many seconds after the trouble began; the last level has no end."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    level: int = Field(ge=1)
    who: str
    until_seconds: Duration | None = Field(default=None, alias="until")


class Schedule(BaseModel):
    """Intervals in seconds: of probes by kind, of the runs after a deployment, of the status update during one."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    probes: dict[str, Duration]
    after_deployment: dict[str, Duration]
    status_update_seconds: Duration = Field(alias="status_update")
    support_levels: tuple[SupportLevel, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _levels_follow_each_other(self) -> Self:
        *earlier, last = self.support_levels
        if last.until_seconds is not None or any(one.until_seconds is None for one in earlier):
            raise ValueError("support_levels: every level but the last needs an end (until)")
        ends = [one.until_seconds for one in earlier if one.until_seconds is not None]
        if any(first >= second for first, second in pairwise(ends)):
            raise ValueError("support_levels: each level must end after the one before it")
        return self

    def support_level(self, elapsed_seconds: float) -> SupportLevel:
        """Who is in charge that long after the trouble began; at an end it is the next level."""
        return next(
            one for one in self.support_levels if one.until_seconds is None or elapsed_seconds < one.until_seconds
        )


def load_schedule() -> Schedule:
    """The customer's schedule as shipped."""
    return parse_figures(Schedule, read_figures("schedule.yml"), "schedule.yml")
