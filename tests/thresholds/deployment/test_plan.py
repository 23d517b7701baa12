"""The plans that come along have the customer's figures, and mistakes in a plan are told with their place."""

from datetime import timedelta

import pytest

from thresholds import FigureError, Profile
from thresholds.deployment.checklist import load_checklist
from thresholds.deployment.gate import RECOVERY, Condition, Gate, Side
from thresholds.deployment.plan import (
    EVERYTHING,
    DeploymentPlan,
    load_shipped_plan,
    shipped_plan_text,
    shipped_plans,
)
from thresholds.shipped import parse_figures

MINUTE = 60.0
HOUR = 3600.0
# The customer's table: expected seconds, concurrent users.
PHASES = {
    "pre_migration": ((60 * MINUTE, 120 * MINUTE), 0),
    "phase_1": ((30 * MINUTE, 45 * MINUTE), 4),
    "phase_2": ((2 * HOUR, 4 * HOUR), 0),
    "phase_3": ((4 * HOUR, 8 * HOUR), 0),
    "phase_4": ((1 * HOUR, 3 * HOUR), 2),
    "phase_5": ((1 * HOUR, 2 * HOUR), 4),
    "phase_6": ((30 * MINUTE, 60 * MINUTE), 4),
}


def plan(text: str) -> DeploymentPlan:
    return parse_figures(DeploymentPlan, text, "plan.yml")


def test_the_plans_that_come_along() -> None:
    """All of them parse, and come back from what is stored of them as they were."""
    assert shipped_plans() == ["migration", "release", "seven-day"]
    for name in shipped_plans():
        shipped = load_shipped_plan(name)
        assert DeploymentPlan.model_validate_json(shipped.model_dump_json()) == shipped
    with pytest.raises(KeyError):
        shipped_plan_text("eight-day")


def test_the_customers_migration() -> None:
    """Phases in their order with their durations and users; a week, a status update every four hours."""
    migration = load_shipped_plan("migration")
    assert {name: (one.expected_seconds, one.users) for name, one in migration.phases.items()} == PHASES
    assert list(migration.phases) == list(PHASES)
    assert migration.window == timedelta(days=7)
    assert migration.status_update_seconds == 4 * HOUR
    assert migration.follow
    assert [name for name, one in migration.phases.items() if one.pauses_probes] == [
        *("pre_migration", "phase_2", "phase_3"),
    ]
    assert migration.phases["phase_3"].longest == timedelta(hours=8)


def test_the_customers_profiles() -> None:
    """15 % at the gates of phases 1 and 6, 25 % at all others."""
    migration = load_shipped_plan("migration")
    enhanced = {name for name in PHASES if migration.profile_of(Gate(Side.AFTER, name)) is Profile.ENHANCED}
    assert enhanced == {"phase_1", "phase_6"}
    assert migration.profile_of(Gate(Side.AFTER, "phase_2")) is Profile.STANDARD
    assert migration.profile_of(RECOVERY) is Profile.STANDARD


def test_the_seven_day_window() -> None:
    """Seven days, the checklist after the preparation, users allowed as the customer's four."""
    week = load_shipped_plan("seven-day")
    assert week.window == week.watch == timedelta(days=7)
    assert Condition.CHECKLIST in week.asked(Gate(Side.AFTER, "preparation"))
    assert {one.users for one in week.phases.values()} == {0, 4}


def test_what_gates_ask() -> None:
    """What they say themselves, else what the plan says; nothing of a phase that is not there; after a rollback whether
    performance and integrity are as before, and what any gate asks."""
    own = plan(
        "{title: t, gate: [limits], phases: {a: {title: t, expected: 5 min, before: []}, b: {title: t, expected: 1 h,"
        " after: [integrity, cache, operations]}}, integrity: {rows: [t]}}"
    )
    assert own.asked(Gate(Side.BEFORE, "a")) == ()
    assert own.asked(Gate(Side.AFTER, "a")) == (Condition.LIMITS,)
    assert own.asked(Gate(Side.BEFORE, "b")) == (Condition.LIMITS,)
    assert own.asked(Gate(Side.AFTER, "b")) == (Condition.INTEGRITY, Condition.CACHE, Condition.OPERATIONS)
    assert own.asked(Gate(Side.AFTER, "c")) == ()
    assert own.asked(RECOVERY) == (Condition.COMPARISON, Condition.INTEGRITY, Condition.LIMITS, Condition.CACHE)
    everything = plan("{title: t, phases: {a: {title: t, expected: 5 min}}, integrity: {rows: [t]}}")
    assert set(EVERYTHING) - set(everything.asked(RECOVERY)) == {Condition.OPERATIONS}
    nothing_counted = plan("{title: t, phases: {a: {title: t, expected: 5 min}}}")
    assert Condition.INTEGRITY not in nothing_counted.asked(Gate(Side.AFTER, "a"))
    assert own.phases["a"].expected_seconds == (300, 300)


def test_the_customers_checklist_unless_a_plan_has_its_own() -> None:
    """One that it brings takes the place of all ten items."""
    phases = "phases: {a: {title: t, expected: 5 min}}"
    assert plan(f"{{title: t, {phases}}}").checklist == load_checklist()
    own = plan(f"{{title: t, {phases}, checklist: {{items: {{tested: {{title: t, requires: {{kind: manual}}}}}}}}}}")
    assert list(own.checklist.items) == ["tested"]


PHASE = "phases: {a: {title: t, expected: 5 min}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{title: t, phases: {}}", "phases: Dictionary should have at least 1 item"),
        (f"{{title: t, {PHASE}, gates: [limits]}}", "gates: unknown field"),
        (f"{{title: t, {PHASE}, gate: []}}", "gate: a gate that asks nothing would open without data"),
        (f"{{title: t, {PHASE}, gate: [limit]}}", "gate.0: should be 'comparison', "),
        (f"{{title: t, {PHASE}, gate: [rehearsal]}}", "rehearsal: a gate asks for it"),
        (f"{{title: t, {PHASE}, profile: strict}}", "profile: should be "),
        (f"{{title: t, {PHASE}, window: soon}}", "window: 'soon' is no figure"),
        (f"{{title: t, {PHASE}, window: 7 GB}}", "window: '7 GB' is no duration"),
        ("{title: t, phases: {a: {title: t, expected: [2 h, 1 h]}}}", "phases.a: expected: the shortest stands before"),
        ("{title: t, phases: {a: {title: t}}}", "phases.a.expected: missing"),
        ("{title: t, phases: {a: {title: t, expected: 1 h, users: -1}}}", "phases.a.users: should be greater than or"),
        ("{title: t, phases: {A-1: {title: t, expected: 1 h}}}", "phases.A-1.[key]: "),
        (
            f"{{title: t, {PHASE}, integrity: {{assertions: {{x: {{sql: SELECT 0, expect: zero, after: b}}}}}}}}",
            "integrity: x: there is no phase b",
        ),
        (f"{{title: t, {PHASE}, capture: {{sessions: 1}}}}", "capture.sessions: should be greater than or equal to 2"),
    ],
)
def test_mistakes_are_refused(text: str, message: str) -> None:
    """With the file, the place and what is wrong."""
    with pytest.raises(FigureError) as caught:
        plan(text)
    assert str(caught.value).startswith(f"plan.yml: {message}")
