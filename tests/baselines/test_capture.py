"""A capture campaign on a clock that tests move, against a target that answers as told."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from baselines import (
    CaptureConditions,
    CaptureSession,
    Inspection,
    Measurement,
    Outcome,
    PlanShape,
    Reason,
    Series,
    SeriesRegistry,
    Spacing,
    Unit,
)
from baselines.capture import CapturePlan, calls_of, capture_sessions, comparable_probes
from baselines.evidence import Origin
from tests.baselines.made import CONDITIONS
from tests.clocks import START, ManualClock

SERIES = {"a": Series("q.a"), "b": Series("q.b"), "host": Series("system.cpu", Unit.RATIO)}


class Target:
    """Every call takes 100 ms; `b` fails on every second one, and its 7th call is disturbed."""

    def __init__(self, clock: ManualClock, always_disturbed: str = "") -> None:
        self.clock = clock
        self.always_disturbed = always_disturbed
        self.series = SeriesRegistry(SERIES.values())
        self.calls: list[tuple[str, datetime, datetime]] = []

    def series_of(self, probe: str) -> Sequence[Series]:
        return [SERIES[probe]]

    async def run(self, probe: str, intended_at: datetime) -> Sequence[Measurement]:
        started_at = self.clock.now()
        self.clock.advance(0.1)
        number = sum(name == probe for name, _, _ in self.calls)
        self.calls.append((probe, intended_at, started_at))
        failed = probe == "b" and number % 2 == 1
        return [
            Measurement(
                series=SERIES[probe].name,
                intended_at=intended_at,
                started_at=started_at,
                outcome=Outcome.ERROR if failed else Outcome.OK,
                value=None if failed else 0.1 + number / 1000,
                reason=Reason.STATUS if failed else None,
                prober_delay_seconds=0.5 if probe == self.always_disturbed or (probe, number) == ("b", 6) else 0.0,
            )
        ]

    async def inspect(self, probe: str) -> Inspection | None:
        return Inspection(plan=PlanShape(("Seq Scan on a",))) if probe == "a" else None

    def origin_of(self, probe: str) -> Origin:
        return Origin("db", f"what {probe} asks")


def captured(
    plan: CapturePlan, warm_up: int = 2, always_disturbed: str = ""
) -> tuple[list[CaptureSession], Target, int]:
    """The sessions, the target with its calls, and how often progress was told."""
    clock = ManualClock()
    target = Target(clock, always_disturbed)
    steps = [0]

    def conditions() -> CaptureConditions:
        return CONDITIONS

    def advanced() -> None:
        steps[0] += 1

    sessions = asyncio.run(
        capture_sessions(
            plan,
            ["a", "b"],
            target,
            conditions=conditions,
            clock=clock,
            order=random.Random(1),
            advanced=advanced,
            warm_up=warm_up,
        )
    )
    return sessions, target, steps[0]


def test_warm_up_calls_are_kept_apart() -> None:
    """The first calls of the campaign are cold and not judged; later sessions have none."""
    sessions, _, _ = captured(CapturePlan(sessions=2, samples=3, spacing=Spacing.BURST))
    assert sessions[0].cold["q.a"].values.tolist() == pytest.approx([0.100, 0.101])
    assert sessions[0].samples["q.a"].values.tolist() == pytest.approx([0.102, 0.103, 0.104])
    assert sessions[1].cold == {}


def test_failures_are_samples_and_disturbed_calls_are_made_again() -> None:
    """A call that failed is in the session as a failure; one that the prober disturbed is replaced by another."""
    sessions, target, _ = captured(CapturePlan(sessions=1, samples=6, spacing=Spacing.BURST))
    assert sessions[0].samples["q.b"].failed.tolist() == [False, True, False, True, True, False]
    assert sum(name == "b" for name, _, _ in target.calls) == 2 + 6 + 1
    assert len(sessions[0].samples["q.a"]) == 6


def test_a_call_that_stays_disturbed_is_left_out() -> None:
    """On a host that is too busy the session gets thinner, instead of going on for ever."""
    sessions, target, _ = captured(CapturePlan(sessions=1, samples=3, spacing=Spacing.BURST), always_disturbed="b")
    assert len(sessions[0].samples["q.b"]) == 0
    assert len(sessions[0].samples["q.a"]) == 3
    assert sum(name == "b" for name, _, _ in target.calls) == 2 + 3 * 4


def test_rounds_visit_every_probe_once_in_changing_order() -> None:
    """Round robin in random order: all probes meet the same moods of the host."""
    _, target, _ = captured(CapturePlan(sessions=1, samples=6, spacing=Spacing.BURST), warm_up=0)
    rounds = [tuple(name for name, _, _ in target.calls[at : at + 2]) for at in range(0, 12, 2)]
    assert all(set(one) == {"a", "b"} for one in rounds)
    assert len(set(rounds)) == 2


def test_spread_samples_keep_their_beat_and_sessions_a_pause() -> None:
    """Rounds start 3 s apart whatever the calls take, and sessions at least a minute after one another."""
    sessions, target, _ = captured(CapturePlan(sessions=2, samples=4, spacing=Spacing.SPREAD), warm_up=0)
    intended = sorted({at for _, at, _ in target.calls})
    first = [(at - START).total_seconds() for at in intended[:4]]
    assert first == [0, 3, 6, 9]
    assert (sessions[1].started_at - sessions[0].finished_at).total_seconds() == 60
    assert CapturePlan(sessions=2, samples=4, spacing=Spacing.SPREAD).least_seconds() == 2 * 4 * 3 + 60


def test_progress_is_told_as_often_as_announced() -> None:
    """A progress bar that was told the total ends at it."""
    plan = CapturePlan(sessions=2, samples=3, spacing=Spacing.BURST)
    _, _, steps = captured(plan)
    assert steps == calls_of(plan, ["a", "b"], warm_up=2)


def test_plans_are_kept_with_each_session() -> None:
    """A series that is a query has its plan in every session."""
    sessions, _, _ = captured(CapturePlan(sessions=2, samples=1, spacing=Spacing.BURST))
    assert [session.plans for session in sessions] == [{"q.a": PlanShape(("Seq Scan on a",))}] * 2


def test_what_goes_on_beside_is_seen_every_five_rounds() -> None:
    """And after the last one; the look before the first round only begins the first span."""
    clock = ManualClock()
    target = Target(clock)
    plan = CapturePlan(sessions=1, samples=7, spacing=Spacing.BURST)
    (session,) = asyncio.run(
        capture_sessions(
            plan,
            ["a"],
            target,
            conditions=lambda: CONDITIONS,
            clock=clock,
            order=random.Random(1),
            advanced=lambda: None,
            beside=["host"],
            warm_up=0,
        )
    )
    assert [name for name, _, _ in target.calls] == ["host", *"aaaaa", "host", *"aa", "host"]
    assert session.levels["system.cpu"] == pytest.approx([0.101, 0.102])
    assert set(session.evidence) == {"q.a"}
    assert session.evidence["q.a"].origin == Origin("db", "what a asks")


def test_only_times_are_compared() -> None:
    """A probe that gives no duration has no place in a baseline."""
    assert comparable_probes(Target(ManualClock()), ["a", "host", "b"]) == ["a", "b"]


@pytest.mark.parametrize(("sessions", "samples"), [(0, 5), (5, 0)])
def test_an_empty_plan_is_refused(sessions: int, samples: int) -> None:
    """A capture needs at least one session and one sample."""
    with pytest.raises(ValueError, match="at least one"):
        CapturePlan(sessions=sessions, samples=samples, spacing=Spacing.BURST)


def test_a_clock_that_is_set_back_changes_nothing() -> None:
    """An hour back in the middle: sessions follow one another, and last and lie apart as long as they did."""
    clock = ManualClock()
    target = Target(clock)
    calls = [0]

    def advanced() -> None:
        calls[0] += 1
        if calls[0] in (5, 9):
            clock.set_back(3600)

    sessions = asyncio.run(
        capture_sessions(
            CapturePlan(sessions=3, samples=4, spacing=Spacing.SPREAD),
            ["a"],
            target,
            conditions=lambda: CONDITIONS,
            clock=clock,
            order=random.Random(1),
            advanced=advanced,
            warm_up=2,
        )
    )
    instants = [at for one in sessions for at in (one.started_at, one.finished_at)]
    assert instants == sorted(instants)
    assert [(one.finished_at - one.started_at).total_seconds() for one in sessions] == pytest.approx([9.1] * 3)
    apart = [(later.started_at - one.finished_at).total_seconds() for one, later in pairwise(sessions)]
    assert apart == pytest.approx([60, 60])
    assert sessions[0].started_at - START == timedelta(seconds=0.2)


def test_how_long_it_takes_follows_from_the_first_calls() -> None:
    """Calls that are slower than the beat of the rounds prolong them; quicker ones only count in the warm-up."""
    plan = CapturePlan(sessions=5, samples=20, spacing=Spacing.SPREAD)
    assert plan.seconds(1.0) == 10 * 1.0 + 5 * 20 * 3 + 4 * 60
    assert plan.seconds(6.0) == 10 * 6.0 + 5 * 20 * 6 + 4 * 60
    assert CapturePlan(sessions=5, samples=20, spacing=Spacing.BURST).seconds(0.5) == 110 * 0.5
