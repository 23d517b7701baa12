"""The last hour as sessions."""

from datetime import timedelta

import pytest

from baselines import Measurement, Outcome, PlanShape, Series, SeriesRegistry, Verdict, compare
from baselines.live import live_baseline, without_hasty_verdicts
from tests.baselines.made import CONDITIONS, baseline
from tests.clocks import START

SERIES = SeriesRegistry([Series("q.a", cadence_seconds=30.0), Series("q.b", cadence_seconds=60.0)])


def measured(series: str, values: list[float], disturbed: frozenset[int] = frozenset()) -> list[Measurement]:
    """Measurements 30 s apart; those numbered in `disturbed` were disturbed by the prober."""
    return [
        Measurement(
            series=series,
            intended_at=START + timedelta(seconds=30 * number),
            started_at=START + timedelta(seconds=30 * number),
            outcome=Outcome.OK,
            value=value,
            prober_delay_seconds=1.0 if number in disturbed else 0.0,
        )
        for number, value in enumerate(values)
    ]


def test_an_hour_at_thirty_seconds_makes_six_sessions() -> None:
    """120 samples are six sessions of 20; 47 are two of 23 and 24, none left out."""
    live = live_baseline(
        {"q.a": measured("q.a", [0.01] * 120), "q.b": measured("q.b", [0.02] * 47)}, SERIES, CONDITIONS, "t", {}
    )
    assert live is not None
    assert [len(one) for one in live.samples_of("q.a")] == [20] * 6
    assert [len(one) for one in live.samples_of("q.b")] == [23, 24]


def test_a_disturbed_sample_ends_a_run() -> None:
    """Only consecutive undisturbed samples make a session."""
    ones = measured("q.a", [0.01] * 60, disturbed=frozenset({15, 40}))
    live = live_baseline({"q.a": ones}, SERIES, CONDITIONS, "t", {})
    assert live is not None
    assert [len(one) for one in live.samples_of("q.a")] == [24]


def test_too_little_makes_no_capture() -> None:
    """Nineteen samples are no session, and nothing at all is none either."""
    assert live_baseline({"q.a": measured("q.a", [0.01] * 19)}, SERIES, CONDITIONS, "t", {}) is None
    assert live_baseline({}, SERIES, CONDITIONS, "t", {}) is None


@pytest.mark.parametrize(
    ("samples", "verdict"), [(60, Verdict.DEGRADED), (59, Verdict.INCONCLUSIVE), (0, Verdict.INCONCLUSIVE)]
)
def test_fewer_than_three_sessions_decide_nothing(samples: int, verdict: Verdict) -> None:
    """Ten times slower, but seen in two sessions only, or in none: inconclusive, never degraded and never missing."""
    before = baseline("before", [{"q.a": [0.010, 0.011] * 10, "q.b": [0.01] * 20}] * 5)
    measurements = {"q.a": measured("q.a", [0.1] * samples), "q.b": measured("q.b", [0.01] * 60)}
    live = live_baseline(measurements, SERIES, CONDITIONS, "t", {})
    assert live is not None
    tolerances = {"q.a": 1.25, "q.b": 1.25}
    comparison = without_hasty_verdicts(compare(before, live, tolerances, history={}))
    verdicts = {one.series.name: one.verdict for one in comparison.series}
    assert verdicts["q.a"] is verdict


def test_a_live_capture_has_the_latest_plans() -> None:
    """Those of the series it has, so that a comparison can say that one changed."""
    was, is_now = PlanShape(("Index Scan on t",)), PlanShape(("Seq Scan on t",))
    before = baseline("before", [{"q.a": [0.01] * 20}] * 5, plans={"q.a": was})
    live = live_baseline({"q.a": measured("q.a", [0.1] * 60)}, SERIES, CONDITIONS, "t", {"q.a": is_now, "q.x": was})
    assert live is not None
    (one,) = compare(before, live, {"q.a": 1.25, "q.b": 1.25}, history={}).having(Verdict.DEGRADED)
    assert [each.summary for each in one.explanations] == ["the plan changed: Index Scan on t became a Seq Scan"]
