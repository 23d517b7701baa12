"""What the web vitals of real visits mean: their bands, and a finding where a route is in the poor one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from baselines.vital import Visited, Vital, VitalBins
from thresholds.finding import Finding, Level, Rule
from thresholds.matrix import ThresholdMatrix
from thresholds.quantity import Duration, Share, written
from thresholds.routing import Routing
from thresholds.shipped import parse_figures, read_figures

CATEGORY = "real_users"


class Band(StrEnum):
    """How a value stands."""

    GOOD = "good"
    NEEDS_IMPROVEMENT = "needs improvement"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Bands:
    """Good up to the first figure, needs improvement up to the second, poor above it; in the unit of the vital."""

    good: float
    needs_improvement: float

    @classmethod
    def of(cls, matrix: ThresholdMatrix, vital: Vital) -> "Bands | None":
        """From the line of the matrix; None where the user took a limit away."""
        limits = matrix.limits_of(vital.series)
        if limits.warning is None or limits.critical is None:
            return None
        return cls(limits.warning.value, limits.critical.value)

    def band_of(self, value: float) -> Band:
        """The band of a value; a limit itself still belongs to the better one."""
        if value <= self.good:
            return Band.GOOD
        return Band.NEEDS_IMPROVEMENT if value <= self.needs_improvement else Band.POOR


class VitalFigures(BaseModel):
    """Times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    quantile: Share
    samples_at_least: int = Field(ge=1)
    window_seconds: Duration = Field(alias="window")
    shown_seconds: Duration = Field(alias="shown")
    before_seconds: Duration = Field(alias="before")

    def p75(self, bins: VitalBins) -> float | None:
        """The judged figure; None where there are too few samples to judge."""
        return bins.quantile(self.quantile) if bins.samples >= self.samples_at_least else None


def series_name(vital: Vital, visited: Visited) -> str:
    """What findings call it: `real_users.largest_contentful_paint.mobile./clients/:id`."""
    return f"{CATEGORY}.{vital}.{visited.device}.{visited.route}"


def vital_finding(
    vital: Vital, visited: Visited, p75: float | None, samples: int, bands: Bands, routing: Routing, now: datetime
) -> Finding:
    """A warning where the p75 of a route is poor, else ok; also where there are too few samples to say (None)."""
    poor = p75 is not None and bands.band_of(p75) is Band.POOR
    name = str(vital).replace("_", " ")
    where = f"{visited.route} on {visited.device}"
    if p75 is None:
        summary = f"{name} of {where}: {samples} samples, too few to judge"
    else:
        told, limit = (written(one, vital.unit) for one in (p75, bands.needs_improvement))
        summary = f"{name} of {where} is {told} at p75 of {samples} visits ({'poor' if poor else 'not poor'}: {limit})"
    return Finding(
        series=series_name(vital, visited),
        route=routing.route_of(vital.series, Rule.ABSOLUTE),
        rule=Rule.ABSOLUTE,
        level=Level.WARNING if poor else Level.OK,
        unit=vital.unit,
        summary=summary,
        since=now,
        value=p75,
        limit=bands.needs_improvement,
    )


def load_vital_figures() -> VitalFigures:
    """The figures as shipped."""
    return parse_figures(VitalFigures, read_figures("vitals.yml"), "vitals.yml")
