"""What must not get lost: each expectation held both ways, and what is said where an answer is missing."""

import pytest

from thresholds import FigureError
from thresholds.deployment.gate import GateState
from thresholds.deployment.integrity import (
    Expectation,
    IntegrityCheck,
    IntegrityFigure,
    IntegrityPlan,
    IntegrityResult,
    Value,
    hold,
)
from thresholds.shipped import parse_figures

OPEN, CLOSED, INCONCLUSIVE = GateState.OPEN, GateState.CLOSED, GateState.INCONCLUSIVE


def held(expect: Expectation, before: IntegrityFigure | None, now: IntegrityFigure) -> IntegrityResult:
    check = IntegrityCheck("check", "SELECT 1", expect)
    (result,) = hold([check], {} if before is None else {"check": before}, {"check": now})
    return result


@pytest.mark.parametrize(
    ("expect", "before", "now", "state"),
    [
        ("unchanged", 5.0, 5.0, OPEN),
        ("unchanged", 5.0, 6.0, CLOSED),
        ("unchanged", 5.0, 4.0, CLOSED),
        ("unchanged", "a1", "a1", OPEN),
        ("unchanged", "a1", "b2", CLOSED),
        ("unchanged", None, None, OPEN),
        ("unchanged", None, 0.0, CLOSED),
        ("unchanged", 0.1 + 0.2, 0.3, OPEN),
        ("not_fewer", 5.0, 5.0, OPEN),
        ("not_fewer", 5.0, 6.0, OPEN),
        ("not_fewer", 5.0, 4.0, CLOSED),
        ("not_fewer", None, 6.0, OPEN),
        ("not_fewer", 6.0, None, CLOSED),
        ("not_fewer", "a", "b", CLOSED),
        ("not_fewer", 10_000_000_000.00, 9_999_999_999.98, CLOSED),
        ("not_fewer", 5_000_000_000.0, 4_999_999_999.0, CLOSED),
        ("not_fewer", 10**17, 10**17, OPEN),
        ("not_more", 5.0, 5.0, OPEN),
        ("not_more", 5.0, 4.0, OPEN),
        ("not_more", 5.0, 6.0, CLOSED),
        ("not_more", 5.0, None, CLOSED),
        ("zero", None, 0.0, OPEN),
        ("zero", None, 0, OPEN),
        ("zero", None, 1.0, CLOSED),
        ("zero", None, None, CLOSED),
        ("zero", None, "0", CLOSED),
        ("true", None, 1.0, OPEN),
        ("true", None, 0.0, CLOSED),
        ("true", None, None, CLOSED),
        ("true", None, "yes", CLOSED),
    ],
)
def test_each_expectation(expect: str, before: Value, now: Value, state: GateState) -> None:
    """It holds or it does not, for figures, texts and no value."""
    assert held(Expectation(expect), IntegrityFigure(before), IntegrityFigure(now)).state is state


@pytest.mark.parametrize("expect", ["unchanged", "not_fewer", "not_more"])
def test_nothing_from_before_opens_nothing(expect: str) -> None:
    """Neither where nobody asked before, nor where the answer was a trouble."""
    unasked = held(Expectation(expect), None, IntegrityFigure(5.0))
    assert unasked == IntegrityResult(
        "check", INCONCLUSIVE, "check: 5 now, and nothing from before: it was not asked then"
    )
    troubled = held(Expectation(expect), IntegrityFigure(trouble="no table"), IntegrityFigure(5.0))
    assert (troubled.state, troubled.sentence) == (
        INCONCLUSIVE,
        "check: 5 now, and nothing from before: no table",
    )


@pytest.mark.parametrize("expect", list(Expectation))
def test_a_question_that_could_not_be_asked_opens_nothing(expect: Expectation) -> None:
    """Whatever it was before."""
    result = held(expect, IntegrityFigure(5.0), IntegrityFigure(trouble="no permission"))
    assert (result.state, result.sentence) == (INCONCLUSIVE, "check: could not be asked: no permission")


def test_only_what_was_asked_now_is_held() -> None:
    """A question of a later phase has no answer yet and says nothing."""
    checks = [IntegrityCheck(name, "SELECT 1", Expectation.ZERO) for name in ("now", "later")]
    assert [one.name for one in hold(checks, {}, {"now": IntegrityFigure(0.0)})] == ["now"]


@pytest.mark.parametrize(
    ("expect", "before", "now", "sentence"),
    [
        ("not_fewer", 10400.0, 10399.0, "check: 10,400 before, 10,399 now, must be not fewer"),
        ("not_fewer", 10400.0, 10401.0, "check: 10,401, 10,400 before"),
        ("unchanged", 3.0, 3.0, "check: 3, as before"),
        ("unchanged", 12345678.91, 12345678.90, "check: 12,345,678.91 before, 12,345,678.90 now, must be unchanged"),
        ("unchanged", "a" * 64, "b", f"check: {'a' * 40}… before, b now, must be unchanged"),
        ("zero", None, 2.0, "check: 2, must be zero"),
        ("zero", None, None, "check: no value, must be zero"),
        ("not_more", float("inf"), 2.0, "check: 2, inf before"),
    ],
)
def test_sentences(expect: str, before: Value, now: Value, sentence: str) -> None:
    """Both figures to the digit in which they differ, and what must be."""
    assert held(Expectation(expect), IntegrityFigure(before), IntegrityFigure(now)).sentence == sentence


PLAN = """
rows: [users, audit.entries]
references:
  - {table: client_products, column: client_id, to: client_groups}
  - {table: client_actions, column: assigned_to, to: users, key: number, after: phase_2}
assertions:
  a sum: {sql: SELECT sum(x) FROM y, expect: not_fewer}
"""


def test_a_plan_makes_its_questions() -> None:
    """Rows are counted and may come; orphans may not come, and there are none of what is new."""
    rows, more_rows, orphans, new_orphans, own = parse_figures(IntegrityPlan, PLAN, "plan.yml").checks()
    assert (rows.name, rows.sql, rows.expect) == (
        "rows of users",
        "SELECT count(*) FROM users",
        Expectation.NOT_FEWER,
    )
    assert more_rows.sql == "SELECT count(*) FROM audit.entries"
    assert (orphans.expect, orphans.after) == (Expectation.NOT_MORE, None)
    assert (new_orphans.expect, new_orphans.after) == (Expectation.ZERO, "phase_2")
    assert "b.number = a.assigned_to" in new_orphans.sql
    assert (own.name, own.expect) == ("a sum", Expectation.NOT_FEWER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows: ['users; DROP TABLE users']", "plan.yml: rows.0: String should match pattern"),
        ("rows: [users, users]", "plan.yml: rows of users: asked twice"),
        ("rows: [users]\nassertions: {rows of users: {sql: SELECT 1}}", "plan.yml: rows of users: asked twice"),
        ("assertions: {a: {sql: UPDATE x SET y = 1}}", "plan.yml: assertions.a: sql: a statement that reads"),
        ("assertions: {a: {sql: SELECT 1, after: p}}", "plan.yml: assertions.a: after: what is asked from a phase on"),
        ("row: [users]", "plan.yml: row: unknown field"),
    ],
)
def test_mistakes_are_refused(text: str, message: str) -> None:
    """With the place and what is wrong."""
    with pytest.raises(FigureError) as caught:
        parse_figures(IntegrityPlan, text, "plan.yml")
    assert str(caught.value).startswith(message)
