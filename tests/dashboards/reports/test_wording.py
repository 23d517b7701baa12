"""The sentences that stand on top of every report."""

from dataclasses import replace

import pytest

from baselines.verdict import Answer, Question, SeriesComparison, Verdict
from dashboards.reports.wording import advice, headline, impact, ordered, sentence, worse_questions
from tests.dashboards.examples import assessed, compared, dropped_index, finding, summary
from thresholds.assessment import Action
from thresholds.finding import Level


def test_one_degraded_series_is_named_with_its_factor() -> None:
    """The headline of the dropped index says which series, out of how many, and how much slower."""
    series = [compared(f"a.quick_{number}", Verdict.WITHIN) for number in range(8)]
    told = assessed(*series, compared("database_queries.x", Verdict.DEGRADED, 7.31))
    assert headline(told) == "1 of 9 series is slower than tolerance: database_queries.x is 7.3 times slower."


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([], "There is nothing to compare: neither side has a series."),
        ([compared("a.b", Verdict.WITHIN)], "None of 1 series is slower than tolerance."),
        (
            [compared("a.b", Verdict.WITHIN), compared("a.c", Verdict.IMPROVED, 0.5)],
            "None of 2 series is slower than tolerance; 1 is faster.",
        ),
        (
            [compared("a.b", Verdict.WITHIN), compared("a.c", Verdict.INCONCLUSIVE)],
            "None of 2 series is slower than tolerance; 1 is inconclusive.",
        ),
        ([compared("a.b", Verdict.INCONCLUSIVE)], "Nothing can be said yet: the only series is inconclusive."),
        ([compared("a.b", Verdict.NEW)], "Nothing to compare with: the only series is new."),
        ([compared("a.b", Verdict.MISSING)], "1 of 1 series is missing after: a.b."),
        (
            [compared("a.b", Verdict.DEGRADED, 1.61), compared("a.c", Verdict.DEGRADED, 1.4)],
            "2 of 2 series are slower than tolerance: worst is a.b, which is 61 % slower.",
        ),
    ],
)
def test_the_headline_says_no_more_than_is_known(series: list[SeriesComparison], expected: str) -> None:
    """Nothing compared, nothing decided and nothing wrong are three different sentences."""
    assert headline(assessed(*series)) == expected


def test_a_critical_finding_is_told_even_where_every_ratio_is_within() -> None:
    """A series that always was too slow is within its baseline and over its limit: both are said."""
    told = headline(assessed(compared("a.b", Verdict.WITHIN), findings=[finding("a.b", Level.CRITICAL)]))
    assert told == "None of 1 series is slower than tolerance. 1 series is over a critical limit."


def test_the_worst_stand_first() -> None:
    """By verdict, then by impact, then by name: what has to be looked at is on top."""
    told = [(one.verdict.value, one.series.name) for one in ordered(dropped_index())]
    assert [verdict for verdict, _ in told][:5] == ["degraded", "missing", "inconclusive", "improved", "within"]
    assert told[4][1] == "database_queries.portfolio_summary"


def test_a_series_that_answers_nothing_any_more_has_the_highest_impact() -> None:
    """No call answered stands before seven times slower, and that before one failure in five."""
    quick = compared("a.flaky", Verdict.DEGRADED, 1.0)
    flaky = replace(quick, after=summary(0.04, failed=20))
    dead = replace(compared("a.dead", Verdict.DEGRADED, None), before=summary(0.04), after=summary(0.04, failed=100))
    slow = compared("a.slow", Verdict.DEGRADED, 7.31)
    assert [one.series.name for one in ordered(assessed(flaky, slow, dead))] == ["a.dead", "a.slow", "a.flaky"]
    assert impact(flaky) == pytest.approx(1.25)


def test_a_series_that_only_fails_more_is_not_called_slower() -> None:
    """The headline tells slow from broken."""
    failing = replace(
        compared("a.b", Verdict.DEGRADED),
        answers=[
            Answer(question=Question.TYPICAL, verdict=Verdict.WITHIN, ratio=1.0, ci_low=0.9, ci_high=1.1),
            Answer(question=Question.AVAILABILITY, verdict=Verdict.DEGRADED),
        ],
    )
    assert headline(assessed(failing)) == "1 of 1 series fails more often: a.b."
    assert worse_questions(failing) == ["availability"]
    assert worse_questions(compared("a.b", Verdict.DEGRADED, 2.0)) == []


def test_the_advice_is_the_action_with_its_reason() -> None:
    """The sentence has the action, the tier and the reason, and no double full stop."""
    told = advice(assessed(action=Action.ROLLBACK, reason="over 40 %."))
    assert told == "Roll back (rollback tier 1): over 40 %."
    assert advice(assessed(action=Action.CONTINUE)) == "Continue."


def test_a_name_at_the_beginning_of_a_sentence_keeps_its_letters() -> None:
    """A capital letter in front of a series' name would make it another name."""
    assert sentence("database_queries.x is slow") == "database_queries.x is slow."
    assert sentence("the plan changed") == "The plan changed."
