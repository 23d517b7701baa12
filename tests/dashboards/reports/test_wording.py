"""The sentences that stand on top of every report."""

from dataclasses import replace

import pytest

from baselines.host_load import HostLoads, LoadRange
from baselines.verdict import Answer, Level, Question, SeriesComparison, Verdict
from dashboards.reports import wording
from dashboards.reports.wording import advice, headline, sentence
from tests.dashboards.examples import assessed, compared, finding
from thresholds.assessment import Action
from thresholds.finding import Level as Severity


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
    told = headline(assessed(compared("a.b", Verdict.WITHIN), findings=[finding("a.b", Severity.CRITICAL)]))
    assert told == "None of 1 series is slower than tolerance. 1 series is over a critical limit."


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
    assert wording.verdict(failing) == "degraded (availability)"
    assert wording.verdict(compared("a.b", Verdict.DEGRADED, 2.0)) == "degraded"


def test_everything_alike_is_the_headline_and_no_verdict_changes() -> None:
    """Where all series moved alike that stands first, with what the controls did; the series are told behind it."""
    series = [compared(f"a.s{number}x", Verdict.DEGRADED, 1.4) for number in range(5)]
    told = wording.headlines(assessed(*series))
    assert told[0] == (
        "Everything is 1.40 times slower: 5 of 5 series moved alike, so it is the host or deployment-wide."
    )
    assert told[1].startswith("5 of 5 series are slower than tolerance")

    quiet = compared("a.control", Verdict.WITHIN, 1.0)
    control = replace(quiet, series=replace(quiet.series, is_control=True))
    assert "but not the controls, so it is deployment-wide." in wording.headline(assessed(*series, control))


def test_what_a_change_costs_is_told_where_the_calls_are_known() -> None:
    """Calls times the difference of the levels, as work an hour; nothing is made up where nobody counts."""
    slow = compared("a.b", Verdict.DEGRADED, 2.0)
    assert (wording.impact(slow), wording.cost(slow)) == ("-", "")
    slow = replace(
        slow, series=replace(slow.series, calls_per_hour=1000.0), level=Level(value=0.0824, low=0.08, high=0.09)
    )
    assert (wording.impact(slow), wording.cost(slow)) == (
        "+41.2 s",
        "costs 41.2 s of work an hour, at 1000 calls an hour",
    )
    faster = replace(slow, answers=[replace(slow.answers[0], ratio=0.5)])
    assert (wording.impact(faster), wording.cost(faster)[:12]) == ("-82.4 s", "saves 82.4 s")


def test_the_load_the_verdicts_hold_for_is_told() -> None:
    """The ranges of both sides, and a warning only where they lie well apart; nothing where none was noted."""

    def told(before: LoadRange | None, after: LoadRange | None) -> list[str]:
        known = assessed(compared("a.b", Verdict.WITHIN))
        loads = HostLoads(before=before, after=after)
        return wording.loads(replace(known, comparison=replace(known.comparison, loads=loads)))

    calm, busy = LoadRange(0.1, 0.4), LoadRange(0.9, 1.2)
    assert told(None, None) == []
    assert told(calm, LoadRange(0.2, 0.9)) == [
        "The verdicts hold for a load per processor of 0.10 to 0.40 before and 0.20 to 0.90 after."
    ]
    assert "much busier after" in told(calm, busy)[1]
    assert "much busier before" in told(busy, calm)[1]
    assert told(calm, None)[0].endswith("0.10 to 0.40 before and an unknown one after.")


def test_the_advice_is_the_action_with_its_reason() -> None:
    """The sentence has the action, the tier and the reason, and no double full stop."""
    told = advice(assessed(action=Action.ROLLBACK, reason="over 40 %."))
    assert told == "Roll back (rollback tier 1): over 40 %."
    assert advice(assessed(action=Action.CONTINUE)) == "Continue."


def test_a_name_at_the_beginning_of_a_sentence_keeps_its_letters() -> None:
    """A capital letter in front of a series' name would make it another name."""
    assert sentence("database_queries.x is slow") == "database_queries.x is slow."
    assert sentence("the plan changed") == "The plan changed."
