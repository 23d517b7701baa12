"""Looking again before anything is called degraded."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from baselines import Baseline, Comparison, Look, Series, SeriesRegistry, Verdict, compare
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.comparing import Comparing, Figures
from monitor.configuration import load_configuration
from monitor.errors import ConfigurationError
from tests.baselines.made import baseline
from tests.monitor.cli.commands import configuration
from tests.monitor.cli.stored import in_store, save
from thresholds import Level, Profile

NAMES = [f"database_queries.s{number}" for number in range(10)]
SUSPECT = NAMES[0]
_SESSION_NOISE = (0.98, 1.0, 1.02, 0.99, 1.01, 1.0, 0.97, 1.03, 1.0, 1.01, 0.99, 1.0)


def capture(name: str, ratio: float, sessions: int = 5) -> Baseline:
    """Ten series of 40 ms, the first of them so many times slower; series differ in nothing else."""
    return baseline(
        name,
        [
            {one: [0.04 * noise * (ratio if one == SUSPECT else 1.0)] * 20 for one in NAMES}
            for noise in _SESSION_NOISE[:sessions]
        ],
        release=name,
    )


BEFORE = capture("pre", 1.0)


@dataclass
class Target:
    """What gives further sessions of the same kind, as often as it is there, and what was asked of it."""

    ratio: float
    answers: int = 2
    asked: list[tuple[set[str], int]] = field(default_factory=list)

    async def further(self, after: Baseline, series: Collection[str], sessions: int) -> Baseline | None:
        """The capture with further sessions; None as soon as the target is away."""
        self.asked.append((set(series), sessions))
        if len(self.asked) > self.answers:
            return None
        return capture("post", self.ratio, len(after.sessions) + sessions)


@pytest.fixture
def figures(tmp_path: Path) -> Figures:
    """The shipped ones."""
    path = configuration(tmp_path, "postgresql://s/x")
    return Figures.load(load_configuration(path, {}), SeriesRegistry([]))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """Every look that is taken, in order."""
    taken: list[Look] = []

    def looking(*arguments: Any, look: Look, **more: Any) -> Comparison:
        taken.append(look)
        return compare(*arguments, look=look, **more)

    monkeypatch.setattr("baselines.materials.compare", looking)
    return taken


def judged(
    figures: Figures, store: str, target: Target, *, sessions: int = 5, top_up: bool = False
) -> tuple[Comparison, Baseline]:
    """What `judge_surely` makes of it."""

    async def act(pool: asyncpg.Pool) -> tuple[Comparison, Baseline]:
        comparing = Comparing(figures=figures, store=PostgresBaselines(pool), ledger=PostgresLedger(pool))
        after = capture("post", target.ratio, sessions)
        comparison, materials = await comparing.judge_surely(BEFORE, after, target.further, top_up=top_up)
        return comparison, materials.after

    return in_store(store, act)


def suspected_twice(figures: Figures, store: str) -> float:
    """A ratio that is suspected and not yet degraded at the first look and at the second."""

    async def act(pool: asyncpg.Pool) -> float:
        comparing = Comparing(figures=figures, store=PostgresBaselines(pool), ledger=PostgresLedger(pool))

        async def suspected(ratio: float, sessions: int, look: Look) -> bool:
            comparison = await comparing.judge(BEFORE, capture("post", ratio, sessions), look=look)
            return any(one.suspected for one in comparison.series)

        for percent in range(125, 200):
            ratio = percent / 100
            if await suspected(ratio, 5, Look.FIRST) and await suspected(ratio, 8, Look.SECOND):
                return ratio
        raise AssertionError("no ratio is suspected twice")

    return in_store(store, act)


def test_a_healthy_pair_is_looked_at_once(figures: Figures, store: str, looks: list[Look]) -> None:
    """Nothing is doubtful, so nothing is measured again."""
    target = Target(1.0)
    comparison, after = judged(figures, store, target)
    assert (target.asked, looks, len(after.sessions)) == ([], [Look.FIRST], 5)
    assert comparison.having(Verdict.WITHIN) == list(comparison.series)


def test_what_is_degraded_is_looked_at_again(figures: Figures, store: str, looks: list[Look]) -> None:
    """Three further sessions of that series alone; degraded at the second look too, it is."""
    target = Target(2.0)
    comparison, after = judged(figures, store, target)
    assert target.asked == [({SUSPECT}, 3)]
    assert (looks, len(after.sessions)) == ([Look.FIRST, Look.SECOND], 8)
    (degraded,) = comparison.having(Verdict.DEGRADED)
    assert (degraded.series.name, degraded.sessions) == (SUSPECT, (5, 8))


def test_what_stays_suspected_is_looked_at_a_last_time(figures: Figures, store: str, looks: list[Look]) -> None:
    """Three further sessions, then four, and then no more."""
    target = Target(suspected_twice(figures, store), answers=9)
    looks.clear()
    _, after = judged(figures, store, target)
    assert target.asked == [({SUSPECT}, 3), ({SUSPECT}, 4)]
    assert (looks, len(after.sessions)) == ([Look.FIRST, Look.SECOND, Look.LAST], 12)


@pytest.mark.parametrize("answers", [0, 1])
def test_a_target_that_went_away_ends_the_looking(
    figures: Figures, store: str, looks: list[Look], answers: int
) -> None:
    """What was measured until then is judged, under the look it was meant for."""
    target = Target(suspected_twice(figures, store), answers=answers)
    looks.clear()
    comparison, after = judged(figures, store, target)
    assert looks == [Look.FIRST, Look.SECOND][: answers + 1]
    assert len(after.sessions) == 5 + 3 * answers
    assert {one.sessions for one in comparison.series} == {(5, len(after.sessions))}


def test_a_clear_fault_of_a_target_that_went_away_is_told(figures: Figures, store: str) -> None:
    """Degraded at the first look stays degraded where nothing more can be measured."""
    comparison, after = judged(figures, store, Target(2.0, answers=0))
    assert [one.series.name for one in comparison.having(Verdict.DEGRADED)] == [SUSPECT]
    assert len(after.sessions) == 5


def test_what_is_inconclusive_is_looked_at_once_unless_topped_up(
    figures: Figures, store: str, looks: list[Look]
) -> None:
    """Further sessions cost minutes: without being asked for, they are taken only before somebody is alarmed."""
    target = Target(1.2)
    comparison, _ = judged(figures, store, target)
    assert [one.series.name for one in comparison.having(Verdict.INCONCLUSIVE)] == [SUSPECT]
    assert (target.asked, looks) == ([], [Look.FIRST])


def test_topping_up_ends_as_soon_as_all_is_decided(figures: Figures, store: str, looks: list[Look]) -> None:
    """Three further sessions of the series that is inconclusive are enough here, and four more are not taken."""
    target = Target(1.2)
    comparison, after = judged(figures, store, target, top_up=True)
    assert target.asked == [({SUSPECT}, 3)]
    assert (looks, len(after.sessions)) == ([Look.FIRST, Look.SECOND], 8)
    assert comparison.having(Verdict.INCONCLUSIVE) == []


def test_what_topping_up_leaves_undecided_is_told_with_the_reason(
    figures: Figures, store: str, looks: list[Look]
) -> None:
    """There is no look after twelve sessions, and the five before limit what more of them could tell."""
    target = Target(1.27, answers=9)
    comparison, after = judged(figures, store, target, top_up=True)
    assert target.asked == [({SUSPECT}, 3), ({SUSPECT}, 4)]
    assert (looks, len(after.sessions)) == ([Look.FIRST, Look.SECOND, Look.LAST], 12)
    (undecided,) = comparison.having(Verdict.INCONCLUSIVE)
    assert "this was the last look, at 12 sessions after, and beside only 5 before" in undecided.reason
    assert "capture both sides anew with" in undecided.reason


@pytest.mark.parametrize("ratio", [1.27, 2.0])
def test_a_capture_of_eight_gets_what_is_missing_to_twelve(
    figures: Figures, store: str, looks: list[Look], ratio: float
) -> None:
    """The first look is at what was planned, however many sessions that were; the next, at twelve, confirms or tops
    up."""
    target = Target(ratio, answers=9)
    judged(figures, store, target, sessions=8, top_up=True)
    assert target.asked == [({SUSPECT}, 4)]
    assert looks == [Look.FIRST, Look.LAST]


def test_a_capture_of_twelve_is_looked_at_once(figures: Figures, store: str, looks: list[Look]) -> None:
    """No further look is possible, so this one may spend the whole error."""
    target = Target(1.27, answers=9)
    judged(figures, store, target, sessions=12, top_up=True)
    assert (target.asked, looks) == ([], [Look.ONLY])


@pytest.mark.parametrize(
    ("further", "asked", "looked"),
    [(3, [({SUSPECT}, 4)], [Look.SECOND, Look.LAST]), (7, [], [Look.LAST])],
)
def test_a_later_run_goes_on_with_the_look_that_was_due(
    figures: Figures, store: str, looks: list[Look], further: int, asked: list[tuple[set[str], int]], looked: list[Look]
) -> None:
    """Sessions that an earlier run took are not looked at as if they had been planned: errors would add up."""
    save(store, capture("post", 1.27))

    async def extend(pool: asyncpg.Pool) -> None:
        await PostgresBaselines(pool).save(capture("post+1", 1.27, further), extends="post")

    in_store(store, extend)
    target = Target(1.27, answers=9)
    judged(figures, store, target, sessions=5 + further, top_up=True)
    assert (target.asked, looks) == (asked, looked)


@pytest.mark.parametrize("percent", [0.5, 401.0, float("nan")])
def test_a_tolerance_out_of_bounds_is_a_mistake(figures: Figures, store: str, percent: float) -> None:
    """It is told as one of usage."""

    async def act(pool: asyncpg.Pool) -> None:
        comparing = Comparing(
            figures=figures, store=PostgresBaselines(pool), ledger=PostgresLedger(pool), tolerance_percent=percent
        )
        with pytest.raises(ConfigurationError, match="1 to 400 percent"):
            await comparing.judge(BEFORE, BEFORE)

    in_store(store, act)


@pytest.mark.parametrize(("profile", "tolerance"), [(Profile.STANDARD, 1.25), (Profile.ENHANCED, 1.15)])
def test_the_profile_gives_the_tolerance(figures: Figures, store: str, profile: Profile, tolerance: float) -> None:
    """The multiplier of the matrix, or the smaller of it and 1.15."""

    async def act(pool: asyncpg.Pool) -> None:
        comparing = Comparing(
            figures=figures, store=PostgresBaselines(pool), ledger=PostgresLedger(pool), profile=profile
        )
        comparison = await comparing.judge(BEFORE, capture("post", 1.0))
        assert {one.tolerance for one in comparison.series} == {tolerance}

    in_store(store, act)


def loaded(tmp_path: Path, overrides: object) -> Figures:
    """The figures with overrides, for one series of a query."""
    configured = load_configuration(configuration(tmp_path, "postgresql://s/x", thresholds=overrides), {})
    return Figures.load(configured, SeriesRegistry([Series("database_queries.a")]))


def test_an_override_stands_over_the_matrix(tmp_path: Path) -> None:
    """In base units, and what it does not name stays as it was."""
    figures = loaded(tmp_path, {"database_queries.a": {"critical": "2 s"}})
    series = Series("database_queries.a")
    assert figures.limits_by_level(series) == {Level.WARNING: 0.5, Level.CRITICAL: 2.0}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"database_queries.b": {"warning": "1 s"}}, "there is no series database_queries.b; there are: database_quer"),
        ({"database_queries.a": {"warning": "80 %"}}, "database_queries.a: warning 80 %"),
        ({"database_queries.a": {"warning": "at least 1 s"}}, "database_queries.a: warning at least 1 s"),
    ],
)
def test_an_override_must_fit_a_series(tmp_path: Path, overrides: object, said: str) -> None:
    """A name that nobody measures, another unit, another direction: the message has file and series."""
    with pytest.raises(ConfigurationError, match=r"portalwatch\.yml:\d+: thresholds\.") as caught:
        loaded(tmp_path, overrides)
    assert said in str(caught.value)
