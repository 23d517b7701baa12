"""How often what is looked at."""

from pydantic import BaseModel, ConfigDict, Field

from thresholds.quantity import Duration
from thresholds.shipped import parse_figures, read_figures


class Schedule(BaseModel):
    """Intervals in seconds: of probes by kind, of the runs after a deployment, of the status update during one."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    probes: dict[str, Duration]
    after_deployment: dict[str, Duration]
    status_update_seconds: Duration = Field(alias="status_update")


def load_schedule() -> Schedule:
    """The customer's schedule as shipped."""
    return parse_figures(Schedule, read_figures("schedule.yml"), "schedule.yml")
