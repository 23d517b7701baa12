"""What is wrong with a deployment while it runs: told while it is so, with its figures, and no longer."""

from datetime import timedelta

import pytest

from monitor.deployment.actions import break_gate, close, decide_rollback, go_live
from monitor.deployment.deployment import Outcome
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.findings import (
    FOLLOWING,
    GATE,
    PHASE,
    ROLLBACK,
    SERIES,
    STATUS_UPDATE,
    USERS,
    deployment_findings,
    status_due_at,
)
from monitor.deployment.messages import sent_event
from monitor.deployment.phase import PhaseStatus
from tests.clocks import START
from tests.monitor.deployment.driven import BEHIND_ONLY, PLAN, Driven
from thresholds import Level
from thresholds.deployment.gate import GateState
from thresholds.deployment.plan import DeploymentPlan
from thresholds.deployment.standing_alerts import ROUTE

CROWDED = PLAN.model_copy(
    update={
        "phases": {
            name: one.model_copy(update={"users": users})
            for (name, one), users in zip(PLAN.phases.items(), (0, 2, None), strict=True)
        }
    }
)
TELLING = DeploymentPlan.model_validate(
    {**PLAN.model_dump(mode="json"), "contacts": {"name": "Carol Jones", "status": ["chat"]}}
)


def wrong(driven: Driven, *, users: float | None = None, trouble: str = "") -> dict[str, tuple[Level, str]]:
    """What is told and not ok."""
    found = deployment_findings(driven.deployment, driven.now, users=users, trouble=trouble)
    return {one.series: (one.level, one.summary) for one in found if one.level is not Level.OK}


def said(driven: Driven, *, users: float | None = None) -> list[str]:
    """The series of which anything is said."""
    return [one.series for one in deployment_findings(driven.deployment, driven.now, users=users)]


def test_without_a_deployment_all_is_well() -> None:
    """Each is told to be, so that what was open ends; by the deployment's own route."""
    found = deployment_findings(None, START)
    assert [one.series for one in found] == list(SERIES)
    assert {(one.level, one.route, one.since) for one in found} == {(Level.OK, ROUTE, START)}


def test_a_phase_that_runs_too_long() -> None:
    """From its longest on, and not when it has ended."""
    driven = Driven()
    driven.begin("preparation")
    driven.wait(minutes=10)
    assert wrong(driven) == {}
    driven.wait(minutes=150)
    assert wrong(driven) == {
        PHASE: (Level.WARNING, "preparation runs for 2 h 40 min, 10 min at most was expected"),
    }
    driven.end("preparation")
    assert wrong(driven) == {}


def ungated(driven: Driven, phase: str = "preparation") -> None:
    """The log says that the phase began, whatever its gate said."""
    driven.keep([NewEvent(kind=EventKind.PHASE_STARTED, by="migration_log", phase=phase, detail={"ungated": True})])


def test_a_phase_that_no_gate_let_in() -> None:
    """Critical while it runs, also when it is late besides, until somebody has evaluated the gate behind it."""
    driven = Driven()
    ungated(driven)
    told = "preparation began although its gate was not open"
    assert wrong(driven) == {PHASE: (Level.CRITICAL, told)}
    driven.wait(minutes=11)
    late = f"{told}; preparation runs for 11 min, 10 min at most was expected"
    assert wrong(driven) == {PHASE: (Level.CRITICAL, late)}
    driven.end("preparation")
    assert wrong(driven) == {PHASE: (Level.CRITICAL, told)}
    driven.judge(GateState.INCONCLUSIVE, "p95: too little is known")
    assert wrong(driven) == {}


def test_a_phase_that_no_gate_let_in_and_that_is_taken_back() -> None:
    """With it, what was wrong with its beginning is over."""
    driven = Driven()
    ungated(driven)
    driven.end("preparation", PhaseStatus.ROLLED_BACK)
    assert wrong(driven) == {}


def test_a_gate_that_is_closed() -> None:
    """Why is told; not for one that is inconclusive, open or overridden, which nobody is called for."""
    driven = Driven()
    driven.judge(GateState.INCONCLUSIVE, "too little")
    assert wrong(driven) == {}
    driven.judge(GateState.CLOSED, "a", "b", "c", "d")
    assert wrong(driven) == {GATE: (Level.WARNING, "the gate before preparation is closed: a; b; c")}
    driven.override()
    assert wrong(driven) == {}
    driven.keep(break_gate(driven.deployment, ["q.a: is 2 s"], "portalwatch"))
    assert wrong(driven)[GATE][1].startswith("the gate before preparation is closed: while it was waiting: q.a: is 2 s")


@pytest.mark.parametrize(
    ("phase", "users", "told"),
    [
        ("preparation", 0, None),
        ("preparation", 1, "1 users work, preparation allows none"),
        ("copy", 2, None),
        ("copy", 3, "3 users work, copy allows 2"),
        ("a_check", 50, None),
    ],
)
def test_more_users_than_the_phase_allows(phase: str, users: float, told: str | None) -> None:
    """What it allows may be reached; any number where it says nothing."""
    driven = Driven(CROWDED)
    driven.complete(*list(CROWDED.phases)[: list(CROWDED.phases).index(phase)])
    driven.begin(phase)
    assert wrong(driven, users=users) == ({} if told is None else {USERS: (Level.CRITICAL, told)})


def test_users_nobody_has_counted_are_neither_too_many_nor_few() -> None:
    """An alert that stands is not ended by a counting that stopped; it is where the phase is over."""
    driven = Driven(CROWDED)
    driven.begin("preparation")
    assert USERS not in said(driven)
    assert USERS in said(driven, users=0)
    driven.end("preparation")
    assert USERS in said(driven)


def test_a_rollback_that_takes_too_long() -> None:
    """By the matrix; where it gives no time there is none to be over."""
    driven = Driven()
    driven.begin("preparation")
    driven.keep([NewEvent(kind=EventKind.ADVISED, by="x", detail={"action": "rollback", "time_limit_minutes": 15})])
    driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    driven.wait(minutes=15)
    assert ROLLBACK not in wrong(driven)
    driven.wait(minutes=1)
    assert wrong(driven)[ROLLBACK] == (
        Level.CRITICAL,
        "the rollback takes 16 min, 15 min are allowed; lea decided it",
    )


def test_a_status_update_that_was_not_sent() -> None:
    """Told a quarter of an hour after it was due, and again four hours after the last one that was sent."""
    driven = Driven(TELLING)
    driven.wait(hours=4, minutes=15)
    assert wrong(driven) == {}
    driven.wait(seconds=1)
    assert wrong(driven) == {STATUS_UPDATE: (Level.WARNING, "the status update of 2026-03-02 13:00 UTC was not sent")}
    driven.keep([sent_event("emergency", {}, "ann")])
    assert STATUS_UPDATE in wrong(driven)
    driven.keep([sent_event("status", {}, "ann")])
    assert wrong(driven) == {}
    assert status_due_at(driven.deployment) == driven.now + timedelta(hours=4)


def test_what_keeps_the_status_update_back_is_told() -> None:
    """Nobody is named as the contact, so a person has to fill that in."""
    nobody = TELLING.contacts.model_copy(update={"name": ""})
    driven = Driven(TELLING.model_copy(update={"contacts": nobody}))
    driven.wait(hours=4, minutes=16)
    (told,) = wrong(driven).values()
    assert told[1] == "the status update of 2026-03-02 13:00 UTC was not sent; it lacks contact"


def test_nobody_waits_for_a_status_update_without_channels_or_after_going_live() -> None:
    """The plan names no channel, or the deployment is over as far as stakeholders are concerned."""
    assert status_due_at(Driven().deployment) is None
    driven = Driven(TELLING.model_copy(update={"phases": BEHIND_ONLY.phases}))
    driven.complete(*PLAN.phases)
    driven.judge()
    driven.keep(go_live(driven.deployment, "ann", driven.now))
    driven.wait(days=1)
    assert status_due_at(driven.deployment) is None
    assert wrong(driven) == {}


def test_a_log_that_cannot_be_followed() -> None:
    """For as long as it is so."""
    driven = Driven()
    assert wrong(driven, trouble="no right") == {
        FOLLOWING: (Level.WARNING, "the portal's migration_log can't be followed: no right"),
    }
    assert wrong(driven) == {}


def test_with_the_end_of_the_deployment_everything_is_over() -> None:
    """Whatever was wrong when somebody gave it up."""
    driven = Driven(TELLING)
    ungated(driven)
    driven.wait(days=1)
    assert set(wrong(driven, users=9, trouble="no right")) == {PHASE, STATUS_UPDATE, FOLLOWING}
    driven.keep(close(driven.deployment, "ann", Outcome.ABANDONED, {}))
    assert wrong(driven, users=9, trouble="no right") == {}
    assert said(driven) == list(SERIES)
