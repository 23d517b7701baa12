"""What is told of a deployment, from what happened in it."""

from datetime import timedelta

import pytest

from monitor.deployment.event import Event, EventKind
from monitor.deployment.sentences import sentence
from tests.deployments.migration import (
    ADVICE,
    CLOSED,
    KEPT,
    NASTY,
    SLOW,
    play_to_a_closed_gate,
    play_to_a_rollback,
    play_to_a_running_phase,
    play_to_the_end,
    play_to_the_recovery,
)
from tests.deployments.stories import NOW, story_from
from thresholds.deployment.gate import GateState
from thresholds.deployment.standing import Standing


def test_a_closed_gate_is_told_with_everything_that_speaks_against_it(store: str) -> None:
    """Day, standing, what comes next, each condition, the advice with its evidence, the override of before with what it
    was against, paces of operations, who vouched.
    """
    story = story_from(store, play_to_a_closed_gate)
    assert (story.day, story.days, story.standing) == (3, 7, Standing.ISSUES)
    assert [one.name for one in story.phases] == ["pre_migration", *(f"phase_{number}" for number in range(1, 7))]
    assert (story.running, story.next_phase) == (None, "phase_5")
    assert story.gate is not None
    assert (story.gate.name, story.gate.state) == ("after phase_4", GateState.CLOSED)
    assert list(story.gate.reasons)[:2] == [CLOSED[0], CLOSED[2]]
    assert len(story.gate.conditions) == 8
    assert story.advice is not None
    assert (story.advice.action, story.advice.over_40) == ("rollback", ADVICE["over_40"])
    assert list(story.advice.evidence) == ADVICE["evidence"]
    (overridden,) = story.overrides
    assert overridden.override is not None
    assert (overridden.name, overridden.state) == ("after phase_1", GateState.INCONCLUSIVE)
    assert (overridden.override.by, overridden.override.reason) == ("ann", NASTY)
    assert list(overridden.override.against) == ["api_endpoints.irr_analysis: the samples don't decide"]
    paces = {one.name: one.pace for phase in story.phases for one in phase.operations}
    assert list(paces.values()) == ["fast", "moderate", "slow", "fast", "slow"]
    late = next(one for one in story.phases if one.name == "phase_4")
    assert late.is_overdue
    assert late.over_seconds == pytest.approx(1800)
    assert [(one.item, one.by, one.passed) for one in story.sign_offs] == [("backup_verified", "Bert <ops>", True)]
    assert story.integrity is not None
    assert (story.integrity.gate, list(story.integrity.lines)) == ("after phase_4", list(KEPT))
    assert len(story.events) == len({one.number for one in story.events}) == 31
    assert len(story.messages) == 3


def test_a_running_phase_has_no_gate_that_is_due(store: str) -> None:
    """It is told with what is expected of it, and since when it is overdue."""
    story = story_from(store, play_to_a_running_phase)
    assert story.gate is None
    assert story.running is not None
    assert (story.running.name, story.running.is_overdue, story.running.users) == ("phase_5", True, 4)
    assert story.standing is Standing.DELAYED


def test_a_rollback_has_its_time_left(store: str) -> None:
    """By the limit of the advice it followed, negative once that is over."""
    story = story_from(store, play_to_a_rollback)
    assert story.stage == "rolling_back"
    assert story.rollback is not None
    assert story.rollback.tier == 1
    assert story.rollback.left_seconds(NOW) == pytest.approx((15 - 0.18 * 60) * 60)
    assert story.rollback.left_seconds(NOW + timedelta(minutes=10)) == pytest.approx((5 - 0.18 * 60) * 60)
    assert story.to_take_back is not None
    assert story.to_take_back.name == "phase_2"


def test_a_recovery_ends_it(store: str) -> None:
    """The rollback took from its decision to its validated end, whatever the time is now."""
    story = story_from(store, play_to_the_recovery)
    assert (story.outcome, story.standing) == ("rolled_back", Standing.ISSUES)
    assert story.rollback is not None
    assert story.rollback.recovered_at == NOW - timedelta(hours=0.6)
    assert story.rollback.left_seconds(NOW) == pytest.approx((15 - (1.18 - 0.6) * 60) * 60)


def test_the_watch_is_told_by_day_and_folds_in_the_timeline(store: str) -> None:
    """Each day has its hours by verdict and what was degraded; hours that say the same are one line of the timeline."""
    story = story_from(store, play_to_the_end)
    assert (story.stage, story.outcome) == ("finished", "succeeded")
    days = story.watch_by_day
    assert sum(count for one in days for _, count in one.hours) == len(story.watch) == 56
    assert (days[0].hours, days[0].degraded) == ([("within", 3), ("degraded", 2)], [SLOW])
    told = [one.sentence for one in story.timeline if one.kind == "watched"]
    assert len(told) == 3
    assert "So is the next one" in told[0]
    assert len(story.events) > len(story.timeline) > 30


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_has_its_sentence(kind: EventKind) -> None:
    """Whole, with one full stop, and with who did it where somebody did."""
    rich = {
        "before": "b",
        "name": "copy",
        "status": "failed",
        "error": "unique violation",
        "side": "after",
        "state": "closed",
        "conditions": [{"condition": "limits", "state": "closed", "reasons": ["a", "b", "c", "d"]}],
        "reason": "it is so",
        "reasons": ["a limit"],
        "item": "backup_verified",
        "passed": True,
        "note": "",
        "action": "hold",
        "verdict": "within",
        "outcome": "rolled_back",
    }
    told = sentence(Event(number=1, at=NOW, kind=kind, by="ann", phase="phase_2", detail=rich))
    assert told.endswith(".")
    assert ".." not in told
    assert "None" not in told
    assert told[0] in "aATW"
    assert "rolled_back" not in told
