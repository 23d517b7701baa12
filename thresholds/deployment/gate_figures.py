"""What gates ask besides tolerances and limits."""

from pydantic import BaseModel, ConfigDict, Field

from thresholds.quantity import Duration, Share
from thresholds.shipped import parse_figures, read_figures


class GateFigures(BaseModel):
    """Shares as ratios, durations in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    cache_hits: Share
    cache_blocks: int = Field(ge=1)
    capture_fresh_seconds: Duration = Field(alias="capture_fresh")
    integrity_timeout_seconds: Duration = Field(alias="integrity_timeout")
    status_update_late_seconds: Duration = Field(alias="status_update_late")


def load_gate_figures() -> GateFigures:
    """The figures as shipped."""
    return parse_figures(GateFigures, read_figures("gate.yml"), "gate.yml")
