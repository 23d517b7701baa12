"""What the clock makes of alerts: escalations, reminders, the end of an acknowledgement and of a silence."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Alert, AlertState
from alerts.mutes import Mutes
from alerts.notification import Reason
from alerts.policy import Policy
from alerts.transition import REPEAT_SECONDS, Transition, enter, next_step, occur, quieten, tell
from thresholds.routing import Tier

# How long a step waits for an alert that is just getting better, before it is looked at again.
_PATIENCE = timedelta(minutes=1)


def due_at(alert: Alert) -> datetime | None:
    """When the next step by the clock is due; None where none is ahead."""
    ahead = (alert.acknowledged_until, alert.escalates_at, alert.reminds_at, alert.muted_until)
    return min((at for at in ahead if at is not None), default=None)


def advance(alert: Alert, policy: Policy, now: datetime, mutes: Mutes | None = None) -> Transition | None:
    """The one step by the clock that is due; None where none is. Ask again until then.

    - a silence that ended: told if it is still broken, else left to its next evaluation
    - an acknowledgement that expired: firing again, at the tier it had, which begins to wait anew
    - escalation: the next tier is told
    - a reminder, on the wall clock: those missed are not made up for. The first one at the top says that the ladder is
      exhausted.

    Nobody is told under a mute, and nothing climbs while the figures are good and only not yet good for long enough.
    """
    due = due_at(alert)
    if due is None or due > now:
        return None
    return replace(_step(alert, policy, now, mutes or Mutes(policy)), late_seconds=(now - due).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """A step that is ahead of an alert if nobody does anything: who will be told, and why."""

    at: datetime
    reason: Reason
    tier: str
    channels: tuple[str, ...]


def schedule(alert: Alert, policy: Policy, mutes: Mutes | None = None) -> Iterator[Upcoming]:
    """The steps that are ahead of an alert, in order and without end where it repeats, as `advance` will take them."""
    current: Alert | None = alert
    while current is not None and (at := due_at(current)) is not None:
        transition = advance(current, policy, at, mutes)
        current = transition.after if transition else None
        if transition is not None and transition.is_history and current is not None:
            channels = tuple(one.channel for one in transition.notifications)
            yield Upcoming(at=at, reason=transition.reason, tier=current.tier, channels=channels)


def _step(alert: Alert, policy: Policy, now: datetime, mutes: Mutes) -> Transition:
    mute = mutes.why(alert, now)
    if alert.muted_until is not None and mute is None:
        return _end_silence(alert, policy, now)
    if mute is not None:
        if mute.by == alert.muted_by:
            return Transition(reason=Reason.UNCHANGED, before=alert, after=replace(alert, muted_until=mute.until))
        return quieten(alert, mute, now, before=alert)
    tier = policy.tier_of(alert)
    if alert.acknowledged_until is not None:
        reopened = replace(enter(occur(alert, now), tier, policy, now), acknowledged_by=alert.acknowledged_by)
        return tell(reopened, Reason.REOPENED, tier.channels, policy, now, before=alert)
    if alert.good_since is not None:
        return Transition(reason=Reason.UNCHANGED, before=alert, after=_postponed(alert, now))
    if alert.escalates_at is not None and alert.escalates_at <= now:
        return _escalate(alert, tier, policy, now)
    return _remind(alert, tier, policy, now)


def _end_silence(alert: Alert, policy: Policy, now: datetime) -> Transition:
    if alert.good_since is not None:
        # It is getting well: told only if it does not.
        return Transition(reason=Reason.UNCHANGED, before=alert, after=replace(alert, muted_until=None))
    tier = policy.tier_of(alert)
    firing = enter(occur(alert, now), tier, policy, now)
    told = tell(firing, Reason.UNSILENCED, tier.channels, policy, now, before=alert)
    # One summary for all that the silence covered.
    return replace(
        told, notifications=tuple(replace(one, group=f"silence:{alert.muted_by}") for one in told.notifications)
    )


def _escalate(alert: Alert, tier: Tier, policy: Policy, now: datetime) -> Transition:
    if tier.escalates_to is None:  # the configuration changed since
        return Transition(reason=Reason.UNCHANGED, before=alert, after=replace(alert, escalates_at=None))
    above = policy.routing.tiers[tier.escalates_to]
    escalated = enter(next_step(alert), above, policy, now)
    if escalated.escalates_at is None and escalated.reminds_at is None:
        escalated = replace(escalated, reminds_at=now + timedelta(seconds=REPEAT_SECONDS))
    return tell(escalated, Reason.ESCALATED, above.channels, policy, now, before=alert)


def _remind(alert: Alert, tier: Tier, policy: Policy, now: datetime) -> Transition:
    assert alert.reminds_at is not None
    if tier.reminder_seconds is None and tier.escalates_to is not None:  # the configuration changed since
        return Transition(reason=Reason.UNCHANGED, before=alert, after=replace(alert, reminds_at=None))
    every = timedelta(seconds=tier.reminder_seconds or REPEAT_SECONDS)
    following = alert.reminds_at + ((now - alert.reminds_at) // every + 1) * every
    at_the_top = alert.state is AlertState.FIRING and tier.escalates_to is None
    reminded = replace(
        next_step(alert), reminds_at=following, state=AlertState.EXHAUSTED if at_the_top else alert.state
    )
    reason = Reason.EXHAUSTED if at_the_top else Reason.REMINDED
    return tell(reminded, reason, tier.channels, policy, now, before=alert)


def _postponed(alert: Alert, now: datetime) -> Alert:
    def later(at: datetime | None) -> datetime | None:
        return at if at is None or at > now else now + _PATIENCE

    return replace(alert, escalates_at=later(alert.escalates_at), reminds_at=later(alert.reminds_at))
