"""What a load run shows: steps against their limits, and how a portal takes more users than it has room for."""

from collections.abc import Callable, Sequence

import pytest

from baselines.load import LoadCall, Ratio, StageTimes, StepTimes
from baselines.measurement import Outcome
from baselines.series import Series, Unit
from thresholds import SeriesLimits, load_matrix
from thresholds.load import Claim, Degradation, LoadVerdict, judge_degradation, judge_step, overall, read_load_figures

FIGURES = read_load_figures()
SECONDS = 100.0
GROUPS = Series("api_endpoints.client_groups")  # 300 ms and 1 s


def calls(times: Sequence[float | None], *, step: str = "groups", timed_out: bool = False) -> list[LoadCall]:
    """Calls evenly over a stage; None for one that failed."""
    return [
        LoadCall(
            step=step,
            user=1,
            intended=SECONDS * number / len(times),
            started=SECONDS * number / len(times),
            ended=SECONDS * number / len(times),
            outcome=Outcome.TIMEOUT if timed_out else Outcome.ERROR if seconds is None else Outcome.OK,
            seconds=seconds,
        )
        for number, seconds in enumerate(times)
    ]


def stage(name: str, users: int, made: Sequence[LoadCall]) -> StageTimes:
    """A stage of these calls."""
    return StageTimes.of(name, users, made, ["groups"], ramp=0.0, seconds=SECONDS)


def limits(series: Series = GROUPS) -> SeriesLimits:
    """As shipped."""
    return load_matrix().limits_of(series)


def step_verdict(times: Sequence[float | None], *, against: Ratio | None = None, own_share: float = 0.0) -> LoadVerdict:
    """What is said of a step with these calls."""
    made = StepTimes.of("groups", calls(times), ramp=0.0, until=SECONDS)
    return overall(judge_step(made, limits(), against, FIGURES, own_share))


def test_the_customers_scenarios() -> None:
    """1, 2 and 4 users and more than there is room for; the steps and the interval of the heartbeats."""
    users = {name: one.users for name, one in FIGURES.scenarios.items()}
    assert users == {"single_user": 1, "half_capacity": 2, "full_capacity": 4, "stress": 8, "visit": 1}
    assert [one.path for one in FIGURES.steps] == ["/dashboard", "/portfolios"]
    visit = FIGURES.scenarios["visit"]
    assert (FIGURES.heartbeat.every, visit.duration, visit.repeat) == (60, 1800, False)
    most = load_matrix().limits_of(Series("api_performance.error_rate", unit=Unit.RATIO)).critical
    assert most is not None
    assert most.value == FIGURES.errors


@pytest.mark.parametrize(
    ("users", "scenario"),
    [
        (1, "single_user"),
        (2, "half_capacity"),
        (3, "full_capacity"),
        (4, "full_capacity"),
        (5, "stress"),
        (16, "stress"),
    ],
)
def test_the_scenario_for_so_many_users(users: int, scenario: str) -> None:
    """The mildest one that is meant for them, else the greatest."""
    assert FIGURES.scenario_for(users) == scenario


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ([0.1] * 100, LoadVerdict.WELL),
        ([0.1], LoadVerdict.WELL),  # no call was slower than the limit
        ([0.4] * 100, LoadVerdict.BROKEN),
        ([0.1] * 90 + [0.4] * 10, LoadVerdict.INCONCLUSIVE),  # all in one slice
        (([0.1] * 7 + [0.4] * 3) * 10, LoadVerdict.BROKEN),
        (([0.1] * 19 + [0.4]) * 5, LoadVerdict.INCONCLUSIVE),
        ([0.4], LoadVerdict.INCONCLUSIVE),
        ([None] * 10 + [0.1] * 90, LoadVerdict.BROKEN),
        ([None] * 2 + [0.1] * 98, LoadVerdict.WELL),
        ([None] * 3 + [0.1] * 97, LoadVerdict.INCONCLUSIVE),
        ([None, 0.1, 0.1], LoadVerdict.INCONCLUSIVE),
        ([], LoadVerdict.INCONCLUSIVE),
    ],
)
def test_a_step_against_its_limits(times: list[float | None], verdict: LoadVerdict) -> None:
    """Broken only where the calls surely say so, well only where they surely do, and a few calls say little."""
    assert step_verdict(times) is verdict


def test_the_reason_names_step_figure_and_limit() -> None:
    """The worst limit that is broken, and no other one."""
    made = StepTimes.of("groups", calls([1.5] * 100), ramp=0.0, until=SECONDS)
    broken = [one for one in judge_step(made, limits(), None, FIGURES, 0.0) if one.verdict is LoadVerdict.BROKEN]
    assert broken == [
        Claim(LoadVerdict.BROKEN, "groups: 95 % of its calls within 1.5 s, above its critical limit of 1 s")
    ]


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (Ratio(5.0, 2.4, 10.0, 0.1), LoadVerdict.BROKEN),
        (Ratio(2.0, 0.9, 4.0, 0.1), LoadVerdict.WELL),  # shown, and nothing is claimed
    ],
)
def test_the_baseline_is_held_against_a_run_only_where_all_of_the_interval_is(
    ratio: Ratio, verdict: LoadVerdict
) -> None:
    """One run is one burst: it can claim very large changes only."""
    assert step_verdict([0.1] * 100, against=ratio) is verdict


def test_slowness_of_a_busy_machine_is_not_the_portals() -> None:
    """Inconclusive in place of broken; what is well stays so, and failures are nobody else's."""
    assert step_verdict([0.4] * 100, own_share=0.3) is LoadVerdict.INCONCLUSIVE
    assert step_verdict([0.1] * 100, own_share=0.3) is LoadVerdict.WELL
    assert step_verdict([None] * 50, own_share=0.3) is LoadVerdict.BROKEN


SAME = Ratio(1.0, 0.9, 1.1, 0.0)


def degraded(
    under_stress: Sequence[LoadCall],
    *,
    before: Sequence[LoadCall] | None = None,
    after: Sequence[LoadCall] | None = None,
    recovery: Ratio = SAME,
    own_share: float = 0.0,
) -> tuple[Degradation, list[str]]:
    """The verdict and what speaks against it, with 100 good calls before and after."""
    good = calls([0.1] * 100)
    verdict, claims = judge_degradation(
        stage("before", 4, good if before is None else before),
        stage("stress", 8, under_stress),
        stage("after", 4, good if after is None else after),
        {"groups": recovery},
        FIGURES,
        own_share,
    )
    return verdict, [one.reason for one in claims if one.verdict is not LoadVerdict.WELL]


def test_slower_beyond_the_capacity_is_graceful() -> None:
    """Ten times as slow and no more answers than before: it bends, and does not break."""
    assert degraded(calls([1.0] * 100)) == (Degradation.GRACEFUL, [])


@pytest.mark.parametrize(
    ("verdict", "reason", "run"),
    [
        (
            Degradation.UNGRACEFUL,
            "at 8 users (stress): 20 of 120 calls failed, surely more than 5 %",
            lambda: degraded(calls([None] * 20 + [0.1] * 100)),
        ),
        (
            Degradation.INCONCLUSIVE,
            "at 8 users (stress): 7 of 107 calls failed, which may be more than 5 % or chance",
            lambda: degraded(calls([None] * 7 + [0.1] * 100)),
        ),
        (
            Degradation.UNGRACEFUL,
            "at 8 users (stress): 1 calls hung",
            lambda: degraded([*calls([0.1] * 150), *calls([10.0], timed_out=True)]),
        ),
        (
            Degradation.UNGRACEFUL,
            "0.3 right answers a second at 8 users, 1 at 4: less than 80 %, it collapsed",
            lambda: degraded(calls([0.1] * 30)),
        ),
        (
            Degradation.INCONCLUSIVE,
            "0.75 right answers a second at 8 users, 1 at 4: less than 80 %, which may be chance",
            lambda: degraded(calls([0.1] * 75)),
        ),
        (
            Degradation.INCONCLUSIVE,
            "at 8 users (stress): 10 calls are too few to claim anything",
            lambda: degraded(calls([0.1] * 10), before=calls([0.1] * 12), after=calls([0.1] * 20)),
        ),
        (
            Degradation.UNGRACEFUL,
            "at 4 users (before): 100 of 100 calls failed, surely more than 5 %",
            lambda: degraded(calls([0.1] * 100), before=calls([None] * 100)),
        ),
        (
            Degradation.UNGRACEFUL,
            "groups: after the stress 5.00 (3.00 to 8.00) times as slow as before: it did not recover to within 2",
            lambda: degraded(calls([0.1] * 100), recovery=Ratio(5.0, 3.0, 8.0, 0.4)),
        ),
        (
            Degradation.INCONCLUSIVE,
            "groups: after the stress 3.00 (1.50 to 6.00) times as slow as before: 2 is tolerated, "
            "and it may be chance",
            lambda: degraded(calls([0.1] * 100), recovery=Ratio(3.0, 1.5, 6.0, 0.2)),
        ),
    ],
)
def test_what_is_not_graceful(
    verdict: Degradation, reason: str, run: Callable[[], tuple[Degradation, list[str]]]
) -> None:
    """Failures, hangs, a collapse and no recovery, each with its figures; chance makes none of them."""
    found, reasons = run()
    assert found is verdict
    assert reason in reasons


def test_a_few_milliseconds_are_no_lack_of_recovery() -> None:
    """Three times as slow, and by 4 ms."""
    assert degraded(calls([0.1] * 100), recovery=Ratio(3.0, 2.5, 3.5, 0.004))[0] is Degradation.GRACEFUL


def test_a_busy_machine_of_ours_is_no_collapse() -> None:
    """Neither throughput nor recovery is held against the portal; that calls failed is."""
    slow = Ratio(5.0, 3.0, 8.0, 0.4)
    assert degraded(calls([0.1] * 30), recovery=slow, own_share=0.3)[0] is Degradation.INCONCLUSIVE
    assert degraded(calls([None] * 100), own_share=0.3)[0] is Degradation.UNGRACEFUL
