"""Two captures, series by series."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baselines.baseline import Baseline, BaselineError, CaptureConditions, CaptureSession, Spacing
from baselines.case import Look
from baselines.comparison import compare
from baselines.explanation import ExplanationKind
from baselines.host_load import HostLoads, LoadRange
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import Series, Unit
from baselines.verdict import Comparison, Question, Verdict
from tests.baselines.sessions import session, steady

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
PROFILE, SEARCH, LOGIN = "api_performance.profile", "api_performance.search", "user_experience.login"
INDEX, SCAN = PlanShape(("Index Scan on orders",)), PlanShape(("Seq Scan on orders",))


def capture(
    name: str,
    samples: Mapping[str, Sequence[Samples]],
    plans: Sequence[Mapping[str, PlanShape]] = (),
    spacing: Spacing = Spacing.SPREAD,
    units: Mapping[str, Unit] | None = None,
) -> Baseline:
    """A capture with these sessions a series, and in each session these plans."""
    number = max((len(ones) for ones in samples.values()), default=0)
    conditions = CaptureConditions(
        spacing=spacing,
        connection_mode="kept alive",
        host_load=None,
        release="1",
        configuration_hash="",
        rule_version="1",
        prober_version="1",
    )
    return Baseline(
        name=name,
        environment="test",
        release="1",
        captured_by="a test",
        series={one: Series(one, (units or {}).get(one, Unit.SECONDS)) for one in samples},
        sessions=[
            CaptureSession(
                number=i + 1,
                started_at=NOON + i * timedelta(minutes=2),
                finished_at=NOON + i * timedelta(minutes=2) + timedelta(minutes=1),
                conditions=conditions,
                samples={one: sessions[i] for one, sessions in samples.items() if i < len(sessions)},
                cold={},
                plans=plans[i] if i < len(plans) else {},
            )
            for i in range(number)
        ],
    )


def compared(before: Baseline, after: Baseline, floor_seconds: float = 0.001, look: Look = Look.ONLY) -> Comparison:
    """Everything at 25 % and without history."""
    tolerances = dict.fromkeys({**before.series, **after.series}, 1.25)
    return compare(before, after, tolerances, history={}, floor_seconds=floor_seconds, look=look)


def test_a_series_has_its_answers_figures_and_level() -> None:
    """One degraded series: verdict, all questions, the summaries of both sides, the level after, the sessions."""
    [one] = compared(capture("pre", {PROFILE: steady(0.1)}), capture("post", {PROFILE: steady(0.2, 4)})).series
    assert (one.verdict, one.tolerance, one.sessions) == (Verdict.DEGRADED, 1.25, (5, 4))
    assert {answer.question for answer in one.answers} == set(Question)
    assert one.before is not None
    assert one.after is not None
    assert (one.before.n, one.after.n, one.after.median) == (100, 80, 0.2)
    assert one.level is not None
    assert one.level.value == pytest.approx(0.2)
    assert set(one.probability_over) == {1.25, 1.40}
    assert one.probability_over[1.40] > 0.9


def test_the_worst_comes_first() -> None:
    """Verdicts from the worst on, and within one verdict the highest ratio first."""
    names = [f"api_performance.{letter}" for letter in "abcdef"]
    after = dict(zip(names, (0.05, 0.1, 0.13, 0.2, 0.4), strict=False))
    comparison = compared(
        capture("pre", {name: steady(0.1) for name in names}),
        capture("post", {**{name: steady(level) for name, level in after.items()}, "api_performance.g": steady(1.0)}),
    )
    assert [(one.series.metric, one.verdict) for one in comparison.worst_first] == [
        ("e", Verdict.DEGRADED),
        ("d", Verdict.DEGRADED),
        ("f", Verdict.MISSING),
        ("c", Verdict.INCONCLUSIVE),
        ("g", Verdict.NEW),
        ("a", Verdict.IMPROVED),
        ("b", Verdict.WITHIN),
    ]
    assert (comparison.before, comparison.after) == ("pre", "post")


def test_what_only_one_side_has_is_asked_nothing() -> None:
    """New and missing series have the summary of their side and no answer; a new one has its level, for limits."""
    comparison = compared(
        capture("pre", {PROFILE: steady(0.1), SEARCH: steady(0.1)}),
        capture("post", {PROFILE: steady(0.1), LOGIN: steady(0.3)}),
    )
    [new], [missing] = comparison.having(Verdict.NEW), comparison.having(Verdict.MISSING)
    assert (new.series.name, new.before, new.answers, new.sessions) == (LOGIN, None, (), (0, 5))
    assert new.after is not None
    assert new.level is not None
    assert new.level.value == pytest.approx(0.3)
    assert (missing.series.name, missing.after, missing.answers, missing.sessions) == (SEARCH, None, (), (5, 0))
    assert missing.before is not None
    assert missing.level is None


def test_a_series_without_samples_is_neither_missing_nor_within() -> None:
    """A side that has the series but no call of it is inconclusive."""
    [one] = compared(capture("pre", {PROFILE: steady(0.1)}), capture("post", {PROFILE: []})).series
    assert (one.verdict, one.level) == (Verdict.INCONCLUSIVE, None)


def test_only_durations_are_compared() -> None:
    """Levels of a host have no ratio and are left out."""
    units = {"resource_usage.memory": Unit.RATIO}
    before, after = (
        capture(name, {PROFILE: steady(0.1), "resource_usage.memory": steady(0.4)}, units=units)
        for name in ("pre", "post")
    )
    assert [one.series.name for one in compare(before, after, {PROFILE: 1.25}, history={}).series] == [PROFILE]


def test_captures_without_a_common_series_can_not_be_compared() -> None:
    """The error names both captures and some of what each of them has."""
    before, after = capture("pre", {PROFILE: steady(0.1)}), capture("post", {SEARCH: steady(0.1)})
    with pytest.raises(BaselineError, match=rf"'pre' and 'post' have no duration in common: {PROFILE} .* {SEARCH}"):
        compared(before, after)


def test_a_tolerance_that_is_absent_is_an_error() -> None:
    """No series is judged by a tolerance that nobody gave."""
    with pytest.raises(BaselineError, match=f"no tolerance is given for {SEARCH}"):
        compare(
            capture("pre", {PROFILE: steady(0.1), SEARCH: steady(0.1)}),
            capture("post", {PROFILE: steady(0.1), SEARCH: steady(0.1)}),
            {PROFILE: 1.25},
            history={},
        )


def test_a_changed_plan_explains() -> None:
    """The last plan of each side counts, a session without one notwithstanding."""
    before = capture("pre", {PROFILE: steady(0.1)}, plans=[{PROFILE: SCAN}, {PROFILE: INDEX}])
    after = capture("post", {PROFILE: steady(0.2)}, plans=[{PROFILE: INDEX}, {PROFILE: SCAN}, {}])
    [explanation] = compared(before, after).series[0].explanations
    assert explanation.kind is ExplanationKind.PLAN_CHANGE
    assert "Index Scan on orders became a Seq Scan" in explanation.summary


def test_an_unchanged_or_unknown_plan_explains_nothing() -> None:
    """Equal plans, and a plan on one side only, are no explanation."""
    same, unknown = (
        capture(name, {PROFILE: steady(0.1)}, plans) for name, plans in (("a", [{PROFILE: INDEX}]), ("b", []))
    )
    assert compared(same, same).series[0].explanations == []
    assert compared(same, unknown).series[0].explanations == []


def test_the_floor_is_a_millisecond() -> None:
    """A sub-millisecond series that doubled is not degraded unless the floor is taken away."""
    before, after = capture("pre", {PROFILE: steady(0.0002)}), capture("post", {PROFILE: steady(0.0004)})
    assert compared(before, after).series[0].verdict is Verdict.WITHIN
    assert compared(before, after, floor_seconds=0.0).series[0].verdict is Verdict.DEGRADED


def test_one_burst_side_asks_for_the_wider_prior() -> None:
    """A quick capture on either side is judged with the scatter of bursts."""
    spread, burst = capture("pre", {PROFILE: steady(0.1)}), capture("q", {PROFILE: steady(0.14)}, spacing=Spacing.BURST)
    slow = capture("post", {PROFILE: steady(0.14)})
    assert compared(spread, slow).series[0].verdict is Verdict.DEGRADED
    assert compared(spread, burst).series[0].verdict is Verdict.INCONCLUSIVE


def test_the_history_and_the_look_reach_the_rules() -> None:
    """A history takes the place of the prior, and a shared look asks for more than the only one."""
    before, after = capture("pre", {PROFILE: steady(0.1)}), capture("post", {PROFILE: steady(0.134)})
    noisy = [session([level] * 20) for level in (0.085, 0.1, 0.125, 0.09, 0.115, 0.1, 0.108)]
    alone = compare(before, after, {PROFILE: 1.25}, history={PROFILE: noisy}).series[0]
    shared = compare(before, after, {PROFILE: 1.25}, history={PROFILE: noisy}, look=Look.FIRST).series[0]
    assert "no history" not in alone.reason
    assert (alone.verdict, shared.verdict) == (Verdict.DEGRADED, Verdict.INCONCLUSIVE)


def test_what_only_the_configuration_knows_reaches_the_comparison() -> None:
    """Calls and controls come from the configured series; what the capture itself knows of a series stays."""
    before, after = capture("pre", {PROFILE: steady(0.1)}), capture("post", {PROFILE: steady(0.2)})
    known = {PROFILE: Series(PROFILE, Unit.COUNT, calls_per_hour=3600.0, is_control=True)}
    [one] = compare(before, after, {PROFILE: 1.25}, history={}, known=known).series
    assert (one.series.calls_per_hour, one.series.is_control, one.series.unit) == (3600.0, True, Unit.SECONDS)
    assert one.impact_seconds_per_hour == pytest.approx(360.0)
    assert compared(before, after).series[0].impact_seconds_per_hour is None


def test_the_load_of_both_sides_is_kept() -> None:
    """From the lowest to the highest at the starts of the sessions; unknown where none noted it."""
    before, after = capture("pre", {PROFILE: steady(0.1)}), capture("post", {PROFILE: steady(0.1)})
    loads = iter((0.4, 0.1, None, 0.2, 0.3))
    noted = [
        replace(one, conditions=replace(one.conditions, host_load=load))
        for one, load in zip(before.sessions, loads, strict=True)
    ]
    comparison = compared(replace(before, sessions=noted), after)
    assert comparison.loads == HostLoads(before=LoadRange(0.1, 0.4), after=None)
