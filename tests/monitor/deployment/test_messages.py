"""The messages of a deployment: filled from what is known of it, and blank where only a person knows."""

from datetime import timedelta

from alerts import Announced, Attempt, Outcome, blanks
from monitor.deployment.actions import decide_rollback
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.messages import emergency_notice, sent_event, status_update
from monitor.deployment.phase import PhaseStatus
from tests.clocks import START
from tests.monitor.deployment.driven import MIGRATION, PLAN, Driven
from thresholds.deployment.gate import GateState
from thresholds.deployment.plan import DeploymentPlan
from thresholds.deployment.standing import Standing

TELLING = DeploymentPlan.model_validate(
    {**PLAN.model_dump(mode="json"), "contacts": {"name": "Carol Jones", "status": ["chat"]}}
)


def test_a_status_update_while_all_goes_well() -> None:
    """Nothing of it is for a person to say: what is done, what runs since when, what comes and when."""
    driven = Driven(TELLING)
    driven.complete("preparation")
    driven.wait(minutes=5)
    driven.begin("copy")
    driven.wait(minutes=20)
    update = status_update(driven.deployment, driven.now)
    assert blanks(update) == ()
    assert (update.deployment, update.day, update.days) == ("v42 (three phases)", 1, 7)
    assert update.standing is Standing.ON_TRACK
    assert update.completed == ("preparation: the first",)
    assert update.running is not None
    assert [(one.name, one.since, one.pace) for one in update.running] == [
        ("copy: the second", START + timedelta(minutes=5), "on time")
    ]
    assert update.upcoming is not None
    # The running phase may take an hour from its begin, the next one ten minutes more.
    assert [(one.name, one.expected_at) for one in update.upcoming] == [
        ("a_check: the last", START + timedelta(minutes=75))
    ]
    assert (update.issues, update.mitigation, update.contact) == ((), None, "Carol Jones")
    assert update.next_update_at == driven.now + timedelta(hours=4)


def test_what_comes_after_a_phase_that_is_late_counts_from_now() -> None:
    """And the phase is told to be overdue, which somebody has to say something about."""
    driven = Driven(TELLING)
    driven.begin("preparation")
    driven.wait(hours=1)
    update = status_update(driven.deployment, driven.now)
    assert update.standing is Standing.DELAYED
    assert update.running is not None
    assert update.running[0].pace == "overdue"
    assert update.upcoming is not None
    assert [one.expected_at for one in update.upcoming] == [
        driven.now + timedelta(hours=1),
        driven.now + timedelta(hours=1, minutes=10),
    ]
    assert update.issues == ("preparation is overdue by 50 min",)
    assert blanks(update) == ("mitigation",)
    assert blanks(status_update(driven.deployment, driven.now, mitigation="two more workers copy")) == ()


def test_issues_wait_for_a_mitigation() -> None:
    """A closed gate is one; nobody but a person knows what is done about it."""
    driven = Driven(TELLING)
    driven.judge(GateState.CLOSED, "p95: slow")
    update = status_update(driven.deployment, driven.now)
    assert (update.standing, update.issues) == (Standing.ISSUES, ("the gate before preparation is closed",))
    assert blanks(update) == ("mitigation",)


def test_without_a_contact_it_is_blank() -> None:
    """A plan that names nobody has nobody to be asked."""
    driven = Driven()
    assert blanks(status_update(driven.deployment, driven.now)) == ("contact",)


def test_the_next_two_phases_are_told() -> None:
    """Of a migration of seven; what was taken back comes again."""
    driven = Driven(MIGRATION)
    driven.complete("pre_migration", "phase_1")
    driven.end("phase_1", PhaseStatus.ROLLED_BACK)
    upcoming = status_update(driven.deployment, driven.now).upcoming
    assert upcoming is not None
    assert [one.name.partition(":")[0] for one in upcoming] == ["phase_1", "phase_2"]


def test_a_deployment_that_is_over_its_window_has_more_days() -> None:
    """Day 9 of 9, and not of 7."""
    driven = Driven(TELLING)
    driven.wait(days=8, hours=1)
    update = status_update(driven.deployment, driven.now)
    assert (update.day, update.days, update.standing) == (9, 9, Standing.DELAYED)


def test_an_emergency_says_what_is_known() -> None:
    """The issue; then what was decided and until when, and blanks for all that nobody has said."""
    driven = Driven(TELLING)
    driven.begin("preparation")
    driven.end("preparation", PhaseStatus.FAILED)
    notice = emergency_notice(driven.deployment, driven.now)
    assert notice.issue == "preparation failed"
    assert blanks(notice) == ("impact", "action taken", "expected resolution")
    driven.keep([NewEvent(kind=EventKind.ADVISED, by="x", detail={"action": "rollback", "time_limit_minutes": 15})])
    driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    notice = emergency_notice(driven.deployment, driven.now, impact="nobody logs in")
    assert blanks(notice) == ()
    assert notice.action_taken == "lea decided to roll back: slow"
    assert notice.expected_resolution == "2026-03-02 09:15 UTC, by the rollback"
    own = emergency_notice(
        driven.deployment, driven.now, issue="503", action_taken="waiting", expected_resolution="ten"
    )
    assert (own.issue, own.action_taken, own.expected_resolution) == ("503", "waiting", "ten")


def test_a_deployment_without_an_issue_has_no_emergency_by_itself() -> None:
    """The issue is blank then."""
    driven = Driven(TELLING)
    assert blanks(emergency_notice(driven.deployment, driven.now))[0] == "issue"


def test_what_was_sent_is_kept_with_who_has_it() -> None:
    """By the channels that delivered, each once; the regular ones have a number of their own."""
    well, ill = Attempt(Outcome.DELIVERED), Attempt(Outcome.FAILED)
    told = {
        "chat": Announced("mail", {"chat": ill, "mail": well}),
        "mail": Announced("mail", {"mail": well}),
        "sms": Announced(None, {"sms": ill}),
    }
    event = sent_event("status", told, "portalwatch", 3)
    assert event.detail == {"kind": "status", "channels": ["mail"], "failed": ["sms"]}
    assert event.source == "status:3"
    assert sent_event("status", told, "ann").source is None

    def kept(deployment: Deployment) -> object:
        return deployment.messages[-1]["kind"], deployment.messages[-1]["at"]

    driven = Driven(TELLING)
    assert kept(driven.keep([event])) == ("status", START)
