"""What a comparison can be asked."""

from dataclasses import replace

import pytest

from baselines.series import Series
from baselines.verdict import Answer, Comparison, Level, Question, SeriesComparison, Summary, Verdict

TYPICAL = Answer(question=Question.TYPICAL, verdict=Verdict.WITHIN, ratio=1.1, reason="close enough")
FAILING = Answer(question=Question.AVAILABILITY, verdict=Verdict.DEGRADED, reason="calls fail")


def compared(name: str, verdict: Verdict, *answers: Answer) -> SeriesComparison:
    """One series with these answers."""
    return SeriesComparison(
        series=Series(name),
        tolerance=1.25,
        verdict=verdict,
        answers=answers,
        before=None,
        after=None,
        probability_over={},
        sessions=(5, 5),
    )


def test_the_reason_is_that_of_the_deciding_answer() -> None:
    """Of two answers the one with the verdict of the series gives the reason."""
    one = compared("api_performance.profile", Verdict.DEGRADED, TYPICAL, FAILING)
    assert one.reason == "calls fail"
    assert one.answer(Question.TYPICAL) is TYPICAL
    assert one.answer(Question.TAIL) is None


def test_a_series_is_suspected_as_soon_as_one_answer_is() -> None:
    """More sessions are worth their time where any question is open in that way."""
    suspicion = Answer(question=Question.TYPICAL, verdict=Verdict.INCONCLUSIVE, suspected=True)
    assert compared("a.b", Verdict.INCONCLUSIVE, suspicion).suspected
    assert not compared("a.b", Verdict.DEGRADED, TYPICAL, FAILING).suspected


def test_series_are_picked_by_verdict_the_worst_first() -> None:
    """`having` has the order of every report, whatever the order of the capture was."""
    series = [compared("a.c", Verdict.MISSING), compared("a.b", Verdict.WITHIN), compared("a.a", Verdict.DEGRADED)]
    comparison = Comparison(before="pre", after="post", series=series)
    assert [one.series.name for one in comparison.having(Verdict.DEGRADED, Verdict.MISSING)] == ["a.a", "a.c"]


def slower(name: str, ratio: float, *, level: float = 0.1, calls_per_hour: float | None = None) -> SeriesComparison:
    """A degraded series that lies at `level` seconds after."""
    answer = Answer(question=Question.TYPICAL, verdict=Verdict.DEGRADED, ratio=ratio)
    return replace(
        compared(name, Verdict.DEGRADED, answer),
        series=Series(name, calls_per_hour=calls_per_hour),
        before=side(0),
        after=side(0),
        level=Level(value=level, low=level, high=level),
    )


def side(failed: int) -> Summary:
    """Twenty calls of which so many failed."""
    return Summary(n=20, failed=failed, timed_out=0, mean=0.1, median=0.1, p95=0.1, p99=0.1, minimum=0.1, maximum=0.1)


def test_the_impact_is_calls_times_the_difference_of_the_levels() -> None:
    """Twice as slow at 100 ms, a thousand times an hour: 50 s; unknown without calls, and where only the tail moved."""
    assert slower("a.b", 2.0, calls_per_hour=1000).impact_seconds_per_hour == pytest.approx(50)
    assert slower("a.b", 0.5, calls_per_hour=1000).impact_seconds_per_hour == pytest.approx(-100)
    assert slower("a.b", 2.0).impact_seconds_per_hour is None
    tail = Answer(question=Question.TAIL, verdict=Verdict.DEGRADED, ratio=3.0)
    only_tail = replace(slower("a.b", 2.0, calls_per_hour=1000), answers=(TYPICAL, tail))
    assert only_tail.shown is tail
    assert only_tail.impact_seconds_per_hour is None


def test_impact_goes_before_ratio() -> None:
    """Of degraded series what answers no more is first, then the dearest in an hour, then the highest ratio."""
    rare, often = slower("a.rare", 9.0, calls_per_hour=1), slower("a.often", 1.5, calls_per_hour=10_000)
    dead = replace(slower("a.dead", 1.0), after=side(20))
    failing = replace(slower("a.failing", 2.0), after=side(10))
    series = [slower("a.uncounted", 3.0), rare, failing, dead, often]
    order = [one.series.metric for one in Comparison(before="pre", after="post", series=series).worst_first]
    assert order == ["dead", "often", "rare", "failing", "uncounted"]


def test_a_common_mode_is_seen_in_the_typical_answers() -> None:
    """Five series 1.5 times slower are one headline; the verdicts of the series stay."""
    series = [slower(f"a.s{number}x", 1.5) for number in range(5)]
    found = Comparison(before="pre", after="post", series=series).common_mode
    assert found is not None
    assert found.ratio == pytest.approx(1.5)
    assert Comparison(before="pre", after="post", series=series[:4]).common_mode is None
