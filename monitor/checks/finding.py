"""A check that fails is told: what it found made a finding, so that it goes the way of all findings."""

from datetime import datetime

from baselines import Unit
from thresholds import CheckReport, CheckStatus, Finding, Level, Rule

ROUTE = "deployment"
# More would make no sentence; the page has them all.
_NAMED = 3


def check_finding(report: CheckReport, now: datetime) -> Finding:
    """The latest kept run of a check: critical where it fails, and ok in all else, for a warning is only shown.

    It stands until a later run does not fail. `now` is when it was looked at again.
    """
    failed = report.failed()
    named = "; ".join(f"{one.component}, {one.name}: {one.detail}" for one in failed[:_NAMED])
    more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    name = str(report.kind).replace("_", " ")
    at = f"{report.at:%Y-%m-%d %H:%M} UTC"
    return Finding(
        series=report.kind.series,
        route=ROUTE,
        rule=Rule.ABSOLUTE,
        level=Level.CRITICAL if report.status is CheckStatus.FAIL else Level.OK,
        unit=Unit.COUNT,
        summary=f"the {name} of {at} failed: {named}{more}" if failed else f"the {name} of {at} did not fail",
        since=now,
        value=float(len(failed)),
        limit=0.0,
    )
