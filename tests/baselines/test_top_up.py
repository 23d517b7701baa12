"""What further sessions after can decide beside a before side that stays as it is."""

from dataclasses import replace
from fractions import Fraction

import pytest

from baselines import Answer, Comparison, Question, Series, SeriesComparison, Verdict
from baselines.top_up import can_be_decided, sessions_a_side, sessions_after, with_limits_told

TYPICAL = Answer(
    question=Question.TYPICAL,
    verdict=Verdict.INCONCLUSIVE,
    ratio=1.2,
    ci_low=1.0,
    ci_high=1.45,
    more_sessions=2,
    reason="undecided",
)
AVAILABLE = Answer(question=Question.AVAILABILITY, verdict=Verdict.WITHIN)


def compared(answer: Answer = TYPICAL, sessions: tuple[int, int] = (5, 5)) -> SeriesComparison:
    """A series whose verdict is that of its typical call."""
    return SeriesComparison(
        series=Series("database_queries.a"),
        tolerance=1.25,
        verdict=answer.verdict,
        answers=[answer, AVAILABLE],
        before=None,
        after=None,
        probability_over={},
        sessions=sessions,
    )


def needing(sessions_a_side: int, sessions: tuple[int, int]) -> SeriesComparison:
    """A series that so many sessions a side would probably decide."""
    return compared(replace(TYPICAL, more_sessions=sessions_a_side - min(sessions)), sessions)


@pytest.mark.parametrize(
    ("needed", "sessions", "alone"),
    [(6, (5, 5), 8), (7, (5, 5), 12), (9, (5, 8), 45), (10, (5, 5), None), (16, (5, 12), None), (8, (8, 5), 8)],
)
def test_the_before_side_limits_what_sessions_after_can_do(
    needed: int, sessions: tuple[int, int], alone: int | None
) -> None:
    """1/before + 1/after must come down to 2/needed; beside five sessions no number weighs as much as ten a side."""
    one = needing(needed, sessions)
    assert sessions_a_side(one) == needed
    assert sessions_after(one) == alone
    if alone is not None:
        enough, too_few = (Fraction(1, sessions[0]) + Fraction(1, after) for after in (alone, alone - 1))
        assert enough <= Fraction(2, needed) < too_few


@pytest.mark.parametrize(
    ("one", "can"),
    [
        (compared(), True),
        (compared(replace(TYPICAL, verdict=Verdict.WITHIN)), False),
        (compared(replace(TYPICAL, verdict=Verdict.DEGRADED)), False),
        (compared(replace(TYPICAL, more_sessions=None)), False),
        (compared(replace(TYPICAL, ratio=None)), False),
        (compared(replace(TYPICAL, question=Question.AVAILABILITY, ratio=None)), True),
        (compared(sessions=(0, 5)), False),
    ],
)
def test_what_more_sessions_can_decide(one: SeriesComparison, can: bool) -> None:
    """An inconclusive series whose open questions all have an answer to come; without a ratio there is none."""
    assert can_be_decided(one) is can


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (
            needing(8, (5, 12)),
            "at 12 sessions after, and beside only 5 before 20 would do: capture both sides anew with 8",
        ),
        (needing(11, (5, 12)), "and beside only 5 before no number would do: capture both sides anew with 11 sessions"),
        (needing(20, (5, 12)), "undecided; this was the last look, at 12 sessions after"),
    ],
)
def test_the_reason_of_what_stays_undecided_says_what_would_decide_it(one: SeriesComparison, told: str) -> None:
    """Behind the reason there was; what is decided is left alone."""
    decided = compared(replace(TYPICAL, verdict=Verdict.WITHIN))
    comparison = with_limits_told(Comparison(before="pre", after="post", series=[one, decided]))
    assert comparison.series[0].reason.startswith("undecided; ")
    assert told in comparison.series[0].reason
    assert comparison.series[1] == decided
