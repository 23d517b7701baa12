"""A deployment read from its events: phases, the gate that is due, and what an opening is worth."""

from datetime import timedelta

import pytest

from monitor.deployment.actions import (
    begin_phase,
    break_gate,
    close,
    decide_rollback,
    end_phase,
    finish_recovery,
    go_live,
    sign_off,
)
from monitor.deployment.deployment import Deployment, Outcome, Stage
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import Operation, PhaseStatus
from monitor.errors import RefusedError, UndecidedError
from tests.clocks import START
from tests.monitor.deployment.driven import BEHIND_ONLY, MIGRATION, PLAN, Driven, before, behind, opening, result
from thresholds.deployment.checklist import ItemStatus, SignOff
from thresholds.deployment.gate import RECOVERY, GateState
from thresholds.deployment.integrity import IntegrityFigure

OPEN, CLOSED, INCONCLUSIVE = GateState.OPEN, GateState.CLOSED, GateState.INCONCLUSIVE


def operation(name: str, status: PhaseStatus, phase: str = "copy") -> NewEvent:
    """A line of the portal's own log."""
    detail = {"name": name, "status": status, "seconds": 3.5, "rows": 10, "error": ""}
    return NewEvent(kind=EventKind.OPERATION, by="migration_log", phase=phase, detail=detail)


def test_a_new_deployment_knows_what_it_was_opened_with() -> None:
    """Plan, baseline and answers of before are those of the opening; nothing has begun, and the first gate is due."""
    deployment = Driven(MIGRATION).deployment
    assert (deployment.name, deployment.environment, deployment.opened_by) == ("v42", "test", "ann")
    assert deployment.plan == MIGRATION
    assert deployment.before == "pre-v42"
    assert deployment.integrity["rows of users"] == IntegrityFigure(12.0)
    assert deployment.integrity["sum"] == IntegrityFigure(None, "no table")
    assert list(deployment.phases) == ["pre_migration", *(f"phase_{number}" for number in range(1, 7))]
    assert {one.status for one in deployment.phases.values()} == {PhaseStatus.PENDING}
    assert deployment.stage is Stage.UNDER_WAY
    assert deployment.due_gate == before("pre_migration")
    assert deployment.day(START) == 1
    assert deployment.day(START + timedelta(days=1)) == 2


def test_a_whole_healthy_migration_passes_every_gate_once_and_in_order() -> None:
    """Seven phases, each through the gate before and after it, then live through the last one, watched, succeeded."""
    driven, passed = Driven(MIGRATION), []
    for phase in MIGRATION.phases:
        passed += driven.begin(phase)
        assert driven.deployment.running == driven.deployment.phases[phase]
        assert driven.deployment.due_gate is None
        driven.wait(minutes=40)
        driven.end(phase)
    assert driven.deployment.next_phase is None
    passed.append(driven.judge())
    assert passed == [gate for phase in MIGRATION.phases for gate in (before(phase), behind(phase))]
    assert driven.deployment.completed_phases == set(MIGRATION.phases)
    assert {one.attempts for one in driven.deployment.phases.values()} == {1}
    assert {one.elapsed(driven.now) for one in driven.deployment.phases.values()} == {timedelta(minutes=40)}
    live = driven.keep(go_live(driven.deployment, "ann", driven.now))
    assert (live.stage, live.live_at, live.due_gate) == (Stage.WATCHING, driven.now, None)
    assert live.watched_until == driven.now + timedelta(days=7)
    over = driven.keep(close(live, "ann", Outcome.SUCCEEDED, {"notes": "none"}))
    assert (over.stage, over.outcome, over.finished_at) == (Stage.FINISHED, Outcome.SUCCEEDED, driven.now)
    assert over.number == len(driven.events) == 1 + 7 * 4 + 2


def test_a_gate_that_was_never_judged_is_inconclusive_and_says_so() -> None:
    """Nobody gets through without data."""
    driven = Driven()
    assert driven.state is INCONCLUSIVE
    assert driven.deployment.gate_reasons(before("preparation"), START) == ["it was not evaluated yet"]
    with pytest.raises(UndecidedError, match="the gate before preparation is inconclusive: it was not evaluated yet"):
        begin_phase(driven.deployment, "preparation", "ann", START)


def test_an_opening_holds_for_half_an_hour() -> None:
    """To the second; then it is inconclusive, and how long ago it was opened is said."""
    driven = Driven()
    gate = driven.judge()
    driven.wait(minutes=30)
    assert driven.is_open
    driven.wait(seconds=1)
    assert driven.state is INCONCLUSIVE
    driven.wait(minutes=2)
    told = "it was opened 32 minutes ago, which is too long: evaluate it again"
    assert driven.deployment.gate_reasons(gate, driven.now) == [told]
    driven.judge()
    assert driven.is_open


def test_the_gate_behind_a_phase_stays_due_where_the_next_has_none() -> None:
    """What was opened behind a phase holds no longer for that: after half an hour it is evaluated again."""
    driven = Driven(BEHIND_ONLY)
    assert driven.deployment.due_gate is None
    driven.complete("preparation")
    assert driven.judge() == behind("preparation")
    assert driven.deployment.due_gate == behind("preparation")
    assert driven.is_open
    driven.wait(minutes=31)
    with pytest.raises(UndecidedError, match="opened 31 minutes ago"):
        begin_phase(driven.deployment, "copy", "ann", driven.now)
    driven.judge()
    driven.keep(break_gate(driven.deployment, ["p95: 900 ms"], "portalwatch"))
    with pytest.raises(RefusedError, match="while it was waiting: p95: 900 ms"):
        begin_phase(driven.deployment, "copy", "ann", driven.now)


def test_a_failed_phase_begins_again_through_its_gate() -> None:
    """The opening of the first attempt is worth nothing for the second; the phases before keep theirs."""
    driven = Driven()
    driven.complete("preparation")
    assert driven.begin("copy") == [behind("preparation"), before("copy")]
    driven.end("copy", PhaseStatus.FAILED)
    failed = driven.deployment
    assert (failed.phases["copy"].status, failed.next_phase) == (PhaseStatus.FAILED, failed.phases["copy"])
    assert (failed.due_gate, driven.state) == (before("copy"), INCONCLUSIVE)
    driven.wait(minutes=5)
    assert driven.begin("copy") == [before("copy")]
    again = driven.deployment.phases["copy"]
    assert (again.attempts, again.started_at, again.ended_at) == (2, driven.now, None)
    driven.end("copy")
    assert driven.deployment.due_gate == behind("copy")


def test_an_override_does_not_outlive_the_attempt_it_was_given_for() -> None:
    """Whoever let a phase begin said nothing of the system that its failure left behind."""
    driven = Driven()
    driven.override()
    driven.begin("preparation")
    driven.end("preparation", PhaseStatus.FAILED)
    assert (driven.deployment.due_gate, driven.state) == (before("preparation"), INCONCLUSIVE)
    unasked = Driven(BEHIND_ONLY)
    unasked.complete("preparation")
    unasked.override()
    unasked.begin("copy")
    unasked.end("copy", PhaseStatus.FAILED)
    assert (unasked.deployment.due_gate, unasked.state) == (behind("preparation"), INCONCLUSIVE)


def test_a_completed_phase_is_taken_back_by_itself_and_begun_again() -> None:
    """Without a rollback of the whole: the gates of the phase and those behind it are due anew."""
    driven = Driven()
    driven.complete("preparation", "copy")
    driven.judge()
    assert driven.deployment.due_gate == before("a_check")
    driven.override()
    assert driven.is_open
    driven.end("copy", PhaseStatus.ROLLED_BACK)
    assert driven.deployment.stage is Stage.UNDER_WAY
    assert (driven.deployment.due_gate, driven.state) == (before("copy"), INCONCLUSIVE)
    assert driven.deployment.completed_phases == {"preparation"}
    assert driven.begin("copy") == [before("copy")]
    driven.end("copy")
    assert driven.begin("a_check") == [behind("copy"), before("a_check")]


def test_several_phases_are_taken_back_from_the_last_on() -> None:
    """The first of them is the next one again, and no gate behind it stayed open."""
    driven = Driven()
    driven.complete("preparation", "copy", "a_check")
    driven.judge()
    for phase in ("a_check", "copy"):
        driven.end(phase, PhaseStatus.ROLLED_BACK)
    assert driven.deployment.next_phase == driven.deployment.phases["copy"]
    assert set(driven.deployment.standings) == {before("preparation"), behind("preparation")}
    passed = []
    for phase in ("copy", "a_check"):
        passed += driven.begin(phase)
        driven.end(phase)
    assert passed == [before("copy"), behind("copy"), before("a_check")]


def test_a_running_phase_is_taken_back() -> None:
    """It counts as an attempt, and begins again through its gate."""
    driven = Driven()
    driven.begin("preparation")
    driven.end("preparation", PhaseStatus.ROLLED_BACK)
    assert driven.begin("preparation") == [before("preparation")]
    assert driven.deployment.phases["preparation"].attempts == 2


def test_a_rollback_to_a_phase_has_the_gate_of_the_recovery_and_no_way_forward() -> None:
    """Decided in phase 5 of the migration: phases are taken back one by one, nothing begins any more, the recovery is
    judged, and it ends when all are taken back."""
    driven = Driven(MIGRATION)
    driven.complete(*list(MIGRATION.phases)[:5])
    driven.begin("phase_5")
    decided = driven.keep(decide_rollback(driven.deployment, "lea", "two users can't log in"))
    assert (decided.stage, decided.due_gate, decided.next_phase) == (Stage.ROLLING_BACK, RECOVERY, None)
    for phase in ("phase_5", "phase_4"):
        driven.end(phase, PhaseStatus.ROLLED_BACK)
    with pytest.raises(Exception, match="the deployment v42 is rolling back"):
        begin_phase(driven.deployment, "phase_4", "ann", driven.now)
    with pytest.raises(Exception, match=r"not rolled back yet: pre_migration, phase_1, phase_2, phase_3; say so"):
        finish_recovery(driven.deployment, "ann", driven.now)
    for phase in ("phase_3", "phase_2", "phase_1", "pre_migration"):
        driven.end(phase, PhaseStatus.ROLLED_BACK)
    with pytest.raises(UndecidedError, match="the gate recovery is inconclusive"):
        finish_recovery(driven.deployment, "ann", driven.now)
    driven.judge()
    over = driven.keep(finish_recovery(driven.deployment, "ann", driven.now))
    assert (over.stage, over.outcome) == (Stage.FINISHED, Outcome.ROLLED_BACK)


def test_a_recovery_is_judged_after_the_last_phase_was_taken_back() -> None:
    """What was opened or overridden before that was so for a system that was not recovered yet."""
    driven = Driven()
    driven.complete("preparation")
    driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    driven.override()
    assert driven.is_open
    driven.end("preparation", PhaseStatus.ROLLED_BACK)
    assert driven.state is INCONCLUSIVE


def test_a_rollback_after_going_live_ends_the_watch() -> None:
    """It is not live any more, and recovery is what is waited for."""
    driven = Driven()
    driven.complete(*PLAN.phases)
    driven.judge()
    driven.keep(go_live(driven.deployment, "ann", driven.now))
    decided = driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    assert (decided.live_at, decided.watched_until, decided.stage) == (None, None, Stage.ROLLING_BACK)


def test_what_broke_closes_an_open_gate_until_it_is_judged_again() -> None:
    """Also when the limit recovered; what broke is told."""
    driven = Driven()
    gate = driven.judge()
    driven.keep(break_gate(driven.deployment, ["p95: 900 ms"], "portalwatch"))
    assert driven.state is CLOSED
    assert driven.deployment.gate_reasons(gate, driven.now) == ["while it was waiting: p95: 900 ms"]
    assert break_gate(driven.deployment, ["p95: 950 ms"], "portalwatch") == []
    assert break_gate(driven.deployment, [], "portalwatch") == []
    driven.keep(break_gate(driven.deployment, ["disk: 96 %"], "portalwatch"))
    both = ["while it was waiting: p95: 900 ms", "while it was waiting: disk: 96 %"]
    assert driven.deployment.gate_reasons(gate, driven.now) == both
    driven.judge()
    assert driven.is_open


def test_an_override_holds_against_what_it_knew_and_not_against_what_breaks_after_it() -> None:
    """A limit that was broken when the gate was overridden does not close it again; another one does."""
    driven = Driven()
    gate = driven.judge(CLOSED, "p95: 900 ms")
    driven.keep(break_gate(driven.deployment, ["disk: 91 %"], "portalwatch"))
    driven.override()
    assert break_gate(driven.deployment, ["p95 is critical (absolute)"], "portalwatch") == []
    driven.keep(break_gate(driven.deployment, ["p95: 910 ms", "disk: 91 %"], "portalwatch"))
    assert driven.state is CLOSED
    driven.override("the disk is being extended")
    assert driven.is_open
    assert break_gate(driven.deployment, ["p95: 920 ms", "disk: 92 %"], "portalwatch") == []
    driven.keep(break_gate(driven.deployment, ["cpu: 99 %"], "portalwatch"))
    assert driven.state is CLOSED
    told = driven.deployment.gate_reasons(gate, driven.now)
    assert told == ["while it was waiting: disk: 91 %", "while it was waiting: cpu: 99 %", "p95: 900 ms"]
    driven.override("the job is stopped")
    assert break_gate(driven.deployment, ["disk: 93 %", "cpu: 98 %"], "portalwatch") == []
    assert driven.is_open


def test_a_new_judgement_voids_an_override() -> None:
    """Whoever overrode the gate did not know of it; who did, and why, stays in the events."""
    driven = Driven()
    driven.judge(CLOSED, "p95: 900 ms")
    driven.override("known", by="lea")
    driven.judge(CLOSED, "rows: 3 are gone")
    assert driven.state is CLOSED
    kept = next(one for one in driven.events if one.kind is EventKind.GATE_OVERRIDDEN)
    assert (kept.by, kept.detail["reason"], kept.detail["against"]) == ("lea", "known", ["p95: 900 ms"])


def test_the_gate_after_a_phase_is_due_until_it_is_passed() -> None:
    """Closed or inconclusive, it stays due; opened or overridden, the one before the next phase follows."""
    for state in (CLOSED, INCONCLUSIVE):
        driven = Driven()
        driven.complete("preparation")
        assert driven.judge(state, "x: y") == behind("preparation")
        assert (driven.deployment.due_gate, driven.state) == (behind("preparation"), state)
        driven.override()
        assert driven.deployment.due_gate == before("copy")


def test_the_last_gate_stays_due_after_it_was_opened() -> None:
    """Whoever goes live does so through an open gate, not one that was opened an hour ago."""
    driven = Driven()
    driven.complete(*PLAN.phases)
    driven.judge()
    driven.wait(hours=1)
    with pytest.raises(UndecidedError, match="the gate after a_check is inconclusive: it was opened 60 minutes ago"):
        go_live(driven.deployment, "ann", driven.now)


def test_operations_that_failed_count_until_they_were_carried_out() -> None:
    """Each once by its name, however often its line was read; the start of one gives way to its end."""
    driven = Driven()
    driven.complete("preparation")
    driven.begin("copy")
    driven.keep([operation("a", PhaseStatus.STARTED), operation("a", PhaseStatus.FAILED)])
    driven.keep([operation("b", PhaseStatus.FAILED)])
    assert driven.deployment.phases["copy"].failed_operations == 2
    driven.keep([operation("a", PhaseStatus.STARTED), operation("a", PhaseStatus.COMPLETED)])
    assert driven.deployment.phases["copy"].failed_operations == 1
    kept = [(one.name, one.status) for one in driven.deployment.phases["copy"].operations]
    assert kept == [("a", PhaseStatus.FAILED), ("b", PhaseStatus.FAILED), ("a", PhaseStatus.COMPLETED)]
    assert driven.deployment.phases["copy"].operations[0] == Operation(
        name="a", status=PhaseStatus.FAILED, seconds=3.5, rows=10
    )


def test_what_the_portal_says_of_the_time_is_believed() -> None:
    """A phase read from its log began and ended when that says so; that its gate was not open is kept."""
    driven = Driven()
    driven.wait(minutes=5)
    started, ended = START + timedelta(minutes=1), START + timedelta(minutes=3)
    begun = {"started_at": started.isoformat(), "ungated": True}
    driven.keep([NewEvent(kind=EventKind.PHASE_STARTED, by="migration_log", phase="preparation", detail=begun)])
    phase = driven.deployment.phases["preparation"]
    assert (phase.started_at, phase.ungated, phase.due_at()) == (started, True, started + timedelta(minutes=10))
    assert not phase.is_overdue(started + timedelta(minutes=10))
    assert phase.is_overdue(started + timedelta(minutes=10, seconds=1))
    over = {"ended_at": ended.isoformat()}
    driven.keep([NewEvent(kind=EventKind.PHASE_COMPLETED, by="migration_log", phase="preparation", detail=over)])
    assert driven.deployment.phases["preparation"].elapsed(driven.now) == timedelta(minutes=2)


def test_a_phase_that_did_not_begin_is_neither_late_nor_over() -> None:
    """There is no time to tell."""
    phase = Driven().deployment.phases["copy"]
    assert (phase.elapsed(START), phase.due_at(), phase.is_overdue(START)) == (None, None, False)


def test_the_last_word_on_an_item_of_the_checklist_holds() -> None:
    """Whoever spoke before stays in the events."""
    driven = Driven()
    driven.keep(sign_off(driven.deployment, "backup_verified", passed=False, note="no copy", by="ann"))
    driven.wait(hours=1)
    driven.keep(sign_off(driven.deployment, "backup_verified", passed=True, note=" restored ", by="lea"))
    assert driven.deployment.sign_offs == {"backup_verified": SignOff("lea", ItemStatus.PASS, "restored", driven.now)}


def test_advice_of_a_gate_is_the_advice_of_the_deployment() -> None:
    """With its instant; a gate without one leaves the last."""
    driven = Driven()
    advice = {"action": "roll_back", "rollback_tier": 1, "time_limit_minutes": 15}
    judged = result(before("preparation"), CLOSED, "p95: slow")
    detail = {"side": "before", "conditions": [], "advice": advice}
    driven.keep([NewEvent(kind=EventKind.GATE_JUDGED, by="ann", phase="preparation", detail=detail)])
    assert driven.deployment.advice == {**advice, "at": START}
    driven.wait(minutes=1)
    driven.judge(judged.state, *judged.reasons)
    assert driven.deployment.advice == {**advice, "at": START}


def test_a_gate_broken_that_nobody_judged_changes_nothing() -> None:
    """Between two who drive, the phase may have been taken back; its gate is inconclusive anyway."""
    driven = Driven()
    detail = {"side": "before", "reasons": ["p95: slow"]}
    driven.keep([NewEvent(kind=EventKind.GATE_BROKEN, by="portalwatch", phase="preparation", detail=detail)])
    assert (driven.deployment.standings, driven.state) == ({}, INCONCLUSIVE)


def test_what_is_watched_and_sent_is_kept_in_order() -> None:
    """Messages with their instant and who sent them."""
    driven = Driven()
    for kind in ("status", "emergency"):
        driven.wait(hours=1)
        driven.keep([NewEvent(kind=EventKind.MESSAGE_SENT, by="ann", detail={"kind": kind})])
        driven.keep([NewEvent(kind=EventKind.WATCHED, by="portalwatch", detail={"hour": driven.deployment.number})])
    assert [(one["kind"], one["at"], one["by"]) for one in driven.deployment.messages] == [
        ("status", START + timedelta(hours=1), "ann"),
        ("emergency", START + timedelta(hours=2), "ann"),
    ]
    assert [one["hour"] for one in driven.deployment.watched] == [2, 4]


def test_read_needs_nothing_but_the_events() -> None:
    """The same events give the same deployment, whoever reads them."""
    driven = Driven()
    driven.complete("preparation")
    driven.judge(CLOSED, "x: y")
    driven.keep(end_phase(driven.deployment, "preparation", PhaseStatus.ROLLED_BACK, "ann"))
    assert Deployment.read("v42", "test", iter(driven.events)) == driven.deployment
    assert opening(PLAN).detail["plan"] == driven.deployment.plan.model_dump(mode="json")
