"""What people make of alerts: they take them in hand, end them, or ask for silence."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import UNANSWERED, Alert, AlertState
from alerts.errors import AlertClosedError
from alerts.evaluation import resolved
from alerts.mutes import MuteKind, Mutes
from alerts.notification import Reason
from alerts.policy import Policy
from alerts.transition import Transition, quieten, tell, without_steps


def acknowledge(alert: Alert, by: str, policy: Policy, now: datetime) -> Transition:
    """Somebody has it in hand until their tier's acknowledgement expires; saying so again starts that time anew.

    Raises AlertClosedError for an alert that nobody was told of, or that is resolved.
    """
    if alert.state not in (*UNANSWERED, AlertState.ACKNOWLEDGED):
        raise AlertClosedError(f"alert {alert.id} is {alert.state}: there is nothing to acknowledge")
    acknowledged = replace(
        without_steps(alert),
        state=AlertState.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by=by,
        acknowledged_until=now + timedelta(seconds=policy.tier_of(alert).acknowledgement_expires_seconds),
    )
    known = policy.channels
    incidents = [name for name in alert.channels if name in known and known[name].keeps_incidents]
    return replace(tell(acknowledged, Reason.ACKNOWLEDGED, incidents, policy, now, before=alert), by=by)


def resolve(alert: Alert, by: str, policy: Policy, now: datetime) -> Transition:
    """Somebody says that it is over. What is still bad opens another alert, after as much evidence as the first.

    Raises AlertClosedError for an alert that has not fired, or is resolved.
    """
    if alert.state in (AlertState.PENDING, AlertState.RESOLVED):
        raise AlertClosedError(f"alert {alert.id} is {alert.state}: there is nothing to resolve")
    return resolved(replace(alert, updated_at=now), Reason.RESOLVED, policy, now, before=alert, by=by)


def retire(alert: Alert, policy: Policy, now: datetime) -> Transition:
    """The end of an alert on a series that the configuration does not have any more: nothing would ever end it."""
    if alert.state is AlertState.PENDING:
        return Transition(reason=Reason.CLEARED, before=alert, after=None)
    ended = replace(alert, updated_at=now, summary=f"{alert.series} is not measured any more")
    return resolved(ended, Reason.RETIRED, policy, now, before=alert)


def fall_silent(alerts: Iterable[Alert], mutes: Mutes, now: datetime) -> list[Transition]:
    """What a new silence makes of alerts that are open: those it covers and nobody has answered are kept quiet."""
    found = []
    for alert in alerts:
        mute = mutes.why(alert, now) if alert.state in (*UNANSWERED, AlertState.SILENCED) else None
        if mute is None or mute.kind is not MuteKind.SILENCE:
            continue
        if alert.state is AlertState.SILENCED:
            longer = replace(alert, muted_by=mute.by, muted_until=mute.until)
            found.append(Transition(reason=Reason.UNCHANGED, before=alert, after=longer))
        else:
            found.append(quieten(alert, mute, now, before=alert))
    return found


def speak_again(alerts: Iterable[Alert], silence: str, now: datetime) -> list[Transition]:
    """What the early end of a silence makes of the alerts it kept quiet: their next step is due now."""
    return [
        Transition(reason=Reason.UNCHANGED, before=one, after=replace(one, muted_until=now))
        for one in alerts
        if one.state is AlertState.SILENCED and one.muted_by == silence
    ]
