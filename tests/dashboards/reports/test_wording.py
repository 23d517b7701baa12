"""The sentences that stand on top of every report."""

import pytest

from baselines.verdict import SeriesComparison, Verdict
from dashboards.reports.wording import advice, headline, ordered, sentence
from tests.dashboards.examples import assessed, compared, dropped_index, finding
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


def test_the_advice_says_who_decides_and_by_when() -> None:
    """The sentence has the action, the reason, the role and the time limit, and no double full stop."""
    assert advice(assessed(action=Action.ROLLBACK, reason="over 40 %.")) == (
        "Roll back (rollback tier 1): over 40 %. Decided by: application administrator. Time limit: 15 minutes."
    )
    assert advice(assessed(action=Action.CONTINUE)) == "Continue."


def test_a_name_at_the_beginning_of_a_sentence_keeps_its_letters() -> None:
    """A capital letter in front of a series' name would make it another name."""
    assert sentence("database_queries.x is slow") == "database_queries.x is slow."
    assert sentence("the plan changed") == "The plan changed."
