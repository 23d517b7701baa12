"""What the watching without end says of a series, as a finding of the baseline rule."""

import math
from datetime import datetime

from baselines.series import Series, Unit
from thresholds.finding import Finding, Level, Rule
from thresholds.routing import Routing


def drift_finding(
    series: Series, routing: Routing, *, degraded: bool, ratio: float | None, tolerance: float, since: datetime
) -> Finding:
    """A warning where the series has become slower than its reference allows, else ok.

    `ratio` is that of its last fifteen calls to the reference: None before there are as many, infinite where they timed
    out. `since`: from when on the evidence rose, or when it was looked at where there is none.
    """
    return Finding(
        series=series.name,
        route=routing.route_of(series, Rule.BASELINE),
        rule=Rule.BASELINE,
        level=Level.WARNING if degraded else Level.OK,
        unit=Unit.RATIO,
        summary=f"{series.name} {_sentence(degraded, ratio)} (tolerance {tolerance:.4g})",
        since=since,
        value=ratio if ratio is not None and math.isfinite(ratio) else None,
        limit=tolerance,
    )


def _sentence(degraded: bool, ratio: float | None) -> str:
    if ratio is None:
        return "is as it was when its reference was taken"
    if math.isinf(ratio):
        return "does not answer in time any more"
    if degraded:
        return f"has become {ratio:.3g} times slower than its reference"
    return f"takes {ratio:.3g} times what it took in its reference"
