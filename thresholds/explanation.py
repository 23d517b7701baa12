"""Which rules are held against a series, where their figures stand, and who would be told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from baselines.series import Series
from thresholds.evaluation import broken, rule_of, side
from thresholds.finding import Level, Rule
from thresholds.grade import GradeBands, Grades
from thresholds.limit import SeriesLimits
from thresholds.matrix import ThresholdMatrix
from thresholds.profile import Profile
from thresholds.routing import Routing, Tier
from thresholds.source import Source

_WEB_VITALS = "web_vitals"
_BANDS = {Level.OK: "good", Level.WARNING: "needs improvement", Level.CRITICAL: "poor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRule:
    """One rule with one level: `when` it is broken, and the tier that is told then.

    `source` is None for a rule without a figure, which nobody can change. An absolute rule has a `limit`, in base
    units. The baseline rule has one line for each profile, with the ratio to the baseline that is tolerated under it,
    and one for the watching without end, with the ratio to the reference of the series (`watched`).
    """

    rule: Rule
    level: Level
    when: str
    source: Source | None
    route: str
    tier: Tier
    limit: float | None = None
    profile: Profile | None = None
    tolerance: float | None = None
    watched: bool = False


def rules_of(series: Series, matrix: ThresholdMatrix, routing: Routing) -> list[AppliedRule]:
    """Every rule that is held against a series: limits, baseline and reference where it has one, whether it answers.

    Raises FigureError where a limit does not fit the series.
    """
    return [
        *_absolute(series, matrix.limits_of(series), routing),
        *_baseline(series, matrix, routing),
        _rule(series, routing, Rule.AVAILABILITY, Level.CRITICAL, "its probe fails or times out", None),
    ]


def standing_of(series: Series, limits: SeriesLimits, grades: Grades, value: float) -> str | None:
    """The customer's word for a value: the band of a web vital, the grade of a benchmark query; None for all others."""
    if series.category == _WEB_VITALS:
        level, limit = broken(limits, value)
        return None if limit is None else _BANDS[level]
    bands = bands_of(series, grades)
    return None if bands is None else bands.grade(value)


def bands_of(series: Series, grades: Grades) -> GradeBands | None:
    """The grades of a benchmark query; None for all other series."""
    return grades.queries.get(series.metric) if series.is_duration else None


def _absolute(series: Series, limits: SeriesLimits, routing: Routing) -> Iterator[AppliedRule]:
    for level, limit in ((Level.WARNING, limits.warning), (Level.CRITICAL, limits.critical)):
        if limit is not None:
            one = _rule(series, routing, rule_of(limits), level, f"{side(limit)} {limit.figure}", limits.sources[level])
            yield replace(one, limit=limit.value)


def _baseline(series: Series, matrix: ThresholdMatrix, routing: Routing) -> Iterator[AppliedRule]:
    if not series.is_duration:
        return
    for profile in Profile:
        tolerance, source = matrix.tolerance_of(series, profile)
        when = f"surely above {tolerance:.4g} × its baseline"
        one = _rule(series, routing, Rule.BASELINE, Level.WARNING, when, source)
        yield replace(one, profile=profile, tolerance=tolerance)
    if series.is_watchable:
        tolerance, source = matrix.tolerance_of(series, Profile.STANDARD)
        when = f"surely above {tolerance:.4g} × its reference"
        yield replace(
            _rule(series, routing, Rule.BASELINE, Level.WARNING, when, source), tolerance=tolerance, watched=True
        )


def _rule(series: Series, routing: Routing, rule: Rule, level: Level, when: str, source: Source | None) -> AppliedRule:
    route = routing.route_of(series, rule)
    tier = routing.tier_of(route, level)
    return AppliedRule(rule=rule, level=level, when=when, source=source, route=route, tier=tier)
