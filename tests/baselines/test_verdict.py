"""What a comparison can be asked."""

from baselines.series import Series
from baselines.verdict import Answer, Comparison, Question, SeriesComparison, Verdict

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


def test_series_are_picked_by_verdict_in_their_order() -> None:
    """`having` keeps the order of the comparison."""
    series = [compared("a.c", Verdict.MISSING), compared("a.b", Verdict.WITHIN), compared("a.a", Verdict.DEGRADED)]
    comparison = Comparison(before="pre", after="post", series=series)
    assert [one.series.name for one in comparison.having(Verdict.DEGRADED, Verdict.MISSING)] == ["a.c", "a.a"]
