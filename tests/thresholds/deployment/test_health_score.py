"""The customer's system health score."""

import pytest

from thresholds import FigureError
from thresholds.deployment.fact import Fact
from thresholds.deployment.health_score import HealthGrade, HealthScore, load_health_score, score_of
from thresholds.shipped import parse_figures, read_figures

RULES = load_health_score()
NONE: frozenset[str] = frozenset()


def known(**changed: object) -> dict[str, Fact]:
    """Facts of a migrated database without a fault, at its limits, but for those given; None is not known."""
    wanted = RULES.wanted()
    facts: dict[str, object] = {
        "tables": wanted.tables,
        "performance_indexes": 25.0,
        "constraints": 20.0,
        "migrated_ownership": 1.0,
        "functions": wanted.functions,
        "triggers": wanted.triggers,
        "failed_operations": 0.0,
        "active_connections": 10.0,
    } | changed
    return {name: Fact(trouble="no permission") if one is None else Fact(one) for name, one in facts.items()}  # type: ignore[arg-type]


def test_a_whole_migration_has_a_hundred() -> None:
    """At the customer's limits themselves nothing is taken away, and it passes."""
    result = score_of(RULES, known())
    assert (result.score, result.grade, result.passes) == (100, HealthGrade.EXCELLENT, True)
    assert (result.deductions, result.unknown, result.warnings) == ((), (), ())


@pytest.mark.parametrize(
    ("fact", "value", "score", "sentence"),
    [
        ("tables", NONE, 80, "the new tables: 5 of 5 tables missing: client_information_items, "),
        ("performance_indexes", 24.0, 85, "performance indexes: 24, at least 25"),
        ("constraints", 19.0, 90, "constraints: 19, at least 20"),
        ("migrated_ownership", 0.0, 75, "migrated ownership: 0, at least 1"),
        ("functions", NONE, 90, "the validation function: validate_ownership_percentages is missing"),
        ("triggers", NONE, 95, "the audit trigger: audit_ownership_changes is missing"),
        ("failed_operations", 1.0, 90, "failed operations: 1, must be none"),
        ("failed_operations", 3.0, 70, "failed operations: 3, must be none"),
    ],
)
def test_each_deduction(fact: str, value: object, score: float, sentence: str) -> None:
    """The customer's points, with the figure and its limit."""
    result = score_of(RULES, known(**{fact: value}))
    assert result.score == score
    (deducted,) = result.deductions
    assert deducted.sentence.startswith(sentence)
    assert deducted.points == 100 - score


def test_one_missing_table_costs_as_much_as_all() -> None:
    """The points are for the new tables, not for each of them."""
    result = score_of(RULES, known(tables=RULES.wanted().tables - {"client_actions"}))
    assert result.score == 80
    assert result.deductions[0].sentence == "the new tables: 1 of 5 tables missing: client_actions"


@pytest.mark.parametrize(
    ("changed", "score", "grade", "passes"),
    [
        ({"constraints": 0.0}, 90, HealthGrade.EXCELLENT, True),
        ({"performance_indexes": 0.0}, 85, HealthGrade.GOOD, False),
        ({"migrated_ownership": 0.0}, 75, HealthGrade.GOOD, False),
        ({"migrated_ownership": 0.0, "triggers": NONE}, 70, HealthGrade.FAIR, False),
        ({"failed_operations": 5.0}, 50, HealthGrade.FAIR, False),
        ({"failed_operations": 5.0, "triggers": NONE}, 45, HealthGrade.POOR, False),
        ({"failed_operations": 40.0}, 0, HealthGrade.POOR, False),
    ],
)
def test_the_word_for_a_score(changed: dict[str, object], score: float, grade: HealthGrade, passes: bool) -> None:
    """90 or more EXCELLENT, which alone passes, 75 GOOD, 50 FAIR, else POOR; never below 0."""
    result = score_of(RULES, known(**changed))
    assert (result.score, result.grade, result.passes) == (score, grade, passes)


def test_what_is_not_known_takes_nothing_and_keeps_from_passing() -> None:
    """It is told, the best word is GOOD, and a worse word stays."""
    result = score_of(RULES, known(constraints=None))
    assert (result.score, result.grade, result.passes) == (100, HealthGrade.GOOD, False)
    assert result.unknown == ("constraints: not known: no permission",)
    worse = score_of(RULES, known(constraints=None, failed_operations=4.0))
    assert (worse.score, worse.grade) == (60, HealthGrade.FAIR)
    assert len(score_of(RULES, {}).unknown) == 7


def test_many_connections_only_warn() -> None:
    """More than ten are told and take nothing, and so is their number where it is not known."""
    result = score_of(RULES, known(active_connections=11.0))
    assert (result.score, result.passes, result.warnings) == (100, True, ("active connections: 11, at most 10",))
    unseen = score_of(RULES, known(active_connections=None))
    assert (unseen.passes, unseen.warnings) == (True, ("active connections: not known: no permission",))


def test_grades_fall() -> None:
    """A good that is as high as excellent would never be told."""
    text = read_figures("health_score.yml").replace("good: 75", "good: 90")
    with pytest.raises(FigureError, match="grades: the figures must fall from excellent to fair"):
        parse_figures(HealthScore, text, "health_score.yml")
