"""The share of a database's time that our statements may take."""

import pytest

from baselines.measurement import Reason
from probes.database.budget import WINDOW_SECONDS, Budget
from probes.errors import ProbeFailed
from tests.clocks import ManualClock


def busy(budget: Budget, clock: ManualClock, seconds: float, idle: float = 0.0) -> None:
    """A statement of that many seconds, then a pause."""
    clock.advance(seconds)
    budget.spend(seconds)
    clock.advance(idle)


def test_statements_within_the_share_run_for_ever() -> None:
    """One second in five, all day long, is within a quarter, and is seen as the fifth it is."""
    clock = ManualClock()
    budget = Budget(0.25, clock)
    for _ in range(5000):
        budget.require()
        busy(budget, clock, 1, idle=4)
    assert budget.taken == pytest.approx(0.2, abs=0.01)


def test_beyond_the_share_runs_are_skipped_until_it_is_earned_again() -> None:
    """However much is asked for, no more than the share of the time is spent, and it goes on after a rest."""
    clock = ManualClock()
    budget = Budget(0.25, clock)
    spent = 0.0
    for _ in range(20_000):
        if budget.taken > 0.25:
            with pytest.raises(ProbeFailed) as failed:
                budget.require()
            assert failed.value.reason is Reason.BUDGET
            clock.advance(1)
        else:
            budget.require()
            busy(budget, clock, 1)
            spent += 1
    assert spent / 20_000 == pytest.approx(0.25, abs=0.01)
    clock.advance(WINDOW_SECONDS)
    budget.require()


def test_a_share_of_one_never_skips() -> None:
    """A statement that always runs takes all of the time, and never more than all."""
    clock = ManualClock()
    budget = Budget(1.0, clock)
    for _ in range(10_000):
        busy(budget, clock, 1)
    assert budget.taken == pytest.approx(1)
    assert budget.taken <= 1
