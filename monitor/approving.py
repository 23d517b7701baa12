"""Approves baselines: who vouches for one, and that it is no regression that is vouched for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from baselines import Approval, Baseline, Clock, Comparison, Forced, Question, SeriesComparison, Verdict
from monitor.comparing import Comparing
from monitor.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval that was given, and the comparison with the baseline that was active (None: there was none)."""

    approval: Approval
    comparison: Comparison | None


async def approve_baseline(
    comparing: Comparing, name: str, *, by: str, clock: Clock, lifetime: timedelta | None, force: str | None
) -> Approved:
    """Approve a baseline and make it the active one of its environment, for so long or for good.

    Raises RefusedError where it is degraded against the active one, or misses series of it, and `force` (the reason to
    approve it all the same) is None; BaselineError where there is none of that name.
    """
    candidate = await comparing.store.load(name)
    comparison = await _against_active(comparing, candidate)
    against = _regressions(comparison)
    if against and comparison is not None and force is None:
        raise RefusedError(
            f"{name!r} is not approved, it is worse than the active baseline {comparison.before!r}: "
            f"{'; '.join(against)}. Capture again when that is mended, or approve it with --force REASON"
        )
    now = clock.now()
    approval = Approval(
        by=by,
        at=now,
        expires_at=None if lifetime is None else now + lifetime,
        forced=Forced(force, against) if force is not None and against else None,
    )
    await comparing.store.approve(name, approval)
    return Approved(approval, comparison)


async def _against_active(comparing: Comparing, candidate: Baseline) -> Comparison | None:
    """None where no other baseline is active, or that one has not a series in common with the candidate."""
    active = await comparing.store.active(candidate.environment)
    if active is None or active == candidate.name:
        return None
    before = await comparing.store.load(active)
    if not before.series.keys() & candidate.series.keys():
        return None
    return await comparing.judge(before, candidate)


def _regressions(comparison: Comparison | None) -> tuple[str, ...]:
    found: Sequence[SeriesComparison] = comparison.having(Verdict.DEGRADED, Verdict.MISSING) if comparison else ()
    return tuple(map(_told, found))


def _told(one: SeriesComparison) -> str:
    name = one.series.name
    if one.verdict is Verdict.MISSING:
        return f"{name} is missing"
    typical = one.answer(Question.TYPICAL)
    if typical is None or typical.ratio is None or typical.verdict is not Verdict.DEGRADED:
        return f"{name}: {one.reason}"
    return f"{name} takes {typical.ratio:.2f} times as long (tolerance {one.tolerance:.3g})"
