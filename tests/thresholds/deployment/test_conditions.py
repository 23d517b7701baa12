"""What each condition of a gate says: open where it holds, closed where it does not, and never open without data."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from baselines.series import Unit
from baselines.verdict import (
    Comparison,
    Question,
    SeriesComparison,
    StatementComparison,
    Verdict,
    WorkloadComparison,
)
from baselines.workload import StatementText
from tests.thresholds.comparisons import NOON, compared, comparison, failing, slower
from thresholds.assessment import Action, Advice, Assessment
from thresholds.deployment import conditions
from thresholds.deployment.gate import Condition, ConditionResult, GateState, subject
from thresholds.deployment.gate_figures import load_gate_figures
from thresholds.deployment.integrity import IntegrityResult
from thresholds.finding import Finding, Level, Rule

OPEN, CLOSED, INCONCLUSIVE = GateState.OPEN, GateState.CLOSED, GateState.INCONCLUSIVE
QUERY = "database_queries.portfolio_summary"
FIGURES = load_gate_figures()


def assessed(given: Comparison) -> Assessment:
    advice = Advice(action=Action.CONTINUE, rollback_tier=None, over_25=0.0, over_40=0.0, reason="")
    return Assessment(comparison=given, profile="standard", findings=(), advice=advice)


def of_series(*series: SeriesComparison) -> Assessment:
    return assessed(comparison(series))


def finding(
    level: Level = Level.CRITICAL, rule: Rule = Rule.ABSOLUTE, *, series: str = QUERY, dry_run: bool = False
) -> Finding:
    return Finding(
        series=series,
        route="database_performance",
        rule=rule,
        level=level,
        unit=Unit.SECONDS,
        summary=f"{series} is 1.2 s, above its critical limit of 1 s",
        since=NOON,
        dry_run=dry_run,
    )


def undecided(name: str) -> SeriesComparison:
    return compared(name, typical=Verdict.INCONCLUSIVE, ratio=1.2)


@pytest.mark.parametrize(
    ("series", "state", "reasons"),
    [
        ([], INCONCLUSIVE, ["no series was compared"]),
        ([compared("q.a", verdict=Verdict.NEW)], INCONCLUSIVE, ["no series was compared"]),
        ([compared("q.a")], OPEN, ["1 series are within their tolerance"]),
        (
            [compared("q.a"), compared("q.b", typical=Verdict.IMPROVED), compared("q.c", verdict=Verdict.NEW)],
            OPEN,
            ["2 series are within their tolerance"],
        ),
        (
            [compared("q.a"), undecided("q.b")],
            INCONCLUSIVE,
            ["q.b is undecided: 1.20 times the baseline (0.96 to 1.44)"],
        ),
        (
            [undecided("q.a"), slower("q.b", 0.99, 0.98)],
            CLOSED,
            ["q.b takes 1.50 times the baseline (1.20 to 1.80), 1.25 is tolerated"],
        ),
        ([compared("q.a"), compared("q.b", verdict=Verdict.MISSING)], CLOSED, ["q.b is missing"]),
        ([failing("q.a", 12)], CLOSED, ["q.a fails more often than before"]),
        (
            [compared("q.a", tail=Verdict.DEGRADED, ratio=1.3)],
            CLOSED,
            ["q.a takes 1.30 times the baseline (1.04 to 1.56) in its slowest calls, 1.25 is tolerated"],
        ),
    ],
    ids=["nothing", "new", "within", "improved", "undecided", "slower", "missing", "failing", "tail"],
)
def test_the_comparison(series: Sequence[SeriesComparison], state: GateState, reasons: list[str]) -> None:
    """Open only where every series both sides have is within its tolerance; the figures stand in the reasons."""
    given = of_series(*series)
    assert conditions.comparison(given) == ConditionResult(Condition.COMPARISON, state, tuple(reasons))
    assert conditions.rehearsal(given) == ConditionResult(Condition.REHEARSAL, state, tuple(reasons))


def test_an_availability_that_is_not_decided_says_why() -> None:
    """There is no ratio of failures, so the sentence of the answer stands there."""
    one = compared("q.a", available=Verdict.INCONCLUSIVE)
    answers = [
        replace(each, reason="2 of 5 calls failed") if each.question is Question.AVAILABILITY else each
        for each in one.answers
    ]
    result = conditions.comparison(of_series(replace(one, answers=answers)))
    assert (result.state, result.reasons) == (INCONCLUSIVE, ("q.a: 2 of 5 calls failed",))


def test_no_more_sentences_than_anybody_reads() -> None:
    """Eight, and how many more there are."""
    result = conditions.comparison(of_series(*(compared(f"q.{n}", verdict=Verdict.MISSING) for n in range(11))))
    assert len(result.reasons) == 9
    assert result.reasons[-1] == "and 3 more"


def statement(text: str, verdict: Verdict, share: float = 0.2) -> StatementComparison:
    return StatementComparison(
        statement=StatementText(key=text, text=text, writes=False),
        database="portal",
        compared=compared(verdict=verdict),
        share=share,
    )


@pytest.mark.parametrize(
    ("statements", "state", "reasons"),
    [
        ([], INCONCLUSIVE, "none of the portal's statements could be judged on both sides"),
        ([statement("SELECT 1", Verdict.NEW)], INCONCLUSIVE, "none of the portal's statements could be judged"),
        ([statement("SELECT 1", Verdict.INCONCLUSIVE)], INCONCLUSIVE, "none of the portal's statements could be"),
        ([statement("SELECT 1", Verdict.WITHIN), statement("b", Verdict.NEW)], OPEN, "1 statements, none slower"),
        ([statement("SELECT 1", Verdict.DEGRADED, share=0.001)], OPEN, "1 statements, none slower"),
        (
            [statement("SELECT 1", Verdict.DEGRADED), statement("SELECT 2", Verdict.WITHIN)],
            CLOSED,
            "a statement became slower: SELECT 1",
        ),
    ],
    ids=["none", "new", "undecided", "within", "too-small", "slower"],
)
def test_the_workload(statements: Sequence[StatementComparison], state: GateState, reasons: str) -> None:
    """Statements of which nothing can be said open nothing."""
    given = assessed(replace(comparison([compared()]), workload=WorkloadComparison(statements=statements)))
    result = conditions.workload(given)
    assert (result.condition, result.state) == (Condition.WORKLOAD, state)
    assert result.reasons[0].startswith(reasons)


@pytest.mark.parametrize(
    ("findings", "looked_at", "state"),
    [
        ([], 0, INCONCLUSIVE),
        ([], 4, OPEN),
        ([finding(Level.WARNING)], 4, OPEN),
        ([finding(rule=Rule.BASELINE)], 4, OPEN),
        ([finding(dry_run=True)], 4, OPEN),
        ([finding(dry_run=True)], 0, INCONCLUSIVE),
        ([finding()], 4, CLOSED),
        ([finding(rule=Rule.AVAILABILITY)], 0, CLOSED),
        ([finding(rule=Rule.FLOOR)], 4, CLOSED),
    ],
)
def test_the_limits(findings: list[Finding], looked_at: int, state: GateState) -> None:
    """Critical closes, unless it is a baseline's or a dry run's; a warning does not; nothing measured is no news."""
    result = conditions.limits(findings, looked_at)
    assert (result.condition, result.state) == (Condition.LIMITS, state)
    assert result.reasons


def test_a_broken_limit_is_known_by_its_series() -> None:
    """Its figure moves with each look: what somebody overrode yesterday is the same limit today."""
    one = finding()
    other = replace(one, summary=f"{QUERY} is 1.9 s, above its critical limit of 1 s")
    assert conditions.limit_broken(one) == f"{QUERY}: is 1.2 s, above its critical limit of 1 s"
    assert subject(conditions.limit_broken(one)) == subject(conditions.limit_broken(other)) == QUERY
    assert conditions.limits([one, one, other], 3).reasons == (
        conditions.limit_broken(one),
        conditions.limit_broken(other),
    )


@pytest.mark.parametrize(
    ("states", "state", "reasons"),
    [
        ([], INCONCLUSIVE, 1),
        ([OPEN, OPEN], OPEN, 2),
        ([OPEN, INCONCLUSIVE], INCONCLUSIVE, 1),
        ([INCONCLUSIVE, CLOSED, OPEN, CLOSED], CLOSED, 2),
    ],
)
def test_the_integrity(states: list[GateState], state: GateState, reasons: int) -> None:
    """The worst answer decides, and only its like are told; a plan without questions decides nothing."""
    results = [IntegrityResult(f"q{n}", one, f"q{n}: {one}") for n, one in enumerate(states)]
    result = conditions.integrity(results)
    assert (result.condition, result.state, len(result.reasons)) == (Condition.INTEGRITY, state, reasons)


@pytest.mark.parametrize(
    ("found", "state", "reason"),
    [
        (None, INCONCLUSIVE, "could not be read: no right"),
        ((), OPEN, ""),
        (("users", "portfolios"), CLOSED, "users"),
    ],
)
def test_statistics_and_indexes(found: tuple[str, ...] | None, state: GateState, reason: str) -> None:
    """What could not be read is not fresh; each table and index is named with its remedy."""
    stale, invalid = conditions.statistics(found, "no right"), conditions.indexes(found, "no right")
    assert (stale.condition, stale.state) == (Condition.STATISTICS, state)
    assert (invalid.condition, invalid.state) == (Condition.INDEXES, state)
    for result in (stale, invalid):
        assert reason in result.reasons[0]
        assert len(result.reasons) == len(found or ("one",))


@pytest.mark.parametrize(
    ("hits", "reads", "state"),
    [
        (None, None, INCONCLUSIVE),
        (None, 500, INCONCLUSIVE),
        (0, 0, INCONCLUSIVE),
        (99, 0, INCONCLUSIVE),
        (100, 0, OPEN),
        (900, 100, OPEN),
        (899, 101, INCONCLUSIVE),
        (0, 1000, INCONCLUSIVE),
    ],
)
def test_the_cache(hits: int | None, reads: int | None, state: GateState) -> None:
    """90 % of at least a hundred blocks is warm; a cold one is never closed, for it warms up by itself."""
    result = conditions.cache(hits, reads, FIGURES)
    assert (result.condition, result.state) == (Condition.CACHE, state)


@pytest.mark.parametrize(
    ("failed", "state", "reason"),
    [
        (None, INCONCLUSIVE, "the log could not be read: no right"),
        (0, OPEN, "no operation failed"),
        (1, CLOSED, "1 operation of the migration failed"),
        (3, CLOSED, "3 operations of the migration failed"),
    ],
)
def test_the_operations(failed: int | None, state: GateState, reason: str) -> None:
    """A log that could not be read says nothing of what failed."""
    assert conditions.operations(failed, "no right") == ConditionResult(Condition.OPERATIONS, state, (reason,))
