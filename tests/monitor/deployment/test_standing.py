"""How a deployment stands in one word."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind
from monitor.deployment.standing import delays, issues, standing_of
from tests.deployments.small import Told, begun, completed, deployment_of, judged
from thresholds.deployment.standing import Standing

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIRST, SECOND = "pre_migration", "phase_1"
MINUTES = timedelta(minutes=1)


def operation(status: str, phase: str = FIRST) -> Told:
    """A line of the portal's log."""
    return EventKind.OPERATION, phase, {"name": "copy", "status": status}


def decided() -> Told:
    """Somebody decided to roll back."""
    return EventKind.ROLLBACK_DECIDED, "", {"reason": "unusable", "tier": 1, "within_minutes": 15}


def watched(verdict: str) -> Told:
    """An hour of the watch."""
    return EventKind.WATCHED, "", {"verdict": verdict}


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        ((), Standing.ON_TRACK),
        ((begun(FIRST),), Standing.ON_TRACK),
        ((begun(FIRST), completed(FIRST), judged(FIRST, "inconclusive", "too few")), Standing.ON_TRACK),
        ((begun(FIRST), completed(FIRST), judged(FIRST, "closed", "slow")), Standing.ISSUES),
        ((begun(FIRST), (EventKind.PHASE_FAILED, FIRST, {})), Standing.ISSUES),
        ((begun(FIRST), operation("failed")), Standing.ISSUES),
        ((begun(FIRST), operation("failed"), operation("completed")), Standing.ON_TRACK),
        ((begun(FIRST), operation("failed"), (EventKind.PHASE_ROLLED_BACK, FIRST, {})), Standing.ON_TRACK),
        ((begun(FIRST), decided()), Standing.ISSUES),
        (((EventKind.WENT_LIVE, "", {}), watched("degraded")), Standing.ISSUES),
        (((EventKind.WENT_LIVE, "", {}), watched("degraded"), watched("within")), Standing.ON_TRACK),
    ],
)
def test_issues_are_what_speaks_against_it(told: tuple[Told, ...], standing: Standing) -> None:
    """A closed gate that is due, a failed phase or operation that was not made good, a rollback, a degraded last hour;
    what is merely undecided is none.
    """
    deployment = deployment_of(NOW, *told, every=10 * MINUTES)
    assert standing_of(deployment, NOW) is standing
    assert bool(issues(deployment, NOW)) is (standing is Standing.ISSUES)


def took(first: float, second: float | None = None) -> Deployment:
    """One whose first phase (2 h at the longest) took so many minutes, and its second (45 min), where given."""
    told: list[Any] = [begun(FIRST), completed(FIRST)]
    told += [] if second is None else [begun(SECOND), completed(SECOND)]
    deployment = deployment_of(NOW, *told)
    phases = dict(deployment.phases)
    for name, minutes in ((FIRST, first), (SECOND, second)):
        if minutes is not None:
            ended_at = phases[name].ended_at
            assert ended_at is not None
            object.__setattr__(phases[name], "started_at", ended_at - minutes * MINUTES)
    return deployment


@pytest.mark.parametrize(
    ("deployment", "standing"),
    [
        (took(119), Standing.ON_TRACK),
        (took(121), Standing.DELAYED),
        (took(125, 40), Standing.ON_TRACK),
        (took(125, 41), Standing.DELAYED),
        (took(60, 60), Standing.ON_TRACK),
    ],
)
def test_what_took_too_long_is_a_delay_until_it_is_made_up(deployment: Deployment, standing: Standing) -> None:
    """Completed phases are held in sum against the longest expected of them."""
    assert standing_of(deployment, NOW) is standing


def test_a_running_phase_is_a_delay_from_its_longest_on() -> None:
    """Whatever was spared before it; and the sentence says by how much."""
    deployment = deployment_of(NOW, begun(FIRST))
    assert standing_of(deployment, NOW + 120 * MINUTES) is Standing.ON_TRACK
    assert standing_of(deployment, NOW + 150 * MINUTES) is Standing.DELAYED
    assert delays(deployment, NOW + 150 * MINUTES) == ["pre_migration is overdue by 30 min"]


def test_the_end_of_the_window_is_a_delay_for_what_is_not_live() -> None:
    """Who went live in time is not late afterwards; who did not stays so."""
    later = NOW + timedelta(days=8)
    assert standing_of(deployment_of(NOW), later) is Standing.DELAYED
    assert standing_of(deployment_of(NOW, (EventKind.WENT_LIVE, "", {})), later) is Standing.ON_TRACK
    late = deployment_of(NOW, (EventKind.WENT_LIVE, "", {}), every=timedelta(days=8))
    assert standing_of(late, NOW) is Standing.DELAYED
