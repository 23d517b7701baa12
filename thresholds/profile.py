"""Tolerance profiles: how much slower than its baseline a series may be."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Profile(StrEnum):
    """The customer's two: `standard` for deployments, `enhanced` for the enhanced systems and phases 1 and 6."""

    STANDARD = "standard"
    ENHANCED = "enhanced"


class ProfileFigures(BaseModel):
    """`at_most`: the ratio that no series may exceed, whatever its multiplier; None: the multiplier alone counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_most: float | None = Field(default=None, gt=1, le=10)
