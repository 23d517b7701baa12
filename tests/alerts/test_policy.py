"""Decisions as tables of evaluations, steps of the clock, and people."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from alerts import (
    Alert,
    AlertClosedError,
    AlertState,
    ChannelSettings,
    Evidence,
    Policy,
    Reason,
    Transition,
    acknowledge,
    advance,
    decide,
    evidence_by_limits,
)
from baselines.series import Series
from tests.alerts.house import START, finding
from thresholds.finding import Level, Rule
from thresholds.matrix import load_matrix
from thresholds.routing import Routing

OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL
TIER_2 = ("slack-alerts", "email-ops-team")
TIER_3 = ("slack-critical", "email-ops-team", "sms-on-call")
TIER_4 = ("phone-call-escalation", "email-executives")


@pytest.fixture
def policy(routing: Routing) -> Policy:
    """The routing and the limits as shipped, with every channel configured."""
    names = {name for tier in routing.tiers.values() for name in tier.channels}
    channels = {name: ChannelSettings(url=SecretStr("json://localhost")) for name in names}
    matrix = load_matrix()
    return Policy(routing, channels, evidence_by_limits(lambda one: matrix.limits_of(Series(one.series))))


def evaluate(policy: Policy, levels: list[Level], alert: Alert | None = None, rule: Rule = Rule.ABSOLUTE) -> Transition:
    """The last transition of evaluations a minute apart."""
    transition = None
    for minute, level in enumerate(levels):
        now = (alert.updated_at if alert else START) + timedelta(minutes=min(minute, 1))
        transition = decide(alert, finding(level, rule=rule), policy, now)
        alert = transition.after if transition else None
    assert transition is not None
    return transition


def fired(policy: Policy, level: Level = WARNING) -> Alert:
    """An alert that just fired."""
    after = evaluate(policy, [level] * 3).after
    assert after is not None
    assert after.state is AlertState.FIRING
    return after


def told(transition: Transition) -> tuple[str, ...]:
    """The channels that are told."""
    return tuple(one.channel for one in transition.notifications)


@pytest.mark.parametrize(
    ("levels", "reason", "channels"),
    [
        ([WARNING], Reason.PENDING, ()),
        ([WARNING, WARNING], Reason.PENDING, ()),
        ([WARNING, WARNING, WARNING], Reason.FIRED, TIER_2),
        ([CRITICAL, CRITICAL, CRITICAL], Reason.FIRED, TIER_3),
        ([CRITICAL, WARNING, WARNING], Reason.FIRED, TIER_2),
        ([WARNING, WARNING, CRITICAL], Reason.FIRED, TIER_2),
        ([WARNING, WARNING, OK], Reason.CLEARED, ()),
        ([WARNING, WARNING, OK, WARNING], Reason.PENDING, ()),
        ([WARNING] * 4, Reason.UNCHANGED, ()),
        ([WARNING] * 3 + [CRITICAL] * 2, Reason.UNCHANGED, ()),
        ([WARNING] * 3 + [CRITICAL] * 3, Reason.RAISED, TIER_3),
        ([WARNING] * 3 + [CRITICAL, CRITICAL, WARNING, CRITICAL], Reason.UNCHANGED, ()),
        ([CRITICAL] * 3 + [WARNING] * 3, Reason.UNCHANGED, ()),
        ([CRITICAL] * 3 + [WARNING] * 3 + [CRITICAL] * 3, Reason.UNCHANGED, ()),
        ([WARNING] * 3 + [OK], Reason.RECOVERING, ()),
        ([WARNING] * 3 + [OK, WARNING, OK], Reason.RECOVERING, ()),
        ([WARNING] * 3 + [OK, OK], Reason.RESOLVED, TIER_2),
        ([WARNING] * 3 + [CRITICAL] * 3 + [OK, OK], Reason.RESOLVED, (*TIER_2, "slack-critical", "sms-on-call")),
    ],
)
def test_what_evaluations_make_of_an_alert(
    policy: Policy, levels: list[Level], reason: Reason, channels: tuple[str, ...]
) -> None:
    """Three consecutive bad evaluations fire, at the level all three reach; two good ones resolve; the level only
    rises; everybody who was told hears of the end.
    """
    transition = evaluate(policy, levels)
    assert (transition.reason, told(transition)) == (reason, channels)


def test_ok_without_an_alert_is_nothing(policy: Policy) -> None:
    """A good evaluation of a series without an alert changes nothing."""
    assert decide(None, finding(OK), policy, START) is None


def test_a_finding_of_a_comparison_fires_at_once(policy: Policy) -> None:
    """A comparison has made sure before it says degraded: one finding fires."""
    assert evaluate(policy, [WARNING], rule=Rule.BASELINE).reason is Reason.FIRED


def test_the_numbers_of_the_rule_count(policy: Policy) -> None:
    """With one bad and one good evaluation asked for, one fires and one resolves."""
    hasty = replace(policy, evidence_of=lambda _: Evidence(bad_evaluations=1, good_evaluations=1))
    assert evaluate(hasty, [WARNING]).reason is Reason.FIRED
    assert evaluate(hasty, [WARNING, OK]).reason is Reason.RESOLVED


def test_evidence_is_at_least_one_evaluation() -> None:
    """An alert that fires after none is refused."""
    with pytest.raises(ValueError, match="at least one"):
        Evidence(bad_evaluations=0, good_evaluations=2)


def test_the_identity_has_no_value_in_it(policy: Policy) -> None:
    """Another value is the same alert, and so is another instant, for an instance that can't ask the others; the next
    alert of the same series and rule has another id.
    """
    first = decide(None, finding(value=0.4), policy, START)
    same = decide(None, finding(value=0.5), policy, START + timedelta(seconds=7))
    over = evaluate(policy, [WARNING] * 3 + [OK] * 2).after
    following = decide(None, finding(value=0.4), policy, START + timedelta(hours=1), previous=over)
    ids = [one.after.id for one in (first, same, following) if one and one.after]
    assert ids[0] == ids[1] != ids[2]


def test_a_worse_level_tells_in_spite_of_an_acknowledgement(policy: Policy) -> None:
    """An acknowledged warning that becomes critical fires again at the higher tier, as a new occurrence."""
    acknowledged = acknowledge(fired(policy), "ada", policy, START).after
    assert evaluate(policy, [WARNING] * 5, acknowledged).reason is Reason.UNCHANGED
    raised = evaluate(policy, [CRITICAL] * 3, acknowledged)
    assert (raised.reason, told(raised)) == (Reason.RAISED, TIER_3)
    assert raised.after is not None
    assert (raised.after.state, raised.after.occurrence) == (AlertState.FIRING, 2)
    assert raised.after.acknowledged_by is None


def test_an_alert_that_was_escalated_does_not_come_down_when_it_gets_worse(policy: Policy) -> None:
    """A warning that climbed to tier 4 and becomes critical tells tier 4, not tier 3."""
    climbed = replace(fired(policy), tier="tier_4_emergency")
    assert told(evaluate(policy, [CRITICAL] * 3, climbed)) == TIER_4


def test_escalation_climbs_the_ladder_on_time(policy: Policy) -> None:
    """Unacknowledged, a warning reaches tier 3 after an hour and tier 4 after 15 more minutes, and nothing before."""
    alert = fired(policy)
    hour = alert.updated_at + timedelta(hours=1)
    assert advance(alert, policy, hour - timedelta(seconds=1)) is None
    third = advance(alert, policy, hour)
    assert third is not None
    assert third.after is not None
    assert (third.reason, told(third), third.after.tier) == (Reason.ESCALATED, TIER_3, "tier_3_critical")
    assert advance(third.after, policy, hour + timedelta(minutes=14)) is None
    fourth = advance(third.after, policy, hour + timedelta(minutes=15, seconds=20))
    assert fourth is not None
    assert (fourth.reason, told(fourth)) == (Reason.ESCALATED, TIER_4)
    assert fourth.late_seconds == 20


def test_reminders_keep_to_the_wall_clock(policy: Policy) -> None:
    """At tier 4 a reminder comes every 15 minutes from the first message, the first of them as the end of the ladder; a
    late one does not move the next, and those missed are not made up for.
    """
    alert = replace(fired(policy, CRITICAL), tier="tier_4_emergency", escalates_at=None, reminds_at=START)
    first = advance(alert, policy, START + timedelta(minutes=2))
    assert first is not None
    assert first.after is not None
    assert (first.reason, told(first)) == (Reason.EXHAUSTED, TIER_4)
    assert first.after.reminds_at == START + timedelta(minutes=15)
    later = advance(first.after, policy, START + timedelta(minutes=61))
    assert later is not None
    assert later.after is not None
    assert later.after.reminds_at == START + timedelta(minutes=75)
    assert first.notifications[0].key != later.notifications[0].key


def test_an_acknowledgement_expires(policy: Policy) -> None:
    """A tier 2 acknowledgement counts for four hours; then the alert fires again and climbs again."""
    acknowledged = acknowledge(fired(policy), "ada", policy, START).after
    assert acknowledged is not None
    assert advance(acknowledged, policy, START + timedelta(hours=3, minutes=59)) is None
    reopened = advance(acknowledged, policy, START + timedelta(hours=4))
    assert reopened is not None
    assert reopened.after is not None
    assert (reopened.reason, told(reopened), reopened.after.state) == (Reason.REOPENED, TIER_2, AlertState.FIRING)
    assert reopened.after.escalates_at == START + timedelta(hours=5)
    assert reopened.after.occurrence == 2


def test_only_what_fired_and_is_open_can_be_acknowledged(policy: Policy) -> None:
    """A pending alert and a resolved one are refused, with the state in the message."""
    pending = evaluate(policy, [WARNING]).after
    resolved = evaluate(policy, [WARNING] * 3 + [OK] * 2).after
    assert pending is not None
    assert resolved is not None
    for alert, state in ((pending, "pending"), (resolved, "resolved")):
        with pytest.raises(AlertClosedError, match=state):
            acknowledge(alert, "ada", policy, START)


def test_a_step_without_a_recipient_does_not_wait(policy: Policy) -> None:
    """With no channel of tier 2 configured, the alert says so and escalates at once."""
    bare = replace(policy, channels={name: one for name, one in policy.channels.items() if name not in TIER_2})
    transition = evaluate(bare, [WARNING] * 3)
    assert transition.after is not None
    assert (told(transition), transition.without_recipient) == ((), TIER_2)
    assert transition.after.escalates_at == transition.after.updated_at


def test_steps_of_a_tier_that_the_configuration_no_longer_has_are_dropped(policy: Policy) -> None:
    """An escalation due at the top of the ladder tells nobody and does not come up again."""
    alert = replace(fired(policy, CRITICAL), tier="tier_4_emergency", reminds_at=None, escalates_at=START)
    dropped = advance(alert, policy, START)
    assert dropped is not None
    assert dropped.after is not None
    assert (dropped.reason, told(dropped), dropped.after.escalates_at) == (Reason.UNCHANGED, (), None)


def test_the_key_names_alert_occurrence_step_reason_and_channel(policy: Policy) -> None:
    """The idempotency key is those five and nothing that changes between two tries."""
    transition = evaluate(policy, [WARNING] * 3)
    assert transition.after is not None
    assert transition.notifications[0].key == f"{transition.after.id}:1:0:fired:slack-alerts"
    assert transition.notifications[0].due_at == transition.after.updated_at + timedelta(seconds=30)
    assert transition.notifications[0].deadline_at == transition.notifications[0].due_at + timedelta(seconds=300)
