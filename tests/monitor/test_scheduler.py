"""When probes run, on a clock that tests move."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from alerts.bell import Bell
from baselines import Measurement, Outcome, Reason
from monitor.scheduler import RETRIES, RETRY_SECONDS, Beat, keep_beat, keep_beats
from tests.alerts.house import ManualClock as HeldClock
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


# A clock that is moved by hand is moved by so much at a time: what happens is seen that late at most.
STEP = 0.1


class InexactClock(HeldClock):
    """One whose waits end so many seconds later than they should, or earlier: no timer is exact."""

    def __init__(self, late_seconds: float = 1e-5) -> None:
        super().__init__()
        self.late_seconds = late_seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until it has been moved nearly that far."""
        await super().sleep(seconds + self.late_seconds)


@dataclass
class Stage:
    """Probes on their beats, on a clock that a test moves.

    `runs`: probe, intended and actual start and end of each run that has ended, in seconds after START. `outcomes`: how
    runs of a probe end from now on; `takes`: how long they take.
    """

    clock: InexactClock = field(default_factory=InexactClock)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    takes: dict[str, float] = field(default_factory=dict)
    runs: list[tuple[str, float, float, float]] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)
    at_once: int = 0

    async def run(self, probe: str, intended_at: datetime) -> list[Measurement]:
        """One run."""
        started_at = self.clock.monotonic()
        self.running[probe] = self.running.get(probe, 0) + 1
        self.at_once = max(self.at_once, self.running[probe])
        if probe in self.takes:
            await self.clock.sleep(self.takes[probe])
        self.running[probe] -= 1
        intended = (intended_at - START).total_seconds()
        self.runs.append((probe, intended, started_at, self.clock.monotonic()))
        outcome = self.outcomes.get(probe, Outcome.OK)
        reason = {Outcome.OK: None, Outcome.SKIPPED: Reason.GAVE_WAY}.get(outcome, Reason.REFUSED)
        value = 0.01 if outcome is Outcome.OK else None
        now = self.clock.now()
        return [
            Measurement(
                series="q.a", intended_at=intended_at, started_at=now, outcome=outcome, value=value, reason=reason
            )
        ]

    async def until(self, seconds: float, step: float = STEP) -> None:
        """Let time pass until then."""
        while (left := seconds - self.clock.monotonic()) > 1e-5:  # a clock moves by microseconds
            await self.clock.move(seconds=min(step, left))
            await _settle()

    def starts(self, probe: str) -> list[float]:
        """When its runs began."""
        return [round(started_at, 3) for name, _, started_at, _ in self.runs if name == probe]


def first_start(beat: Beat) -> float:
    """Seconds after START."""
    return (beat.next_start(START) - START).total_seconds()


async def keeping(kept: Coroutine[Any, Any, None], act: Callable[[], Awaitable[None]]) -> None:
    """Keep a beat while `act` moves the clock; whatever ends it before is raised."""
    task = asyncio.create_task(kept)
    await _settle()
    await act()
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _settle() -> None:
    for _ in range(25):
        await asyncio.sleep(0)


def play(
    act: Callable[[Stage], Awaitable[None]],
    *beats: Beat,
    confirming: Mapping[str, Sequence[str]],
) -> Stage:
    """Keep these beats while `act` moves the clock."""
    stage = Stage()
    asyncio.run(keeping(keep_beats(beats, stage.run, lambda _: None, stage.clock, confirming), lambda: act(stage)))
    return stage


def nudged(at: Sequence[float], *, until: float, takes: float = 0.0) -> tuple[float, Stage]:
    """When the probe's beat of a minute begins, and what a probe does that is nudged so many seconds after it."""
    beat, stage = Beat("a", 60.0), Stage(takes={"a": takes} if takes else {})
    first, bell = first_start(beat), Bell(stage.clock)

    async def act() -> None:
        for one in at:
            await stage.until(first + one)
            bell.ring()
        await stage.until(first + until)

    asyncio.run(keeping(keep_beat(beat, stage.run, lambda _: None, stage.clock, bell), act))
    return first, stage


CLIENTS, THERE, OTHER = Beat("clients", 30.0), Beat("there", 60.0), Beat("other", 60.0)
CONFIRMING = {"clients": ["there"]}


def test_a_failing_probe_has_the_reachability_of_its_target_asked_at_once() -> None:
    """Not when its beat comes: within a step of the failure, and nobody else is asked."""

    async def act(stage: Stage) -> None:
        await stage.until(first_start(CLIENTS) + 60 - 5)
        before = len(stage.starts("there"))
        stage.outcomes["clients"] = Outcome.ERROR
        others = len(stage.starts("other"))
        await stage.until(first_start(CLIENTS) + 60 + STEP)
        assert len(stage.starts("there")) == before + 1
        assert stage.starts("there")[-1] - stage.starts("clients")[-1] == pytest.approx(0, abs=STEP)
        assert len(stage.starts("other")) == others

    play(act, CLIENTS, THERE, OTHER, confirming={**CONFIRMING, "there": ["other"]})


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.SKIPPED])
def test_nobody_is_asked_without_a_failure(outcome: Outcome) -> None:
    """A run that went well, or held back on purpose, says nothing of the target."""

    async def act(stage: Stage) -> None:
        stage.outcomes["clients"] = outcome
        await stage.until(250)

    stage = play(act, CLIENTS, THERE, confirming=CONFIRMING)
    expected = [first_start(THERE) + 60 * turn for turn in range(len(stage.starts("there")))]
    assert len(expected) >= 4
    assert stage.starts("there") == pytest.approx(expected, abs=STEP)


def test_an_outage_is_sure_within_twenty_seconds_of_the_first_failure() -> None:
    """Whichever probe meets it first: the one that says so runs at once, and again every 2 s until it has four."""

    async def act(stage: Stage) -> None:
        await stage.until(first_start(CLIENTS) + 30 - 1)
        stage.outcomes.update(clients=Outcome.ERROR, there=Outcome.ERROR)
        await stage.until(first_start(CLIENTS) + 30 + 20)

    stage = play(act, CLIENTS, THERE, confirming=CONFIRMING)
    failed_at = next(at for at in stage.starts("clients") if at > first_start(CLIENTS) + 29)
    seen = [at - failed_at for at in stage.starts("there") if at >= failed_at]
    assert seen[:4] == pytest.approx([0, 2, 4, 6], abs=4 * STEP)


def test_a_nudge_brings_one_run_forward_and_leaves_the_beat() -> None:
    """The beat goes on as if there had been none, also after one before the very first run and after several."""
    first, stage = nudged([-1.5, 17, 31, 95], until=185)
    beat = [first + 60 * turn for turn in range(4)]
    extra = [first + at for at in (-1.5, 17, 31, 95)]
    assert stage.starts("a") == pytest.approx(sorted([*beat, *extra]), abs=STEP)
    intended = [intended for _, intended, _, _ in stage.runs]
    assert intended == pytest.approx(stage.starts("a"), abs=STEP + 1e-3)  # none of them is late


def test_a_wait_that_ends_early_is_no_nudge() -> None:
    """The timers of uvloop count milliseconds, and end up to two before their time: the probe runs once a beat."""

    async def act(stage: Stage) -> None:
        stage.clock.late_seconds = -0.002
        for turn in range(5):
            await stage.until(first_start(THERE) + 60 * turn - 0.01)
            await stage.until(first_start(THERE) + 60 * turn + 0.01, step=0.0005)

    stage = play(act, CLIENTS, THERE, confirming=CONFIRMING)
    expected = [first_start(THERE) + 60 * turn for turn in range(5)]
    assert stage.starts("there") == pytest.approx(expected, abs=STEP)


def test_a_nudge_right_after_a_run_is_left_out() -> None:
    """Within 2 s of its end the answer is known already; a little later it is asked again."""
    first, stage = nudged([1.8], until=59)
    assert len(stage.runs) == 1
    first, stage = nudged([2.2], until=59)
    assert stage.starts("a") == pytest.approx([first, first + 2.2], abs=STEP)
    first, stage = nudged([11.8], until=59, takes=10)  # ended 1.8 s ago
    assert len(stage.runs) == 1
    first, stage = nudged([5.0, 5.5, 6.0, 6.9], until=59)  # the second to fourth come after a nudged run
    assert stage.starts("a") == pytest.approx([first, first + 5.0], abs=STEP)


def test_nudged_runs_never_overlap() -> None:
    """One that comes while the probe runs finds its answer in that run, and is not run after it."""
    first, stage = nudged([1, 5, 9], until=59, takes=10)
    assert (stage.at_once, len(stage.runs)) == (1, 1)
    first, stage = nudged([20, 21, 25], until=185, takes=10)
    assert stage.at_once == 1
    assert stage.starts("a") == pytest.approx([first + at for at in (0, 20, 60, 120)], abs=STEP)


def test_a_nudged_run_that_outlasts_the_next_start_delays_it_and_no_more() -> None:
    """That start is late and keeps its intended time; the one after it is on the beat again."""
    first, stage = nudged([55], until=135, takes=10)
    assert stage.starts("a")[:3] == pytest.approx([first, first + 55, first + 65], abs=2 * STEP)
    _, intended, _, _ = stage.runs[2]
    assert intended == pytest.approx(first + 60, abs=STEP)
    assert stage.starts("a")[3] == pytest.approx(first + 120, abs=STEP)


def test_two_that_confirm_each_other_do_not_drive_each_other_on() -> None:
    """Two probes of one place that is away ask each other; their retries end all the same, until the next beat."""

    async def act(stage: Stage) -> None:
        await stage.until(max(first_start(THERE), first_start(OTHER)) + 1)
        stage.outcomes.update(there=Outcome.ERROR, other=Outcome.ERROR)
        await stage.until(600)

    stage = play(act, THERE, OTHER, confirming={"there": ["other"], "other": ["there"]})
    minutes = 600 / 60
    # Of each beat of either of them: the run and its retries, of both.
    most = 2 * (1 + RETRIES) * minutes
    assert len(stage.starts("there")) <= most + 2
    assert len(stage.starts("other")) <= most + 2
    assert stage.at_once == 1
