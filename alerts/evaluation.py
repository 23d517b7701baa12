"""What evaluations make of alerts: pure decisions on evidence."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import UNANSWERED, Alert, AlertState, alert_id
from alerts.mutes import Mutes, can_speak
from alerts.notification import Reason
from alerts.policy import Policy
from alerts.transition import Transition, enter, next_step, occur, quieten, tell, without_steps
from thresholds.finding import Finding, Level

# A fault that is back within half an hour of its end is the same trouble again; one that flaps ends only when it has
# been well for a quarter of an hour, so that it is one alert and not a pair of messages each few minutes.
RETURNS_WITHIN = timedelta(minutes=30)
HOLD_DOWN = timedelta(minutes=15)


def worst_of_each(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The worst finding of each fingerprint, by fingerprint in order: all callers then open alerts in one order."""
    worst: dict[str, Finding] = {}
    for one in findings:
        known = worst.get(one.fingerprint)
        if known is None or _is_worse(one.level, known.level):
            worst[one.fingerprint] = one
    return dict(sorted(worst.items()))


def decide_all(
    findings: Mapping[str, Finding],
    open_alerts: Mapping[str, Alert],
    previous: Mapping[str, Alert],
    mutes: Mutes,
    policy: Policy,
    now: datetime,
) -> list[Transition]:
    """What one evaluation of many series makes of their alerts, all three by fingerprint.

    `open_alerts` are those of the findings, `previous` the latest one that ended. A target that is away is decided
    first, then what is critical, so that they can speak for the rest.
    """
    transitions = []
    graver_first = sorted(
        findings.items(),
        key=lambda one: (not policy.says_that_a_target_is_away(one[1]), one[1].level is not Level.CRITICAL),
    )
    for fingerprint, finding in graver_first:
        transition = decide(
            open_alerts.get(fingerprint), finding, policy, now, mutes=mutes, previous=previous.get(fingerprint)
        )
        if transition is not None:
            transitions.append(transition)
            if transition.after is not None:
                mutes.hear(transition.after)
    return transitions


def speakers(transitions: Iterable[Transition]) -> list[Alert]:
    """Alerts that have just begun to speak for others."""
    begun = (one.after for one in transitions if one.reason in (Reason.FIRED, Reason.RAISED))
    return [one for one in begun if one is not None and can_speak(one)]


def inhibited_by(graver: Collection[Alert], others: Iterable[Alert], policy: Policy, now: datetime) -> list[Transition]:
    """Alerts that were told already, and that those which have just begun to speak now speak for."""
    mutes, ids = Mutes(policy, alerts=graver), {one.id for one in graver}
    waiting = [one for one in others if one.state in UNANSWERED and one.id not in ids]
    return [quieten(one, mute, now, before=one) for one in waiting if (mute := mutes.inhibition(one)) is not None]


def decide(
    alert: Alert | None,
    finding: Finding,
    policy: Policy,
    now: datetime,
    *,
    mutes: Mutes | None = None,
    previous: Alert | None = None,
) -> Transition | None:
    """What one evaluation makes of the open alert of its fingerprint (None: there is none).

    - ok without an alert: nothing (None)
    - bad: counted as pending; fires at the level for which there are N consecutive evaluations at least that bad
    - bad while firing or acknowledged: silent, except when there is enough evidence of a higher level: it is raised,
      which tells the higher tier in spite of an acknowledgement
    - fires or is raised under a mute: kept quiet, with its history; told once the mute is gone and it is still bad
    - ok while pending: forgotten
    - ok otherwise: resolves after M in a row, one that flaps after a quarter of an hour; everybody who was told hears
      of it

    `previous` is the latest alert of the fingerprint that ended.
    """
    if finding.level is Level.OK:
        return None if alert is None else _improve(alert, finding, policy, now)
    mutes = mutes or Mutes(policy)
    counted = _count_bad(alert or _open(finding, previous, policy, now), finding, now)
    reached = _level_reached(counted, policy.evidence_of(finding).bad_evaluations)
    level = reached if reached and _is_worse(reached, counted.level) else counted.level
    if counted.state is AlertState.PENDING:
        if reached is None:
            return Transition(reason=Reason.PENDING, before=alert, after=counted)
        return _fire(replace(counted, level=reached), Reason.FIRED, mutes, policy, now, before=alert)
    worse = replace(counted, level=level)
    if counted.state in (AlertState.SILENCED, AlertState.INHIBITED):
        return _listen(worse, reached, mutes, policy, now, before=alert)
    if level is not counted.level:
        return _fire(worse, Reason.RAISED, mutes, policy, now, before=alert)
    mute = mutes.why(counted, now) if counted.state in UNANSWERED else None
    if mute is not None:
        return quieten(counted, mute, now, before=alert)
    return Transition(reason=Reason.UNCHANGED, before=alert, after=counted)


def _fire(
    alert: Alert, reason: Reason, mutes: Mutes, policy: Policy, now: datetime, *, before: Alert | None
) -> Transition:
    mute = mutes.why(alert, now)
    if mute is not None:
        return quieten(alert, mute, now, before=before)
    tier = policy.routing.tier_of(alert.route, alert.level)
    if alert.was_told:
        tier = policy.higher(tier, policy.tier_of(alert))
    firing = enter(occur(alert, now), tier, policy, now)
    return tell(firing, reason, tier.channels, policy, now, before=before)


def _listen(
    alert: Alert, reached: Level | None, mutes: Mutes, policy: Policy, now: datetime, *, before: Alert | None
) -> Transition:
    """A muted alert is still bad: it goes on being quiet, or is told now that nothing mutes it any more."""
    mute = mutes.why(alert, now)
    if mute is not None and mute.by != alert.muted_by:
        return quieten(alert, mute, now, before=before)
    if mute is not None:
        # Evidence that was gathered behind a target that is away does not count.
        kept = before if alert.state is AlertState.INHIBITED and before else alert
        after = replace(alert, bad_count=kept.bad_count, critical_count=kept.critical_count, muted_until=mute.until)
        return Transition(reason=Reason.UNCHANGED, before=before, after=after)
    if reached is None:
        return Transition(reason=Reason.UNCHANGED, before=before, after=alert)
    reason = Reason.UNSILENCED if alert.state is AlertState.SILENCED else Reason.FIRED
    return _fire(alert, reason, mutes, policy, now, before=before)


def _improve(alert: Alert, finding: Finding, policy: Policy, now: datetime) -> Transition:
    if alert.state is AlertState.PENDING:
        return Transition(reason=Reason.CLEARED, before=alert, after=None)
    counted = replace(
        _see(alert, finding, now),
        bad_count=0,
        critical_count=0,
        good_count=alert.good_count + 1,
        good_since=alert.good_since or now,
    )
    assert counted.good_since is not None
    held = counted.is_flapping and now - counted.good_since < HOLD_DOWN
    if held or counted.good_count < policy.evidence_of(finding).good_evaluations:
        return Transition(reason=Reason.RECOVERING, before=alert, after=counted)
    return resolved(counted, Reason.RESOLVED, policy, now, before=alert)


def resolved(
    alert: Alert, reason: Reason, policy: Policy, now: datetime, *, before: Alert, by: str | None = None
) -> Transition:
    """The end of an alert; everybody who was told of it hears of it."""
    ended = replace(
        next_step(without_steps(alert)),
        state=AlertState.RESOLVED,
        resolved_at=now,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
    )
    return replace(tell(ended, reason, alert.channels, policy, now, before=before), by=by)


def _open(finding: Finding, previous: Alert | None, policy: Policy, now: datetime) -> Alert:
    returns = previous is not None and previous.was_told and previous.resolved_at is not None
    back_soon = returns and previous is not None and now - (previous.resolved_at or now) < RETURNS_WITHIN
    return Alert(
        id=alert_id(finding.fingerprint, previous.id if previous else ""),
        fingerprint=finding.fingerprint,
        series=finding.series,
        route=finding.route,
        rule=finding.rule,
        unit=finding.unit,
        opened_at=now,
        level=finding.level,
        tier=policy.routing.tier_of(finding.route, finding.level).name,
        state=AlertState.PENDING,
        summary=finding.summary,
        value=finding.value,
        value_limit=finding.limit,
        action=finding.action,
        bad_count=0,
        critical_count=0,
        good_count=0,
        occurrence=0,
        step=0,
        channels=(),
        updated_at=now,
        target=policy.target_of(finding.series),
        flaps=previous.flaps + 1 if back_soon and previous else 0,
    )


def _see(alert: Alert, finding: Finding, now: datetime) -> Alert:
    return replace(
        alert,
        summary=finding.summary,
        value=finding.value,
        value_limit=finding.limit,
        action=finding.action,
        updated_at=now,
    )


def _count_bad(alert: Alert, finding: Finding, now: datetime) -> Alert:
    critical = alert.critical_count + 1 if finding.level is Level.CRITICAL else 0
    return replace(
        _see(alert, finding, now),
        bad_count=alert.bad_count + 1,
        critical_count=critical,
        good_count=0,
        good_since=None,
    )


def _level_reached(alert: Alert, bad_evaluations: int) -> Level | None:
    """The worst level with enough evidence: one critical value among warnings pages nobody at the critical tier."""
    if alert.critical_count >= bad_evaluations:
        return Level.CRITICAL
    return Level.WARNING if alert.bad_count >= bad_evaluations else None


def _is_worse(one: Level, other: Level) -> bool:
    order = list(Level)
    return order.index(one) > order.index(other)
