"""A change of one alert, with everything that has to be written and told because of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Alert, AlertState
from alerts.mutes import Mute, MuteKind
from alerts.notification import Notification, Reason
from alerts.policy import Policy
from thresholds.routing import Tier

# The end of a ladder is told again this often where its tier says nothing of reminders: never silence.
REPEAT_SECONDS = 15 * 60.0

_EVALUATIONS = (Reason.PENDING, Reason.CLEARED, Reason.UNCHANGED, Reason.RECOVERING)
_ENDS = (Reason.RESOLVED, Reason.RETIRED)
_QUIET = (Reason.ACKNOWLEDGED, Reason.SILENCED, Reason.INHIBITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of one alert. `after` is None where an alert that never fired is forgotten.

    `without_recipient` are channels that should be told and that nobody has configured. `by` is a person;
    `late_seconds` is how long after its due time a step by the clock was taken.
    """

    reason: Reason
    after: Alert | None
    before: Alert | None = None
    notifications: tuple[Notification, ...] = ()
    without_recipient: tuple[str, ...] = ()
    by: str | None = None
    late_seconds: float = 0.0

    @property
    def is_history(self) -> bool:
        """Whether something happened to the alert, rather than one more evaluation of the same."""
        return self.reason not in _EVALUATIONS

    @property
    def stops_pending(self) -> bool:
        """Whether what is queued and not confirmed must not be sent any more.

        - acknowledged: somebody knows; silenced: nobody wants to; inhibited: a graver alert tells it
        - resolved: its own message says that the alert fired and cleared
        """
        return self.reason in (*_ENDS, *_QUIET)

    @property
    def forgets_untold(self) -> bool:
        """Whether channels whose message was stopped before any attempt need not hear of the end."""
        return self.reason in _QUIET


def enter(alert: Alert, tier: Tier, policy: Policy, now: datetime) -> Alert:
    """The alert in that tier: who is told of it, and when the next steps are due."""
    if not policy.is_ours(alert):
        return replace(alert, tier=tier.name)
    told = [*alert.channels, *(name for name in tier.channels if name in policy.channels)]
    return replace(
        alert,
        tier=tier.name,
        channels=tuple(dict.fromkeys(told)),
        escalates_at=_after(now, tier.escalates_after_seconds),
        reminds_at=_after(now, tier.reminder_seconds),
    )


def occur(alert: Alert, now: datetime) -> Alert:
    """A new occurrence: told in full, whatever was acknowledged or kept quiet."""
    return replace(
        without_steps(alert),
        state=AlertState.FIRING,
        occurrence=alert.occurrence + 1,
        step=0,
        fired_at=alert.fired_at or now,
    )


def without_steps(alert: Alert) -> Alert:
    """The alert with nothing ahead of it and nobody's word on it."""
    return replace(
        alert,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledged_until=None,
        escalates_at=None,
        reminds_at=None,
        muted_by=None,
        muted_until=None,
    )


def next_step(alert: Alert) -> Alert:
    """The same occurrence, told once more."""
    return replace(alert, step=alert.step + 1)


def tell(
    after: Alert, reason: Reason, channels: Iterable[str], policy: Policy, now: datetime, *, before: Alert | None
) -> Transition:
    """The transition with one message a channel.

    A step that reaches nobody does not wait: it escalates at once. Where there is nothing above, that is the end of the
    ladder, which is tried again.
    """
    if not policy.is_ours(after):
        return Transition(reason=reason, before=before, after=after)
    wanted = list(channels)
    reached = [name for name in wanted if name in policy.channels]
    if not reached and after.escalates_at is not None:
        after = replace(after, escalates_at=now)
    elif not reached and after.state is AlertState.FIRING and after.reminds_at is not None:
        after = replace(after, state=AlertState.EXHAUSTED)
    return Transition(
        reason=reason,
        before=before,
        after=after,
        notifications=tuple(_notification(after, reason, name, policy, now) for name in reached),
        without_recipient=tuple(name for name in wanted if name not in policy.channels),
    )


def quieten(alert: Alert, mute: Mute, now: datetime, *, before: Alert | None) -> Transition:
    """Nobody is told any more, until the mute ends.

    What is bad behind a target that is away says nothing of itself: its evidence begins anew when the target is back.
    """
    inhibited = mute.kind is MuteKind.INHIBITION
    quiet = replace(
        without_steps(alert),
        state=AlertState.INHIBITED if inhibited else AlertState.SILENCED,
        updated_at=now,
        muted_by=mute.by,
        muted_until=mute.until,
        bad_count=0 if inhibited else alert.bad_count,
        critical_count=0 if inhibited else alert.critical_count,
    )
    return Transition(reason=Reason.INHIBITED if inhibited else Reason.SILENCED, before=before, after=quiet)


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _notification(alert: Alert, reason: Reason, channel: str, policy: Policy, now: datetime) -> Notification:
    settings = policy.channels[channel]
    due_at = now + (policy.group_wait(policy.tier_of(alert)) if reason.waits_for_others else timedelta())
    return Notification(
        alert_id=alert.id,
        channel=channel,
        origin=channel,
        reason=reason,
        occurrence=alert.occurrence,
        step=alert.step,
        group=alert.target or alert.route,
        due_at=due_at,
        deadline_at=due_at + timedelta(seconds=settings.deadline_seconds),
        fallbacks=settings.fallbacks,
    )
