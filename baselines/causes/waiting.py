"""Causes in what calls wait for, or fail of: locks, connections, errors."""

from collections.abc import Sequence
from statistics import median

from baselines.causes.sides import Side, Sides
from baselines.explanation import Explanation, ExplanationKind
from baselines.measurement import Reason
from baselines.verdict import Question, Summary, Verdict

# Of the looks at the database, the share that has to see more waiting than before.
_SEEN_MORE_OFTEN = 0.2
# A pool counts as exhausted from this share on, where it was clearly less before.
_FULL = 0.95
_FULLER = 0.1
_POOLS = {"connection_pool_usage": "the connection pool", "database_connections": "the database's connections"}
_REASONS_TOLD = 3


def lock_timed_out(sides: Sides) -> Explanation | None:
    """Calls of this very series were not granted a lock."""
    return _more_often(
        sides, Reason.LOCK_TIMEOUT, ExplanationKind.LOCK_WAIT, "waited for a lock until their time was over"
    )


def connection_refused(sides: Sides) -> Explanation | None:
    """Calls of this very series found no free connection."""
    return _more_often(
        sides, Reason.TOO_MANY_CONNECTIONS, ExplanationKind.POOL_EXHAUSTED, "found no free connection at the server"
    )


def sessions_waited(sides: Sides) -> Explanation | None:
    """Sessions of the database waited for locks while the series was measured, more often than before."""
    before, after = (side.levels("waiting_connections") for side in (sides.before, sides.after))
    if not after or _share_above_zero(after) - _share_above_zero(before) < _SEEN_MORE_OFTEN:
        return None
    seen = sum(each > 0 for each in after)
    longest = max(sides.after.levels("lock_wait_time"), default=0.0)
    waited = f", the longest {longest:.3g} s" if longest else ""
    return Explanation(
        ExplanationKind.LOCK_WAIT,
        f"up to {max(after):.0f} sessions of the database waited for locks{waited}, in {seen} of {len(after)} looks",
        {
            "waiting_before": max(before, default=0.0),
            "waiting_after": max(after),
            "looks": float(len(after)),
            "looks_with_waiting": float(seen),
            "longest_wait_seconds": longest,
        },
    )


def pool_full(sides: Sides) -> Explanation | None:
    """A pool of connections was used up, and was not before."""
    for metric, name in _POOLS.items():
        before, after = sides.before.levels(metric), sides.after.levels(metric)
        if after and median(after) >= _FULL and median(after) - median(before or [0.0]) >= _FULLER:
            was = f" ({median(before):.0%} before)" if before else ""
            return Explanation(
                ExplanationKind.POOL_EXHAUSTED,
                f"{name} {'is' if metric == 'connection_pool_usage' else 'are'} used up: {median(after):.0%}{was}",
                {"used_after": median(after), **({"used_before": median(before)} if before else {})},
            )
    return None


def fails_more(sides: Sides) -> Explanation | None:
    """Calls fail, or time out, so much more often that the availability is judged worse."""
    answer = sides.one.answer(Question.AVAILABILITY)
    if answer is None or not (answer.verdict is Verdict.DEGRADED or answer.suspected):
        return None
    before, after = sides.one.before, sides.one.after
    if before is None or after is None:
        return None
    reasons = (sides.after.failures - sides.before.failures).most_common(_REASONS_TOLD)
    told = f": {', '.join(f'{reason} {count}' for reason, count in reasons)}" if reasons else ""
    return Explanation(
        ExplanationKind.ERROR_RATE,
        f"{after.unanswered} of {after.n} calls fail, {before.unanswered} of {before.n} did before{told}",
        {
            "failing_before": _failing(before),
            "failing_after": _failing(after),
            **{f"calls_{reason}": float(count) for reason, count in reasons},
        },
    )


def _more_often(sides: Sides, reason: Reason, kind: ExplanationKind, what: str) -> Explanation | None:
    before, after = _count(sides.before, reason), _count(sides.after, reason)
    if after <= before:
        return None
    figures = {"calls_before": float(before), "calls_after": float(after)}
    return Explanation(kind, f"{after} calls {what} ({reason}), {before or 'none'} did before", figures)


def _count(side: Side, reason: Reason) -> int:
    return side.failures[reason]


def _share_above_zero(values: Sequence[float]) -> float:
    return sum(each > 0 for each in values) / len(values) if values else 0.0


def _failing(summary: Summary) -> float:
    return summary.unanswered / summary.n if summary.n else 0.0
