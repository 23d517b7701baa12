"""A comparison turned into findings."""

import pytest

from baselines.series import Direction, Series, Unit
from baselines.verdict import Answer, Comparison, Level, Question, SeriesComparison, Verdict
from baselines.verdict import Level as JudgedLevel
from tests.thresholds.comparisons import NOON, compared, comparison, failing, side, slower
from thresholds import (
    Assessment,
    LimitOverride,
    Rule,
    assess,
    baseline_findings,
    load_matrix,
    load_rollback,
    load_routing,
)
from thresholds import Level as FindingLevel

QUERY = "database_queries.client_groups_list"
RATE = Series("information_items.creation_success_rate", Unit.RATIO, Direction.FLOOR)


def assessed(*series: SeriesComparison) -> Assessment:
    return assess(comparison(series), load_matrix(), load_rollback(), load_routing(), "standard", NOON)


def told(*series: SeriesComparison) -> list[tuple[Rule, FindingLevel]]:
    return [(one.rule, one.level) for one in assessed(*series).findings]


def interval(low: float, high: float) -> JudgedLevel:
    return Level(value=(low + high) / 2, low=low, high=high)


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (compared(typical=Verdict.DEGRADED), FindingLevel.WARNING),
        (compared(tail=Verdict.DEGRADED), FindingLevel.WARNING),
        (compared(verdict=Verdict.MISSING), FindingLevel.WARNING),
        (compared(), FindingLevel.OK),
        (compared(typical=Verdict.IMPROVED, tail=None), FindingLevel.OK),
        (compared(typical=Verdict.IMPROVED, tail=Verdict.INCONCLUSIVE), None),
        (compared(typical=Verdict.INCONCLUSIVE), None),
        (compared(verdict=Verdict.NEW), None),
        (compared(available=Verdict.DEGRADED), FindingLevel.OK),
        (compared(typical=None, tail=None, available=Verdict.DEGRADED), None),
    ],
)
def test_baseline_rule(one: SeriesComparison, level: FindingLevel | None) -> None:
    """Degraded or missing is a warning, within or improved is ok, and what is not known is no finding."""
    findings = baseline_findings(comparison([one]), load_routing(), NOON)
    assert [(finding.rule, finding.level) for finding in findings] == (
        [] if level is None else [(Rule.BASELINE, level)]
    )


def test_baseline_figures() -> None:
    """A baseline finding speaks in ratios, and is routed like a slow query."""
    (finding,) = baseline_findings(comparison([slower(QUERY, 1, 1)]), load_routing(), NOON)
    assert (finding.value, finding.limit, finding.unit) == (1.5, 1.25, Unit.RATIO)
    assert (finding.route, finding.since) == ("database_performance", NOON)


def test_baseline_sentences() -> None:
    """One sentence for people, with the figure, its interval and what was allowed."""
    name = "database_queries.portfolio_valuation_aggregation"
    answer = Answer(question=Question.TYPICAL, verdict=Verdict.DEGRADED, ratio=7.3, ci_low=6.1, ci_high=8.8)
    tail = Answer(question=Question.TAIL, verdict=Verdict.DEGRADED, ratio=3.0, ci_low=2.0, ci_high=4.0)
    faster = Answer(question=Question.TYPICAL, verdict=Verdict.IMPROVED, ratio=0.5, ci_low=0.4, ci_high=0.8)
    same = Answer(question=Question.TYPICAL, verdict=Verdict.WITHIN, ratio=1.02, ci_low=0.9, ci_high=1.15)

    def sentence(answer: Answer) -> str:
        one = SeriesComparison(
            series=Series(name),
            tolerance=1.25,
            verdict=answer.verdict,
            answers=[answer],
            before=side(),
            after=side(),
            probability_over={},
            sessions=(5, 5),
        )
        return baseline_findings(comparison([one]), load_routing(), NOON)[0].summary

    assert sentence(answer) == f"{name} is 7.3 times slower than before (95 % interval 6.1 to 8.8, tolerance 1.25)"
    assert sentence(tail) == (
        f"{name} is 3 times slower than before in its slowest calls (95 % interval 2 to 4, tolerance 1.25)"
    )
    assert sentence(faster) == f"{name} is 2 times faster than before (95 % interval 1.25 to 2.5)"
    assert sentence(same) == f"{name} takes 1.02 times what it took before (95 % interval 0.9 to 1.15, tolerance 1.25)"


@pytest.mark.parametrize(
    ("low", "high", "level"),
    [
        (0.10, 0.14, None),
        (0.14, 0.20, None),
        (0.151, 0.40, FindingLevel.WARNING),
        (0.301, 0.40, FindingLevel.CRITICAL),
    ],
)
def test_limits_are_tested_with_the_interval(low: float, high: float, level: FindingLevel | None) -> None:
    """Only an interval wholly above a limit breaks it."""
    expected = [] if level is None else [(Rule.ABSOLUTE, level)]
    assert told(compared(QUERY, level=interval(low, high))) == expected


@pytest.mark.parametrize(("low", "high", "broken"), [(0.95, 0.979, True), (0.95, 0.981, False)])
def test_floors_are_tested_with_the_other_end(low: float, high: float, broken: bool) -> None:
    """A floor is broken only when even the upper end lies below it."""
    assert told(compared(series=RATE, level=interval(low, high))) == (
        [(Rule.FLOOR, FindingLevel.WARNING)] if broken else []
    )


def test_absolute_sentence() -> None:
    """The sentence names the figure, its interval and the limit; the value is the judged level."""
    (finding,) = assessed(compared(QUERY, level=JudgedLevel(value=0.412, low=0.38, high=0.45))).findings
    assert finding.summary == (
        f"{QUERY} is 412 ms (95 % interval 380 ms to 450 ms), above its critical limit of 300 ms"
    )
    assert (finding.value, finding.limit, finding.action) == (0.412, 0.3, "alert_team")


def test_a_new_series_is_judged_by_its_limits() -> None:
    """What has no past can still be too slow."""
    assert told(compared(QUERY, verdict=Verdict.NEW, level=interval(0.2, 0.25))) == [
        (Rule.ABSOLUTE, FindingLevel.WARNING)
    ]


@pytest.mark.parametrize(("failed", "critical"), [(50, False), (51, True)])
def test_a_new_series_that_mostly_fails(failed: int, critical: bool) -> None:
    """A new endpoint that never worked is told of, although it has nothing to degrade from."""
    new = compared(QUERY, verdict=Verdict.NEW, after=side(failed))
    assert told(new) == ([(Rule.AVAILABILITY, FindingLevel.CRITICAL)] if critical else [])


def test_availability() -> None:
    """A degraded availability is critical, with both shares in the sentence."""
    (finding,) = assessed(failing("api_endpoints.client_groups", 34, before=2)).findings
    assert (finding.rule, finding.level, finding.route) == (Rule.AVAILABILITY, FindingLevel.CRITICAL, "api_errors")
    assert finding.summary == "api_endpoints.client_groups fails in 34 of 100 calls (34 %, before 2 %)"
    assert finding.value == 0.34


def test_worst_first() -> None:
    """The first finding read is the gravest, whatever the order of the series."""
    levels = [level for _, level in told(slower("a.b", 1, 1), failing("api_endpoints.x", 90), slower("c.d", 1, 1))]
    assert levels == [FindingLevel.CRITICAL, FindingLevel.WARNING, FindingLevel.WARNING]


def test_nothing_ok_in_an_assessment() -> None:
    """An assessment of a healthy comparison has no finding, and says continue."""
    judged = assessed(compared(QUERY, level=interval(0.1, 0.11)))
    assert judged.findings == []
    assert (judged.verdict, judged.advice.action) == (Verdict.WITHIN, "continue")


def test_an_empty_comparison() -> None:
    """Nothing compared is no finding and no leave to go on."""
    judged = assess(
        Comparison(before="a", after="b", series=[]), load_matrix(), load_rollback(), load_routing(), "standard", NOON
    )
    assert (judged.findings, judged.verdict, judged.advice.action) == ([], Verdict.INCONCLUSIVE, "undecided")


def test_a_dry_run_is_shown_and_decides_nothing() -> None:
    """The finding says so, makes no exit code 1 of its own, and opens no alert; the others are told as ever."""
    over = compared(QUERY, level=interval(0.4, 0.5))
    other = compared("api_endpoints.client_groups", level=interval(0.4, 0.5))
    matrix = load_matrix().overridden({QUERY: LimitOverride(dry_run=True)})
    assessment = assess(comparison([over, other]), matrix, load_rollback(), load_routing(), "standard", NOON)
    found = {one.series: one for one in assessment.findings}
    assert (found[QUERY].level, found[QUERY].dry_run) == (FindingLevel.CRITICAL, True)
    assert found[QUERY].summary.endswith("(dry run: no alert)")
    assert found[QUERY].told.level is FindingLevel.OK
    assert found[other.series.name].told == found[other.series.name]
    assert assessed(over).has_finding
    assert not assessment.has_finding
