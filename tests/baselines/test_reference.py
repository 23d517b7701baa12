"""What a watched series is held against: its own calls, in groups of five."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from baselines import Measurement, Outcome, Reason
from baselines.reference import ARMED_CALLS, ARMED_GROUPS, Reference, freeze, healthy
from tests.clocks import START


def measured(value: float | None, turn: int = 0, *, delay: float = 0.0, outcome: Outcome = Outcome.OK) -> Measurement:
    """One call; anything but ok has run into its deadline."""
    at = START + timedelta(seconds=30 * turn)
    reason = None if outcome is Outcome.OK else Reason.DEADLINE
    return Measurement(
        series="q.a",
        intended_at=at,
        started_at=at,
        outcome=outcome,
        value=value,
        reason=reason,
        prober_delay_seconds=delay,
    )


def test_the_fastest_of_each_five_calls_sorted() -> None:
    """Every five in a row make a group; of seven calls one group of five shares no call with another."""
    reference = Reference.of_sessions([[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 9.0]])
    assert reference.fastest.tolist() == [4.0, 4.0, 5.0]
    assert reference.independent == 1
    assert reference.level == 4.0


def test_a_group_never_reaches_over_the_end_of_a_session() -> None:
    """Two sessions of five are two groups and not six, and the rest of a session too short for one is left out."""
    slow, fast = [5.0] * 5, [1.0] * 5
    reference = Reference.of_sessions([slow, [0.1] * 4, fast])
    assert reference.fastest.tolist() == [1.0, 5.0]
    assert reference.independent == 2


@pytest.mark.parametrize("sessions", [[], [[]], [[1.0] * 4] * 10, [[1.0, 1.0, 0.0, 1.0, 1.0]]])
def test_without_five_calls_that_took_some_time_there_is_no_reference(sessions: Sequence[Sequence[float]]) -> None:
    """No call, too short sessions and a call that took no time: said, not guessed."""
    with pytest.raises(ValueError, match="at least 5 calls in a row that took some time"):
        Reference.of_sessions(sessions)


def test_only_what_tells_of_the_target_is_healthy() -> None:
    """Time-outs, failures, skipped runs, calls of no length and those the prober disturbed are no reference."""
    well = [measured(0.02), measured(0.5)]
    ill = [
        measured(5.0, outcome=Outcome.TIMEOUT),
        measured(None, outcome=Outcome.ERROR),
        measured(None, outcome=Outcome.SKIPPED),
        measured(0.0),
        measured(0.02, delay=0.01),
    ]
    assert healthy([*ill, *well, *ill]) == well


def test_the_last_of_the_calls_are_frozen() -> None:
    """Of more than 2,500 the newest, in groups that share no call, with their first and last instant."""
    calls = [measured(1.0 + turn, turn) for turn in range(ARMED_CALLS + 7)]
    frozen = freeze(calls, release="v1", reason="why not")
    assert frozen is not None
    assert frozen.reference.fastest.tolist() == np.arange(8.0, ARMED_CALLS + 8, 5).tolist()
    assert len(frozen.reference.fastest) == frozen.reference.independent == ARMED_GROUPS
    assert frozen.taken_from == calls[7].started_at
    assert frozen.taken_until == calls[-1].started_at
    assert (frozen.release, frozen.reason, frozen.approved_by, frozen.approved_at) == ("v1", "why not", None, None)


def test_too_few_calls_freeze_nothing() -> None:
    """One call less than 2,500 is not yet long enough."""
    calls = [measured(1.0, turn) for turn in range(ARMED_CALLS - 1)]
    assert freeze(calls, release="v1", reason="") is None


def test_who_approved_is_kept() -> None:
    """With the instant."""
    calls = [measured(1.0, turn) for turn in range(ARMED_CALLS)]
    frozen = freeze(calls, release="v1", reason="", approved_by="ann", approved_at=START)
    assert frozen is not None
    assert (frozen.approved_by, frozen.approved_at) == ("ann", START)
