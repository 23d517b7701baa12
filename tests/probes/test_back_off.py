"""When a probe holds back, and for how long."""

import pytest

from baselines.measurement import Reason
from probes.back_off import PATIENCE, BackOff

INTERVAL = 30.0


def run_beats(back_off: BackOff, reason: Reason | None, beats: int) -> list[int]:
    """The beats on which a probe really ran whose runs all end like that; it is tried again quickly as well."""
    ran = []
    for beat in range(beats):
        for retry in range(PATIENCE):
            now = beat * INTERVAL + 2.0 * retry
            if back_off.why(now):
                break
            if retry == 0:
                ran.append(beat)
            back_off.note(reason, now)
            if reason is None:
                break
    return ran


@pytest.mark.parametrize("reason", [Reason.LOCK_TIMEOUT, Reason.TOO_MANY_CONNECTIONS])
def test_runs_against_a_crowded_target_become_rarer(reason: Reason) -> None:
    """After the quick retries every second beat, then every fourth, then every eighth and no rarer."""
    assert run_beats(BackOff(INTERVAL), reason, 32) == [0, 2, 6, 14, 22, 30]


def test_whoever_stood_in_the_way_holds_back_at_once() -> None:
    """Not tried again within seconds: one such run is enough."""
    back_off = BackOff(INTERVAL)
    back_off.note(Reason.GAVE_WAY, 0.0)
    assert back_off.why(2.0) is not None
    assert back_off.why(INTERVAL) is not None
    assert back_off.why(2 * INTERVAL) is None


@pytest.mark.parametrize("reason", [None, Reason.REFUSED, Reason.STATUS, Reason.STATEMENT_TIMEOUT])
def test_what_is_not_crowded_is_asked_on_every_beat(reason: Reason | None) -> None:
    """Holding back must not delay the news of an outage."""
    assert run_beats(BackOff(INTERVAL), reason, 5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("reason", [None, Reason.REFUSED])
def test_another_end_ends_it(reason: Reason | None) -> None:
    """The first run that is not locked out puts the probe back on its beat."""
    back_off = BackOff(INTERVAL)
    run_beats(back_off, Reason.LOCK_TIMEOUT, 3)
    back_off.note(reason, 6 * INTERVAL)
    assert back_off.why(6 * INTERVAL + 2.0) is None
    back_off.note(Reason.LOCK_TIMEOUT, 7 * INTERVAL)
    assert back_off.why(7 * INTERVAL + 2.0) is None


def test_it_says_why_and_until_when() -> None:
    """A sentence for whoever wonders why nothing is measured."""
    back_off = BackOff(INTERVAL)
    back_off.note(Reason.GAVE_WAY, 0.0)
    assert back_off.why(5.0) == "holding back after gave way; to be tried again in about 40 s"


def test_a_run_without_budget_changes_nothing() -> None:
    """It was our own decision and says nothing of the target, for or against."""
    back_off = BackOff(INTERVAL)
    back_off.note(Reason.GAVE_WAY, 0.0)
    back_off.note(Reason.BUDGET, 1.0)
    assert back_off.why(2.0) is not None
