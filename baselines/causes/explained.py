"""All causes of each series in their order: what has the best evidence, and is no consequence of another, first."""

from collections.abc import Callable
from dataclasses import replace

from baselines.baseline import Baseline
from baselines.causes.query import (
    index_lost,
    plan_changed,
    question_changed,
    rows_grown,
    setting_changed,
    statistics_stale,
)
from baselines.causes.request import phase_moved
from baselines.causes.sides import Side, Sides
from baselines.causes.surroundings import everything_slower, host_busier, is_of_the_host
from baselines.causes.waiting import connection_refused, fails_more, lock_timed_out, pool_full, sessions_waited
from baselines.explanation import Explanation, ExplanationKind
from baselines.verdict import Comparison, SeriesComparison, Verdict

Cause = Callable[[Sides], Explanation | None]

# First what the series itself met; then what changes a plan before the plan; then what was seen around it. A phase that
# moved tells where the time goes rather than why, and what all have in common comes last.
_OWN: tuple[Cause, ...] = (
    question_changed,
    lock_timed_out,
    connection_refused,
    index_lost,
    setting_changed,
    statistics_stale,
    rows_grown,
    plan_changed,
    sessions_waited,
    pool_full,
    fails_more,
)
_SHARED: tuple[Cause, ...] = (host_busier, everything_slower)
_ORDER = (*_OWN, host_busier, phase_moved, everything_slower)
# What no deployment can change moved likewise: then it is the host before anything else.
_HOST_FIRST = (*_SHARED, *_OWN, phase_moved)

_UNKNOWN = Explanation(ExplanationKind.UNKNOWN, "no cause was found in what both captures kept")


def explained(comparison: Comparison, before: Baseline, after: Baseline) -> Comparison:
    """The comparison with the causes of each series that is degraded, suspected or undecided, the best first.

    Degraded and suspected series without a cause have one that is unknown.
    """
    return replace(
        comparison,
        series=[
            replace(one, explanations=_causes(_sides(comparison, one, before, after))) for one in comparison.series
        ],
    )


def _sides(comparison: Comparison, one: SeriesComparison, before: Baseline, after: Baseline) -> Sides:
    return Sides(comparison, one, Side(before, one.series.name), Side(after, one.series.name))


def _causes(sides: Sides) -> list[Explanation]:
    one = sides.one
    if one.verdict not in (Verdict.DEGRADED, Verdict.INCONCLUSIVE):
        return []
    found: dict[ExplanationKind, Explanation] = {}
    for cause in _HOST_FIRST if is_of_the_host(sides) else _ORDER:
        if (explanation := cause(sides)) is not None:
            found.setdefault(explanation.kind, explanation)
    if not found and (one.verdict is Verdict.DEGRADED or one.suspected):
        return [_UNKNOWN]
    return list(found.values())
