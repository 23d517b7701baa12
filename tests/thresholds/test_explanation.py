"""Which rules are held against a series, and who is told."""

import pytest

from baselines.series import Direction, Series, Unit
from thresholds import (
    AppliedRule,
    LimitOverride,
    bands_of,
    load_grades,
    load_matrix,
    load_routing,
    rules_of,
    standing_of,
)

QUERY = Series("database_queries.portfolio_summary")


def explained(series: Series, **override: object) -> list[AppliedRule]:
    own = {series.name: LimitOverride.model_validate(override)} if override else {}
    return rules_of(series, load_matrix().overridden(own), load_routing())


def told(rules: list[AppliedRule]) -> list[tuple[str, str, str, str]]:
    return [(one.rule, one.level, one.when, one.tier.name) for one in rules]


def test_a_query() -> None:
    """Its limits, the baseline under both profiles, and whether it answers at all, each with its tier."""
    assert told(explained(QUERY)) == [
        ("absolute", "warning", "above 500 ms", "tier_2_warning"),
        ("absolute", "critical", "above 1 s", "tier_3_critical"),
        ("baseline", "warning", "surely above 1.5 × its baseline", "tier_2_warning"),
        ("baseline", "warning", "surely above 1.15 × its baseline", "tier_2_warning"),
        ("availability", "critical", "its probe fails or times out", "tier_3_critical"),
    ]


def test_a_query_that_is_measured_again_and_again() -> None:
    """Its own reference besides, with the tolerance of the standard profile and the line that has it."""
    rules = explained(Series("database_queries.portfolio_summary", cadence_seconds=30.0), multiplier=1.4)
    [watched] = [one for one in rules if one.watched]
    assert (watched.rule, watched.level, watched.when) == ("baseline", "warning", "surely above 1.4 × its reference")
    assert (watched.tolerance, watched.profile) == (1.4, None)
    assert watched.source is not None
    assert watched.source.key[-1] == "multiplier"


def test_each_rule_says_where_its_figure_stands() -> None:
    """The user's own figure in the configuration, the others in the matrix; answering at all is no figure."""
    sources = [one.source and (one.source.shipped, one.source.key[-1]) for one in explained(QUERY, critical="2 s")]
    assert sources == [(True, "warning"), (False, "critical"), (True, "multiplier"), (True, "at_most"), None]


@pytest.mark.parametrize(
    ("series", "rules"),
    [
        (
            Series("information_items.creation_success_rate", Unit.RATIO, Direction.FLOOR),
            [("floor", "warning", "below 98 %", "tier_2_warning")],
        ),
        (
            Series("information_items.update_conflicts", Unit.COUNT),
            [("absolute", "warning", "above 5 per hour", "tier_2_warning")],
        ),
        (
            Series("api_performance.error_rate", Unit.RATIO),
            [("absolute", "critical", "above 2 %", "tier_3_critical")],
        ),
        (Series("our_own.figure", Unit.COUNT), []),
    ],
)
def test_what_is_no_duration_has_no_baseline(series: Series, rules: list[tuple[str, str, str, str]]) -> None:
    """A floor, a count by time, a rate, and a series without any limit."""
    assert told(explained(series))[:-1] == rules


@pytest.mark.parametrize(
    ("series", "value", "word"),
    [
        (Series("web_vitals.largest_contentful_paint"), 2.5, "good"),
        (Series("web_vitals.largest_contentful_paint"), 2.6, "needs improvement"),
        (Series("web_vitals.cumulative_layout_shift", Unit.RATIO), 0.26, "poor"),
        (Series("web_vitals.our_own"), 1.0, None),
        (Series("database_queries.json_ownership_queries"), 0.049, "EXCELLENT"),
        (Series("database_queries.json_ownership_queries"), 1.0, "POOR"),
        (QUERY, 0.1, None),
    ],
)
def test_the_word_for_a_value(series: Series, value: float, word: str | None) -> None:
    """Bands of web vitals, grades of benchmark queries, nothing for the rest."""
    assert standing_of(series, load_matrix().limits_of(series), load_grades(), value) == word


def test_own_grades() -> None:
    """The user's bands stand in the place of the customer's, and for queries that have none."""
    bands = load_grades().queries["materialized_view_performance"]
    grades = load_grades().overridden({"portfolio_summary": bands})
    assert bands_of(QUERY, grades) == bands
    assert bands_of(QUERY, load_grades()) is None
