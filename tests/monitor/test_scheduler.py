"""When probes run, on a clock that tests move."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from baselines import Measurement, Outcome, Reason
from monitor.scheduler import RETRIES, RETRY_SECONDS, Beat, keep_beat
from tests.clocks import START, ManualClock


class EnoughError(Exception):
    """Ends a beat that would go on for ever."""


def starts(beat: Beat, *, runs: int, seconds: float = 0.01, failing: Sequence[int] = ()) -> list[tuple[float, float]]:
    """(intended, actual) start of each run, in seconds after START; runs numbered in `failing` fail."""
    clock = ManualClock()
    return run_on(clock, clock.advance, beat, runs=runs, seconds=seconds, failing=failing)


def run_on(
    clock: ManualClock,
    during: Callable[[float], None],
    beat: Beat,
    *,
    runs: int,
    seconds: float = 0.01,
    failing: Sequence[int] = (),
    outcome_and_reason: tuple[Outcome, Reason] = (Outcome.ERROR, Reason.REFUSED),
) -> list[tuple[float, float]]:
    """The same with what happens during each run, and how the failing ones end."""
    seen: list[tuple[float, float]] = []

    async def run(_probe: str, intended_at: datetime) -> list[Measurement]:
        if len(seen) == runs:
            raise EnoughError
        started_at = clock.now()
        number = len(seen)
        seen.append(((intended_at - START).total_seconds(), (started_at - START).total_seconds()))
        during(seconds)
        failed = number in failing
        outcome, reason = outcome_and_reason if failed else (Outcome.OK, None)
        return [
            Measurement(
                series="q.a",
                intended_at=intended_at,
                started_at=started_at,
                outcome=outcome,
                value=None if failed else 0.01,
                reason=reason,
            )
        ]

    with pytest.raises(EnoughError):
        asyncio.run(keep_beat(beat, run, lambda _: None, clock))
    return seen


def test_a_probe_keeps_its_beat() -> None:
    """Starts lie exactly an interval apart, whatever a run takes."""
    beat = Beat("a", 30.0)
    seen = starts(beat, runs=5, seconds=4.0)
    assert [round(later - earlier, 6) for (earlier, _), (later, _) in pairwise(seen)] == [30.0] * 4
    assert all(intended == pytest.approx(actual, abs=1e-5) for intended, actual in seen)


def test_the_offset_is_stable_and_spreads() -> None:
    """The same name starts at the same place of the interval after a restart; a hundred names are spread over it."""
    assert Beat("a", 30.0).offset_seconds == Beat("a", 30.0).offset_seconds
    tenths = {int(Beat(f"probe_{number}", 30.0).offset_seconds // 3) for number in range(100)}
    assert tenths == set(range(10))
    later = START + timedelta(hours=5, seconds=7)
    first, second = Beat("a", 30.0).next_start(START), Beat("a", 30.0).next_start(later)
    assert ((second - first).total_seconds() + 1e-6) % 30 == pytest.approx(0, abs=1e-4)


def test_a_late_run_keeps_its_intended_start() -> None:
    """A run that outlasts its interval makes the next one late, and the lateness can be seen."""
    seen = starts(Beat("a", 10.0), runs=2, seconds=13.0)
    assert seen[1][0] - seen[0][0] == pytest.approx(10.0)
    assert seen[1][1] - seen[1][0] == pytest.approx(3.0, abs=1e-4)


def test_a_failed_run_is_tried_again_within_seconds() -> None:
    """An outage is sure after three tries 2 s apart, and the beat goes on where it would have been."""
    seen = [intended for intended, _ in starts(Beat("a", 30.0), runs=6, failing=range(6))]
    steps = [later - earlier for earlier, later in pairwise(seen)]
    assert steps[:RETRIES] == pytest.approx([RETRY_SECONDS] * RETRIES)
    assert seen[RETRIES + 1] - seen[0] == pytest.approx(30.0)


def test_one_failure_is_confirmed_or_cleared_once() -> None:
    """A single failure is followed by one further run, then by the beat."""
    seen = [intended for intended, _ in starts(Beat("a", 30.0), runs=3, failing=[0])]
    assert seen[1] - seen[0] == pytest.approx(RETRY_SECONDS)
    assert seen[2] - seen[0] == pytest.approx(30.0)


def test_retries_never_reach_into_the_next_interval() -> None:
    """A probe that runs every second is not run more often because it fails."""
    seen = [intended for intended, _ in starts(Beat("a", 1.0), runs=5, failing=range(5))]
    assert [later - earlier for earlier, later in pairwise(seen)] == pytest.approx([1.0] * 4)


def test_starts_missed_while_the_machine_slept_are_not_made_up_for() -> None:
    """After an hour away the probe runs on its next beat, not sixty times in a row."""
    seen = starts(Beat("a", 60.0), runs=3, seconds=3600.0)
    assert seen[1][0] - seen[0][0] == pytest.approx(3600.0)


def test_a_run_that_failed_slowly_is_tried_again_at_once_and_is_not_late() -> None:
    """Its retry is meant to start when the run has ended: three time-outs of 5 s are sure within 20 s."""
    seen = starts(Beat("a", 60.0), runs=5, seconds=5.0, failing=range(5))
    assert [actual - seen[0][1] for _, actual in seen[:4]] == pytest.approx([0.0, 5.0, 10.0, 15.0], abs=1e-4)
    assert all(actual - intended == pytest.approx(0, abs=1e-4) for intended, actual in seen)


def test_a_skipped_run_is_not_tried_again() -> None:
    """It held back on purpose; the beat goes on."""
    clock = ManualClock()
    skipped = (Outcome.SKIPPED, Reason.GAVE_WAY)
    seen = run_on(clock, clock.advance, Beat("a", 30.0), runs=3, failing=range(3), outcome_and_reason=skipped)
    assert seen[2][0] - seen[0][0] == pytest.approx(60.0)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_is_set_is_no_lateness_and_no_burst(jump: float) -> None:
    """The beat goes on in monotonic time, and intended starts follow the new wall clock."""
    clock = ManualClock()
    jumps = iter([jump])

    def during(seconds: float) -> None:
        clock.advance(seconds)
        clock.set_back(-next(jumps, 0.0))

    seen = run_on(clock, during, Beat("a", 30.0), runs=4)
    assert seen[1][0] - seen[0][0] == pytest.approx(30.0 + jump)
    assert [later - earlier for (earlier, _), (later, _) in pairwise(seen[1:])] == pytest.approx([30.0] * 2)
    assert all(actual - intended == pytest.approx(0, abs=1e-4) for intended, actual in seen)
