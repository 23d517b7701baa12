"""What may be done to a deployment, and what is said where it may not."""

from collections.abc import Callable

import pytest

from monitor.deployment.actions import (
    advise,
    begin_phase,
    break_gate,
    close,
    decide_rollback,
    due_gate,
    end_phase,
    finish_recovery,
    go_live,
    judge_gate,
    override_gate,
    require_open,
    sign_off,
)
from monitor.deployment.deployment import Deployment, Outcome, Stage
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import PhaseStatus
from monitor.errors import ConfigurationError, MonitorError, RefusedError, UndecidedError
from tests.monitor.deployment.driven import PLAN, Driven, before, behind, result
from thresholds.deployment.gate import RECOVERY, GateState

COMPLETED, FAILED, ROLLED_BACK = PhaseStatus.COMPLETED, PhaseStatus.FAILED, PhaseStatus.ROLLED_BACK


def refusal(action: Callable[[], object], error: type[MonitorError] = ConfigurationError) -> str:
    """What the action says of why it may not be done."""
    with pytest.raises(MonitorError) as caught:
        action()
    assert type(caught.value) is error
    return str(caught.value)


def live() -> Driven:
    """A deployment that went live."""
    driven = Driven()
    driven.complete(*PLAN.phases)
    driven.judge()
    driven.keep(go_live(driven.deployment, "ann", driven.now))
    return driven


def over() -> Driven:
    """A deployment that was abandoned in its first phase."""
    driven = Driven()
    driven.begin("preparation")
    driven.keep(close(driven.deployment, "ann", Outcome.ABANDONED, {}))
    return driven


def begin(driven: Driven, phase: str) -> Callable[[], list[NewEvent]]:
    """The phase is begun without anything being done for its gate."""
    return lambda: begin_phase(driven.deployment, phase, "bob", driven.now)


def end(driven: Driven, phase: str, status: PhaseStatus) -> Callable[[], list[NewEvent]]:
    """The phase ends so."""
    return lambda: end_phase(driven.deployment, phase, status, "bob")


def test_a_phase_begins_through_an_open_gate() -> None:
    """One event, by whoever began it."""
    driven = Driven()
    driven.judge()
    assert begin(driven, "preparation")() == [
        NewEvent(kind=EventKind.PHASE_STARTED, by="bob", phase="preparation"),
    ]


def test_a_phase_does_not_begin_through_any_other_gate() -> None:
    """Closed is refused, inconclusive undecided; both with the reasons and what to do."""
    driven = Driven()
    what = "Evaluate it with `portalwatch deploy gate`, or override it there"
    told = refusal(begin(driven, "preparation"), UndecidedError)
    assert told == f"the gate before preparation is inconclusive: it was not evaluated yet. {what}"
    driven.judge(GateState.CLOSED, "a: 1", "b: 2")
    told = refusal(begin(driven, "preparation"), RefusedError)
    assert told == f"the gate before preparation is closed: a: 1; b: 2. {what}"
    driven.override()
    assert begin(driven, "preparation")()


def test_phases_begin_in_their_order() -> None:
    """The next one only, and none twice."""
    driven = Driven()
    assert refusal(begin(driven, "phase_9")) == "there is no phase phase_9; there are: preparation, copy, a_check"
    assert refusal(begin(driven, "copy")) == "preparation comes before copy and is pending"
    driven.begin("preparation")
    assert refusal(begin(driven, "preparation")) == "preparation is running already: ann began it"
    assert refusal(begin(driven, "copy")) == "preparation is still running; say how it ended first"
    driven.end("preparation", FAILED)
    assert refusal(begin(driven, "copy")) == "preparation comes before copy and is failed"
    driven.complete("preparation")
    assert refusal(begin(driven, "preparation")) == "preparation is completed"
    assert refusal(begin(driven, "a_check")) == "copy comes before a_check and is pending"


def test_no_phase_begins_after_going_live_nor_after_the_end() -> None:
    """Each with where the deployment stands."""
    assert refusal(begin(live(), "copy")) == "the deployment v42 is watching"
    assert refusal(begin(over(), "copy")) == "the deployment v42 is over: abandoned"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (COMPLETED, EventKind.PHASE_COMPLETED),
        (FAILED, EventKind.PHASE_FAILED),
        (ROLLED_BACK, EventKind.PHASE_ROLLED_BACK),
    ],
)
def test_a_running_phase_ends(status: PhaseStatus, kind: EventKind) -> None:
    """One way or another."""
    driven = Driven()
    driven.begin("preparation")
    assert end(driven, "preparation", status)() == [NewEvent(kind=kind, by="bob", phase="preparation")]


def test_only_what_runs_ends_and_only_what_was_begun_is_taken_back() -> None:
    """And the last one first."""
    driven = Driven()
    assert refusal(end(driven, "x", COMPLETED)) == "there is no phase x; there are: preparation, copy, a_check"
    assert refusal(end(driven, "copy", COMPLETED)) == "copy is pending and not running"
    assert refusal(end(driven, "copy", ROLLED_BACK)) == "copy is pending; there is nothing to take back"
    driven.complete("preparation")
    assert refusal(end(driven, "preparation", FAILED)) == "preparation is completed and not running"
    driven.begin("copy")
    told = "copy came after preparation and is taken back first"
    assert refusal(end(driven, "preparation", ROLLED_BACK)) == told
    driven.end("copy", ROLLED_BACK)
    assert refusal(end(driven, "copy", ROLLED_BACK)) == "copy is rolled_back; there is nothing to take back"
    assert end(driven, "preparation", ROLLED_BACK)()
    assert refusal(end(over(), "preparation", COMPLETED)) == "the deployment v42 is over: abandoned"


def test_nothing_is_taken_back_from_under_what_is_live() -> None:
    """A rollback is decided first; then it goes."""
    driven = live()
    told = "the deployment v42 is live; decide first that it is rolled back"
    assert refusal(end(driven, "a_check", ROLLED_BACK)) == told
    driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    assert end(driven, "a_check", ROLLED_BACK)()


def test_a_judgement_is_kept_with_all_it_says() -> None:
    """State, conditions, captures, and the advice where there is one."""
    driven = Driven()
    gate = before("preparation")
    (event,) = judge_gate(driven.deployment, result(gate, GateState.CLOSED, "p95: 900 ms"), "ann", 1)
    assert (event.kind, event.phase) == (EventKind.GATE_JUDGED, "preparation")
    assert (event.detail["side"], event.detail["state"], event.detail["captures"]) == ("before", "closed", ["gate-1"])
    assert [one["condition"] for one in event.detail["conditions"]] == ["comparison", "limits"]
    assert "advice" not in event.detail


def test_a_judgement_on_another_state_is_refused() -> None:
    """Who did what meanwhile is said, also where the same gate is due again."""
    driven = Driven()
    gate, seen = before("preparation"), driven.deployment.number
    driven.judge()
    driven.keep(begin(driven, "preparation")())
    told = refusal(lambda: judge_gate(driven.deployment, result(gate), "ann", seen), RefusedError)
    assert told == "the gate before preparation is not due any more: bob told phase_started preparation meanwhile"
    driven.end("preparation", FAILED)
    assert driven.deployment.due_gate == gate
    told = refusal(lambda: judge_gate(driven.deployment, result(gate), "ann", seen), RefusedError)
    assert told == "the gate before preparation is not due any more: ann told phase_failed preparation meanwhile"
    assert judge_gate(driven.deployment, result(gate), "ann", driven.deployment.number)


def test_a_judgement_on_a_gate_that_was_passed_meanwhile_is_refused() -> None:
    """By whoever overrode it; and nobody is named where nothing was done about it."""
    driven = Driven()
    driven.complete("preparation")
    seen = driven.deployment.number
    driven.override(by="lea")
    driven.keep(advise(driven.deployment, {"action": "continue"}, "portalwatch"))
    told = refusal(lambda: judge_gate(driven.deployment, result(behind("preparation")), "ann", seen), RefusedError)
    assert told == "the gate after preparation is not due any more: lea told gate_overridden preparation meanwhile"
    number = driven.deployment.number
    told = refusal(lambda: judge_gate(driven.deployment, result(behind("copy")), "ann", number), RefusedError)
    assert told == "the gate after copy is not due any more"


def test_what_moves_nothing_lets_a_judgement_stand() -> None:
    """A sign-off or a message while the gate is evaluated."""
    driven = Driven()
    driven.keep(sign_off(driven.deployment, "backup_verified", passed=True, note="seen", by="lea"))
    assert judge_gate(driven.deployment, result(before("preparation")), "ann", 1)


def test_an_override_needs_a_gate_that_is_not_open_a_name_and_a_reason() -> None:
    """And keeps what spoke against it."""
    driven = Driven()

    def override(by: str = " lea ", reason: str = " it is known ") -> list[NewEvent]:
        return override_gate(driven.deployment, by, reason, driven.now)

    missing = "an override has a name and a reason: give --by and --reason"
    assert refusal(lambda: override(by=" ")) == missing
    assert refusal(lambda: override(reason="\n")) == missing
    detail = {"side": "before", "reason": "it is known", "against": ["it was not evaluated yet"]}
    kept = NewEvent(kind=EventKind.GATE_OVERRIDDEN, by="lea", phase="preparation", detail=detail)
    assert override() == [kept]
    driven.judge()
    assert refusal(override) == "the gate before preparation is open; there is nothing to override"
    driven.wait(hours=1)
    assert override()
    driven.begin("preparation")
    assert refusal(override) == "preparation is running; its gate is due when it has ended"


def test_a_gate_that_is_not_due_says_why() -> None:
    """While a phase runs, after going live, after the end."""
    assert due_gate(Driven().deployment) == before("preparation")
    assert refusal(lambda: due_gate(live().deployment)) == "no gate is due: the deployment is watching"
    driven = Driven()
    driven.begin("preparation")
    driven.end("preparation")
    driven.keep(close(driven.deployment, "ann", Outcome.ABANDONED, {}))
    assert refusal(lambda: due_gate(driven.deployment)) == "no gate is due: the deployment is finished"
    require_open(driven.deployment, driven.now)


def test_a_gate_breaks_only_where_it_let_somebody_through() -> None:
    """Not where it was never judged, is closed already, or none is due."""
    driven = Driven()
    reasons = ["p95: 900 ms"]
    assert break_gate(driven.deployment, reasons, "portalwatch") == []
    driven.judge(GateState.CLOSED, "x: y")
    assert break_gate(driven.deployment, reasons, "portalwatch") == []
    driven.judge(GateState.INCONCLUSIVE, "x: y")
    assert break_gate(driven.deployment, reasons, "portalwatch") == [
        NewEvent(
            kind=EventKind.GATE_BROKEN,
            by="portalwatch",
            phase="preparation",
            detail={"side": "before", "reasons": reasons},
        )
    ]
    driven.begin("preparation")
    assert break_gate(driven.deployment, reasons, "portalwatch") == []


def test_a_sign_off_is_for_an_item_of_people_and_by_a_name() -> None:
    """One that only a person knows, or that is critical, should it not be readable; else it is told what there is."""
    driven = Driven()

    def signed(item: str = "backup_verified", by: str = "lea", on: Deployment = driven.deployment) -> list[NewEvent]:
        return sign_off(on, item, passed=False, note=" no copy ", by=by)

    assert refusal(lambda: signed("disk")) == (
        "there is nothing to sign off called disk; there are: "
        "backup_verified, core_tables, active_client_groups, failed_operations, api_compatibility"
    )
    assert (
        refusal(lambda: signed(by=" "))
        == "a sign-off has a name and a note of what was looked at: give --by and --note"
    )
    assert refusal(lambda: signed(on=over().deployment)) == "the deployment v42 is over: abandoned"
    detail = {"item": "backup_verified", "passed": False, "note": "no copy"}
    assert signed() == [NewEvent(kind=EventKind.SIGNED_OFF, by="lea", detail=detail)]


def test_advice_is_for_what_is_not_over() -> None:
    """It is kept as it was given."""
    advice = {"action": "continue"}
    assert advise(Driven().deployment, advice, "x") == [NewEvent(kind=EventKind.ADVISED, by="x", detail=advice)]
    assert refusal(lambda: advise(over().deployment, advice, "x")) == "the deployment v42 is over: abandoned"


def test_a_rollback_is_decided_once_by_a_name_for_a_reason_of_what_was_begun() -> None:
    """It takes tier and time of the last advice."""
    driven = Driven()

    def decided(by: str = "lea", reason: str = "slow") -> list[NewEvent]:
        return decide_rollback(driven.deployment, by, reason)

    nothing = "no phase was begun, so there is nothing to roll back; `deploy finish --abandon` ends it"
    assert refusal(decided) == nothing
    driven.begin("preparation")
    missing = "a rollback is decided by a named person for a reason: give --by and --reason"
    assert refusal(lambda: decided(by="")) == missing
    assert refusal(lambda: decided(reason=" ")) == missing
    assert dict(decided()[0].detail) == {"reason": "slow", "tier": None, "within_minutes": None, "advised": None}
    advice = {"action": "roll_back", "rollback_tier": 1, "time_limit_minutes": 15}
    driven.keep(advise(driven.deployment, advice, "portalwatch"))
    kept = driven.keep(decided())
    assert kept.rollback is not None
    assert kept.rollback.within is not None
    assert (kept.rollback.by, kept.rollback.tier, kept.rollback.within.total_seconds()) == ("lea", 1, 900.0)
    assert refusal(decided) == "lea decided that already"
    assert refusal(lambda: decide_rollback(over().deployment, "lea", "slow")) == "the deployment v42 is over: abandoned"


def test_going_live_comes_after_all_phases_and_their_gate() -> None:
    """What is missing is said."""
    driven = Driven()

    def went() -> list[NewEvent]:
        return go_live(driven.deployment, "ann", driven.now)

    driven.complete("preparation")
    assert refusal(went) == "copy is pending; it comes first"
    driven.begin("copy")
    assert refusal(went) == "copy is still running; say how it ended first"
    driven.end("copy")
    driven.complete("a_check")
    assert refusal(went, UndecidedError).startswith("the gate after a_check is inconclusive: it was not evaluated yet.")
    driven.judge(GateState.CLOSED, "x: y")
    assert refusal(went, RefusedError).startswith("the gate after a_check is closed: x: y.")
    driven.override()
    driven.keep(went())
    assert driven.deployment.stage is Stage.WATCHING
    assert refusal(went) == "the deployment v42 is watching"


def test_only_a_rollback_that_was_decided_ends_with_the_recovery() -> None:
    """Not what was never begun, nor what is over already."""
    driven = Driven()
    driven.judge()

    def finish() -> list[NewEvent]:
        return finish_recovery(driven.deployment, "ann", driven.now)

    nobody = "nobody decided to roll back, so there is no recovery to finish"
    assert refusal(finish) == nobody
    driven.begin("preparation")
    driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    left = "not rolled back yet: preparation; say so with `deploy phase NAME --as rolled_back`"
    assert refusal(finish) == left
    driven.end("preparation", ROLLED_BACK)
    assert driven.judge(GateState.CLOSED, "rows: gone") == RECOVERY
    assert refusal(finish, RefusedError).startswith("the gate recovery is closed: rows: gone.")
    driven.judge()
    driven.keep(finish())
    assert refusal(finish) == "the deployment v42 is over: rolled_back"


def test_what_is_closed_is_over_once_and_in_its_way() -> None:
    """Abandoned from anywhere; a success has gone live; a rollback has a gate of its own."""
    driven = Driven()
    told = "the deployment v42 is under way; what succeeds has gone live"
    assert refusal(lambda: close(driven.deployment, "ann", Outcome.SUCCEEDED, {})) == told
    told = "a rollback ends through the gate of its recovery"
    assert refusal(lambda: close(driven.deployment, "ann", Outcome.ROLLED_BACK, {})) == told
    detail = {"notes": "none", "outcome": Outcome.SUCCEEDED}
    closed = close(live().deployment, "ann", Outcome.SUCCEEDED, {"notes": "none"})
    assert closed == [NewEvent(kind=EventKind.FINISHED, by="ann", detail=detail)]
    told = "the deployment v42 is over: abandoned"
    assert refusal(lambda: close(over().deployment, "ann", Outcome.ABANDONED, {})) == told
