"""Watching without end: soon on real change, quiet on none, the same after any restart, and never growing."""

import gzip
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray

from baselines.detector import ALTERNATIVES
from baselines.reference import ARMED_GROUPS, GROUP_CALLS, Reference
from baselines.watcher import CLOSE_AFTER, RECENT_GROUPS, Call, Drift, Standing, Watcher, Yardstick
from tests.baselines.sessions import RECORDINGS
from tests.clocks import START

SPREAD_RECORDING = RECORDINGS.parents[1] / "spread" / "ticks.jsonl.gz"
TOLERANCE = 1.25
LEVEL, SCATTER = 0.020, 0.2
# The mean of the least of five normal values is -1.163: the usual fastest of five calls.
USUAL = LEVEL * math.exp(-1.163 * SCATTER)
PROBE_SECONDS = 30.0
# So many groups of one series make a week.
WEEK_GROUPS = 20_160
STRETCH_TICKS = 100


def probe_at(turn: int) -> datetime:
    """When the probe of that number makes its five calls."""
    return START + timedelta(seconds=turn * PROBE_SECONDS)


def noisy(rng: np.random.Generator, groups: int) -> NDArray[np.float64]:
    """Calls of an unchanged series, shape (groups, 5)."""
    return LEVEL * rng.lognormal(0.0, SCATTER, (groups, GROUP_CALLS))


def yardstick(reference: Reference, floor: float = 0.0, cadence_seconds: float | None = None) -> Yardstick:
    """Five calls each half minute, unless said otherwise."""
    return Yardstick.of(
        reference,
        tolerance=TOLERANCE,
        cadence_seconds=cadence_seconds or PROBE_SECONDS / GROUP_CALLS,
        floor=floor,
    )


def armed(rng: np.random.Generator, **more: float) -> Yardstick:
    """The yardstick of a series with an unchanged past of 500 groups."""
    return yardstick(Reference.of_sessions(noisy(rng, ARMED_GROUPS).tolist()), **more)


def group(series: str, turn: int, value: float) -> list[Call]:
    """The five calls of a probe, all alike."""
    return [Call(series, probe_at(turn), value)] * GROUP_CALLS


def runs(series: str, values: Iterable[float], first: int = 0) -> list[Call]:
    """A probe for each of the values."""
    return [call for turn, value in enumerate(values, first) for call in group(series, turn, value)]


def single_calls(groups: NDArray[np.float64]) -> list[Call]:
    """The calls of `q.a`, in shape (groups, 5)."""
    return [Call("q.a", probe_at(turn), value) for turn, row in enumerate(groups.tolist()) for value in row]


def taken(watcher: Watcher, series: str, values: Sequence[float], first: int = 0) -> list[Drift]:
    """How the series stands after each of these probes."""
    drifts = []
    for turn, value in enumerate(values, first):
        watcher.take(group(series, turn, value))
        drifts.append(watcher.drift(series))
    return drifts


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers each time."""
    return np.random.default_rng(7)


@pytest.fixture
def watcher(rng: np.random.Generator) -> Watcher:
    """Over one series, `q.a`."""
    return Watcher({"q.a": armed(rng)})


@pytest.mark.parametrize(("factor", "usually", "slowest"), [(2.0, 8, 15), (1.5, 25, 120)])
def test_a_change_is_found_soon(rng: np.random.Generator, factor: float, usually: int, slowest: int) -> None:
    """Fifty noisy series that drift by some per cent of themselves: so many probes until they are degraded."""
    yardsticks = {f"q.s{i}": armed(rng) for i in range(50)}
    watcher, before = Watcher(yardsticks), 60
    found: dict[str, int] = {}
    for turn in range(before + slowest):
        at, times = probe_at(turn), factor if turn >= before else 1.0
        slow = times * (1 + 0.05 * math.sin(turn / 100))
        rows = (slow * noisy(rng, len(yardsticks))).tolist()
        watcher.take(Call(name, at, value) for name, row in zip(yardsticks, rows, strict=True) for value in row)
        if turn == before - 1:
            assert watcher.raised() == {}
        for name, drift in watcher.raised().items():
            if drift is Drift.DEGRADED:
                found.setdefault(name, turn - before + 1)
    assert set(found) == set(yardsticks)
    assert median(found.values()) <= usually


def test_a_quiet_week_of_fifty_series(rng: np.random.Generator) -> None:
    """Not one of them is raised in 4,032 groups each, at one call each half minute."""
    names = [f"q.s{i}" for i in range(50)]
    watcher = Watcher({name: armed(rng, cadence_seconds=PROBE_SECONDS) for name in names})
    raised = set[str]()
    for turn in range(WEEK_GROUPS // GROUP_CALLS):
        at = START + timedelta(seconds=turn * GROUP_CALLS * PROBE_SECONDS)
        rows = noisy(rng, len(names)).tolist()
        raised |= watcher.take(Call(name, at, value) for name, row in zip(names, rows, strict=True) for value in row)
    assert raised == set()


def test_it_is_suspected_before_it_is_degraded(watcher: Watcher) -> None:
    """A suspicion comes first, soon, and leaves time to ask again."""
    drifts = taken(watcher, "q.a", [USUAL * 1.4] * 60)
    assert [one for i, one in enumerate(drifts) if i == 0 or one != drifts[i - 1]] == list(Drift)
    assert drifts.index(Drift.SUSPECTED) < drifts.index(Drift.DEGRADED) < 60


@pytest.mark.parametrize("series", [1, 50])
def test_the_threshold_is_the_number_of_groups_in_a_week(rng: np.random.Generator, series: int) -> None:
    """Of all series together: degraded is what has as much evidence, and not what has less."""
    one = armed(rng)
    watcher, degraded = Watcher({f"q.s{i}": one for i in range(series)}), list[bool]()
    proven = []
    for turn in range(60):
        watcher.take(group("q.s0", turn, USUAL * 1.4))
        degraded.append(watcher.drift("q.s0") is Drift.DEGRADED)
        evidence = np.exp(watcher.standing("q.s0").degradation).mean()
        proven.append(bool(evidence >= series * WEEK_GROUPS))
    assert degraded == proven
    assert 3 < degraded.index(True) < 59


def test_what_is_below_the_tolerance_is_never_raised(watcher: Watcher, rng: np.random.Generator) -> None:
    """A true +10 % for two days, where a quarter is tolerated."""
    calls = 1.1 * noisy(rng, 5760)
    assert watcher.take(single_calls(calls)) == set()


def test_a_tiny_series_may_double_below_the_floor(rng: np.random.Generator) -> None:
    """From 0.2 to 0.4 ms is nothing to anybody, where the floor is a millisecond."""
    tiny = Reference.of_sessions((noisy(rng, ARMED_GROUPS) / 100).tolist())
    watcher = Watcher({"q.a": yardstick(tiny, floor=0.001), "q.b": yardstick(tiny)})
    doubled = [2 * USUAL / 100] * 60
    watcher.take(runs("q.a", doubled) + runs("q.b", doubled))
    assert watcher.raised() == {"q.b": Drift.DEGRADED}


def test_fifteen_calls_are_needed_however_few_series_there_are(rng: np.random.Generator) -> None:
    """One probe an hour has a low threshold; still, nothing is raised before there is a ratio to tell."""
    watcher = Watcher({"q.a": armed(rng, cadence_seconds=3600.0)})
    assert taken(watcher, "q.a", [USUAL * 9] * 3) == [Drift.QUIET, Drift.QUIET, Drift.DEGRADED]
    assert watcher.ratio("q.a") is not None


def test_it_closes_after_a_quarter_of_an_hour_below_the_tolerance(watcher: Watcher) -> None:
    """Counted from the first median of fifteen calls that is back, and not a probe earlier."""
    bad = taken(watcher, "q.a", [USUAL * 2] * 20)
    assert bad[-1] is Drift.DEGRADED
    good = taken(watcher, "q.a", [USUAL] * 40, first=20)
    back = 1  # The second good probe is the one that moves the median of three.
    closed = good.index(Drift.QUIET)
    assert (closed - back) * timedelta(seconds=PROBE_SECONDS) == CLOSE_AFTER
    assert set(good[closed:]) == {Drift.QUIET}
    assert watcher.since("q.a") is None


def test_what_has_closed_begins_without_evidence(watcher: Watcher) -> None:
    """Against neither null is anything left of what was."""
    turn = len(taken(watcher, "q.a", [USUAL * 2] * 20))
    while watcher.drift("q.a") is not Drift.QUIET:
        taken(watcher, "q.a", [USUAL], first=turn)
        turn += 1
    standing = watcher.standing("q.a")
    assert list(standing.suspicion) == list(standing.degradation) == [-math.inf] * len(ALTERNATIVES)


def test_a_relapse_starts_the_quarter_of_an_hour_anew(watcher: Watcher) -> None:
    """Ten minutes below, one probe and another above, ten minutes below: still degraded, and since the first time."""
    taken(watcher, "q.a", [USUAL * 2] * 20)
    since = watcher.since("q.a")
    values = [USUAL] * 20 + [USUAL * 2] * 2 + [USUAL] * 20
    assert set(taken(watcher, "q.a", values, first=20)) == {Drift.DEGRADED}
    assert watcher.since("q.a") == since


def test_after_it_was_closed_a_second_change_is_found_as_soon(watcher: Watcher) -> None:
    """Nothing of the first one is left over, neither evidence nor deafness."""
    first = taken(watcher, "q.a", [USUAL * 2] * 60).index(Drift.DEGRADED)
    taken(watcher, "q.a", [USUAL] * 60, first=60)
    assert watcher.drift("q.a") is Drift.QUIET
    assert taken(watcher, "q.a", [USUAL * 2] * 60, first=120).index(Drift.DEGRADED) == first


def test_since_is_when_the_evidence_began_to_rise(watcher: Watcher) -> None:
    """The first probe after the change, however late it was believed; nothing where nothing speaks for one."""
    taken(watcher, "q.a", [USUAL * 0.9] * 50)
    assert watcher.since("q.a") is None
    drifts = taken(watcher, "q.a", [USUAL * 1.5] * 60, first=50)
    assert drifts[1] is Drift.QUIET
    assert drifts[-1] is Drift.DEGRADED
    assert watcher.since("q.a") == probe_at(50)


def test_one_batch_or_many_is_the_same(rng: np.random.Generator) -> None:
    """Several groups of a series in one batch, mixed with those of another, as each call by itself."""
    yardsticks = {name: armed(rng) for name in ("q.a", "q.b")}
    together, apart = Watcher(yardsticks), Watcher(yardsticks)
    calls = [
        Call(name, one.at, one.value * times)
        for one in single_calls(noisy(rng, 100))
        for name, times in (("q.a", 1.0), ("q.b", 1.6))
    ]
    changed = set[str]()
    for one in calls:
        changed |= apart.take([one])
    assert together.take(calls) == changed == {"q.b"}
    assert [together.standing(name) for name in yardsticks] == [apart.standing(name) for name in yardsticks]
    assert together.raised() == {"q.b": Drift.DEGRADED}


def test_only_what_stands_otherwise_is_returned(watcher: Watcher) -> None:
    """Once for each step, not for as long as it lasts."""
    told = [watcher.take(group("q.a", turn, USUAL * 1.4)) for turn in range(60)]
    assert [one for one in told if one] == [{"q.a"}] * 2


def test_an_unknown_series_is_passed_over(watcher: Watcher) -> None:
    """It is not watched, and what comes with it is."""
    assert "q.a" in watcher
    assert "q.stranger" not in watcher
    calls = [one for turn in range(60) for name in ("q.stranger", "q.a") for one in group(name, turn, USUAL * 2)]
    assert watcher.take(calls) == {"q.a"}
    assert watcher.raised() == {"q.a": Drift.DEGRADED}


def test_without_any_series_nothing_happens() -> None:
    """A service that has no reference yet."""
    watcher = Watcher({})
    assert watcher.take(group("q.a", 0, USUAL)) == set()
    assert watcher.raised() == {}


def test_the_ratio_is_that_of_the_last_fifteen_calls(watcher: Watcher) -> None:
    """Nothing before there are as many; the median of three groups over the usual fastest of five."""
    told = []
    for turn, value in enumerate([1.0, 5.0, 2.0, 2.0]):
        watcher.take(group("q.a", turn, USUAL * value))
        told.append(watcher.ratio("q.a"))
    assert told[:2] == [None, None]
    assert told[2:] == pytest.approx([2.0] * 2, rel=0.05)


def test_time_outs_are_infinitely_slow(watcher: Watcher) -> None:
    """One call of five that answers is a group like any other; where none does, the series is degraded soon."""
    some = [Call("q.a", probe_at(0), math.inf)] * 4 + [Call("q.a", probe_at(0), USUAL)]
    watcher.take(some * 3)
    assert watcher.ratio("q.a") == pytest.approx(1.0, rel=0.1)
    assert watcher.drift("q.a") is Drift.QUIET
    assert taken(watcher, "q.a", [math.inf] * 12, first=1)[-1] is Drift.DEGRADED
    assert watcher.ratio("q.a") == math.inf


def eventful(rng: np.random.Generator) -> list[Call]:
    """Quiet, slower, timing out, and well again until it has closed, in single calls."""
    times = [1.0] * 6 + [1.5] * 30 + [math.inf] * 3 + [0.9] * 40
    return single_calls(noisy(rng, len(times)) * np.array(times)[:, np.newaxis])


def test_a_restart_at_any_call_changes_nothing(rng: np.random.Generator) -> None:
    """Written down and read again after whatever call, it goes on to the same standing, call by call."""
    yardsticks, calls = {"q.a": armed(rng)}, eventful(rng)

    def after_each(restarted_after: int | None) -> Iterator[Standing]:
        watcher = Watcher(yardsticks)
        for number, call in enumerate(calls):
            watcher.take([call])
            yield watcher.standing("q.a")
            if number == restarted_after:
                written = Standing(**asdict(watcher.standing("q.a")))
                watcher = Watcher(yardsticks)
                watcher.restore("q.a", written)

    never = list(after_each(None))
    assert {one.drift for one in never} == set(Drift)
    assert never[-1].drift is Drift.QUIET
    for number in range(0, len(calls), 3):
        assert list(after_each(number)) == never


def test_evidence_of_another_rule_is_forgotten(watcher: Watcher) -> None:
    """What was gathered on other alternatives than there are now is no reason to stand still, or to fall over."""
    watcher.restore("q.a", Standing(drift=Drift.DEGRADED, suspicion=[20.0] * 3, degradation=[20.0] * 3))
    assert watcher.drift("q.a") is Drift.QUIET
    assert not watcher.take(group("q.a", 0, USUAL))


def test_what_was_written_down_does_not_change_any_more(watcher: Watcher) -> None:
    """A standing is a copy, also of a group that is not full."""
    watcher.take(group("q.a", 0, USUAL)[:3])
    kept = watcher.standing("q.a")
    before = asdict(kept)
    watcher.take(runs("q.a", [USUAL * 2] * 30))
    assert asdict(kept) == before


def test_a_standing_never_grows(watcher: Watcher, rng: np.random.Generator) -> None:
    """After each of 10,000 calls: no more than four that wait, three groups and the evidence by alternative."""
    coming_and_going = 1 + np.arange(2000) % 700 / 300
    for call in single_calls(noisy(rng, 2000) * coming_and_going[:, np.newaxis]):
        watcher.take([call])
        one = watcher.standing("q.a")
        assert len(one.waiting) < GROUP_CALLS
        assert len(one.recent) <= RECENT_GROUPS
        assert len(one.suspicion) == len(one.degradation) == len(ALTERNATIVES)


@cache
def recorded_halves() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The unchanged portal of the recording: every other stretch of five minutes for the reference, the rest to watch.

    Each of shape (ticks, series), in seconds.
    """
    with gzip.open(SPREAD_RECORDING, "rt", encoding="utf-8") as lines:
        ticks: list[dict[str, int]] = [json.loads(line)["x"] for line in lines]
    names = [name for name in ticks[0] if not name.endswith(":b")]
    answered = [[one[name] / 1e6 for name in names] for one in ticks if min(one[name] for name in names) > 0]
    stretches = [np.array(answered[i : i + STRETCH_TICKS]) for i in range(0, len(answered), STRETCH_TICKS)]
    return np.concatenate(stretches[::2]), np.concatenate(stretches[1::2])


def five_in_a_row(ticks: NDArray[np.float64], probes: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Probes at random places of a recording, shape (probes, series, 5)."""
    starts = rng.integers(0, len(ticks) - GROUP_CALLS, probes)
    return np.stack([ticks[starts + i] for i in range(GROUP_CALLS)], axis=2)


def watched_recording(rng: np.random.Generator, factors: Sequence[float]) -> list[dict[str, Drift]]:
    """What is raised after each probe, at the threshold of fifty series; each probe times a factor."""
    reference, watched = recorded_halves()
    past = five_in_a_row(reference, ARMED_GROUPS, rng)
    yardsticks = {
        f"q.s{i}": yardstick(Reference.of_sessions(past[:, i].tolist()), floor=0.001) for i in range(past.shape[1])
    }
    silent = {f"q.silent{i}": yardsticks["q.s0"] for i in range(50 - len(yardsticks))}
    watcher, raised = Watcher(yardsticks | silent), []
    for turn, (factor, probe) in enumerate(zip(factors, five_in_a_row(watched, len(factors), rng), strict=True)):
        rows = (factor * probe).tolist()
        watcher.take(
            Call(name, probe_at(turn), value) for name, row in zip(yardsticks, rows, strict=True) for value in row
        )
        raised.append(watcher.raised())
    return raised


def test_a_recorded_portal_that_is_unchanged_stays_quiet(rng: np.random.Generator) -> None:
    """Two days of twelve series, under a load that comes and goes: hardly one is called degraded."""
    raised = watched_recording(rng, [1.0] * 5760)
    assert sum(Drift.DEGRADED in one.values() for one in raised) / len(raised) <= 0.02


@pytest.mark.parametrize(("factor", "probes", "at_least"), [(2.0, 20, 8), (1.5, 90, 4)])
def test_a_recorded_portal_that_became_slower_is_found(
    rng: np.random.Generator, factor: float, probes: int, at_least: int
) -> None:
    """Of twelve series, some of which are so fast that the change is less than a millisecond, most of the others."""
    raised = watched_recording(rng, [1.0] * 30 + [factor] * probes)
    assert sum(one is Drift.DEGRADED for one in raised[-1].values()) >= at_least
