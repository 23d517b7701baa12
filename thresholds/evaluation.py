"""One measurement held against its limits: the live half of the judgement."""

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Direction, Series
from thresholds.finding import Finding, Level, Rule
from thresholds.limit import Limit, SeriesLimits
from thresholds.quantity import written
from thresholds.routing import Routing


def evaluate(series: Series, limits: SeriesLimits, measurement: Measurement, routing: Routing) -> list[Finding]:
    """What one measurement says, at most one finding a rule; those at level ok too, so that good ones can be counted.

    - of a skipped run nothing, neither good nor bad.
    - availability: critical where the probe failed or timed out, else ok. Nothing where somebody cancelled it.
    - absolute (floor for a series of which less is worse): the worse of the broken limits, else ok. A time-out counts
      as at least that long: it can break a limit and never keep one. Nothing where the prober disturbed the value,
      where there is none, or where the series has no limit.
    """
    if measurement.outcome is Outcome.SKIPPED:
        return []
    judged = [_availability(series, measurement, routing), _absolute(series, limits, measurement, routing)]
    return [one for one in judged if one is not None]


def broken(limits: SeriesLimits, value: float) -> tuple[Level, Limit | None]:
    """The worst level at which the value breaks a limit, with that limit; ok with the first limit it keeps.

    The limit is None where the series has none.
    """
    if limits.critical is not None and limits.critical.is_broken_by(value):
        return Level.CRITICAL, limits.critical
    if limits.warning is not None and limits.warning.is_broken_by(value):
        return Level.WARNING, limits.warning
    return Level.OK, limits.warning or limits.critical


def rule_of(limits: SeriesLimits) -> Rule:
    """The rule an absolute limit of this series goes by."""
    return Rule.FLOOR if limits.direction is Direction.FLOOR else Rule.ABSOLUTE


def side(limit: Limit) -> str:
    """On which side of a limit a value lies that breaks it."""
    return "above" if limit.direction is Direction.CEILING else "below"


def _availability(series: Series, measurement: Measurement, routing: Routing) -> Finding | None:
    if measurement.reason is Reason.CANCELLED:
        return None
    if measurement.outcome is Outcome.OK:
        level, summary = Level.OK, f"{series.name} answered"
    else:
        level, summary = Level.CRITICAL, f"{series.name} {_failure(measurement)}"
    return Finding(
        series=series.name,
        route=routing.route_of(series, Rule.AVAILABILITY),
        rule=Rule.AVAILABILITY,
        level=level,
        unit=series.unit,
        summary=summary,
        since=measurement.started_at,
    )


def _failure(measurement: Measurement) -> str:
    reason = str(measurement.reason).replace("_", " ")
    if measurement.outcome is Outcome.TIMEOUT and measurement.value is not None:
        return f"did not answer within {measurement.value:.3g} s ({reason})"
    if measurement.outcome is Outcome.FAILED_ASSERTION:
        return f"answered, but not as it should ({reason})"
    return f"failed ({reason})"


def _absolute(series: Series, limits: SeriesLimits, measurement: Measurement, routing: Routing) -> Finding | None:
    value = measurement.value
    timed_out = measurement.outcome is Outcome.TIMEOUT
    if value is None or measurement.disturbed or (timed_out and not series.is_duration):
        return None
    level, limit = broken(limits, value)
    if limit is None or (timed_out and level is Level.OK):
        return None
    figure = f"{'at least ' if timed_out else ''}{written(value, limit.unit)}"
    if level is Level.OK:
        summary = f"{series.name} is {figure}, within its limit of {limit.figure}"
    else:
        summary = f"{series.name} is {figure}, {side(limit)} its {level} limit of {limit.figure}"
    return Finding(
        series=series.name,
        route=routing.route_of(series, rule_of(limits)),
        rule=rule_of(limits),
        level=level,
        unit=series.unit,
        summary=summary,
        since=measurement.started_at,
        value=value,
        limit=limit.value,
        action=None if level is Level.OK else limits.action,
    )
