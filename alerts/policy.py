"""What becomes of an alert: pure decisions on evidence, on the clock and on people."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Alert, AlertState, alert_id
from alerts.errors import AlertClosedError
from alerts.notification import Notification, Reason
from alerts.settings import ChannelSettings
from thresholds.finding import Finding, Level, Rule
from thresholds.limit import SeriesLimits
from thresholds.routing import Routing, Tier


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many consecutive evaluations an alert needs to fire, and to resolve; both at least 1."""

    bad_evaluations: int
    good_evaluations: int

    def __post_init__(self) -> None:
        if min(self.bad_evaluations, self.good_evaluations) < 1:
            raise ValueError("an alert needs at least one evaluation to fire and one to resolve")


def evidence_by_limits(limits_of: Callable[[Finding], SeriesLimits]) -> Callable[[Finding], Evidence]:
    """The numbers that stand in the limits of a finding's series, which `limits_of` looks up.

    A comparison has made sure before it speaks, so that a finding of the baseline rule fires at once.
    """

    def evidence_of(finding: Finding) -> Evidence:
        limits = limits_of(finding)
        bad = 1 if finding.rule is Rule.BASELINE else limits.bad_evaluations
        return Evidence(bad_evaluations=bad, good_evaluations=limits.good_evaluations)

    return evidence_of


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is told of what, and after how much evidence. `channels`: what is configured, by the name tiers use."""

    routing: Routing
    channels: Mapping[str, ChannelSettings]
    evidence_of: Callable[[Finding], Evidence]

    def tier_of(self, alert: Alert) -> Tier:
        """The tier an alert stands in; where a changed configuration has no such tier, that of its route and level."""
        return self.routing.tiers.get(alert.tier) or self.routing.tier_of(alert.route, alert.level)

    def higher(self, one: Tier, other: Tier) -> Tier:
        """The graver of two tiers: an alert that was escalated does not come down when it gets worse."""
        ladder = list(self.routing.tiers)
        return max(one, other, key=lambda tier: ladder.index(tier.name))


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
        return self.reason not in (Reason.PENDING, Reason.CLEARED, Reason.UNCHANGED, Reason.RECOVERING)

    @property
    def stops_pending(self) -> bool:
        """Whether what is queued and not confirmed must not be sent any more.

        - acknowledged: somebody knows
        - resolved: its own message says that the alert fired and cleared
        """
        return self.reason in (Reason.ACKNOWLEDGED, Reason.RESOLVED)


def decide(alert: Alert | None, finding: Finding, policy: Policy, now: datetime) -> Transition | None:
    """What one evaluation makes of the open alert of its fingerprint (None: there is none).

    - ok without an alert: nothing (None)
    - bad: counted as pending; fires at the level for which there are N consecutive evaluations at least that bad
    - bad while firing or acknowledged: silent, except when there is enough evidence of a higher level: it is raised,
      which tells the higher tier in spite of an acknowledgement
    - ok while pending: forgotten
    - ok while firing or acknowledged: resolves after M in a row; everybody who was told hears of it
    """
    if finding.level is Level.OK:
        return None if alert is None else _improve(alert, finding, policy, now)
    return _worsen(alert, finding, policy, now)


def advance(alert: Alert, policy: Policy, now: datetime) -> Transition | None:
    """The one step by the clock that is due; None where none is. Ask again until then.

    - an acknowledgement that expired: firing again, at the tier it had, which begins to wait anew
    - escalation: the next tier is told
    - a reminder, on the wall clock: those missed are not made up for
    """
    ahead = (alert.acknowledged_until, alert.escalates_at, alert.reminds_at)
    due = [at for at in ahead if at is not None and at <= now]
    if not due:
        return None
    return replace(_step(alert, policy, now), late_seconds=(now - min(due)).total_seconds())


def acknowledge(alert: Alert, by: str, policy: Policy, now: datetime) -> Transition:
    """Somebody has it in hand until their tier's acknowledgement expires; saying so again starts that time anew.

    Raises AlertClosedError for an alert that has not fired yet or is resolved.
    """
    if alert.state not in (AlertState.FIRING, AlertState.ACKNOWLEDGED):
        raise AlertClosedError(f"alert {alert.id} is {alert.state}: there is nothing to acknowledge")
    acknowledged = replace(
        alert,
        state=AlertState.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by=by,
        acknowledged_until=now + timedelta(seconds=policy.tier_of(alert).acknowledgement_expires_seconds),
        escalates_at=None,
        reminds_at=None,
    )
    return Transition(reason=Reason.ACKNOWLEDGED, before=alert, after=acknowledged, by=by)


def _worsen(alert: Alert | None, finding: Finding, policy: Policy, now: datetime) -> Transition:
    counted = _count_bad(alert or _open(finding, policy, now), finding, now)
    reached = _level_reached(counted, policy.evidence_of(finding).bad_evaluations)
    pending = counted.state is AlertState.PENDING
    if reached is None or (not pending and not _is_worse(reached, counted.level)):
        return Transition(reason=Reason.PENDING if pending else Reason.UNCHANGED, before=alert, after=counted)
    tier = policy.routing.tier_of(counted.route, reached)
    if not pending:
        tier = policy.higher(tier, policy.tier_of(counted))
    firing = _enter(replace(_occur(counted, now), level=reached), tier, policy, now)
    return _tell(firing, Reason.FIRED if pending else Reason.RAISED, tier.channels, policy, now, before=alert)


def _improve(alert: Alert, finding: Finding, policy: Policy, now: datetime) -> Transition:
    if alert.state is AlertState.PENDING:
        return Transition(reason=Reason.CLEARED, before=alert, after=None)
    counted = replace(_see(alert, finding, now), bad_count=0, critical_count=0, good_count=alert.good_count + 1)
    if counted.good_count < policy.evidence_of(finding).good_evaluations:
        return Transition(reason=Reason.RECOVERING, before=alert, after=counted)
    resolved = replace(
        _next_step(counted),
        state=AlertState.RESOLVED,
        resolved_at=now,
        acknowledged_until=None,
        escalates_at=None,
        reminds_at=None,
    )
    return _tell(resolved, Reason.RESOLVED, alert.channels, policy, now, before=alert)


def _step(alert: Alert, policy: Policy, now: datetime) -> Transition:
    tier = policy.tier_of(alert)
    if alert.acknowledged_until is not None:
        reopened = _enter(_occur(alert, now), tier, policy, now)
        return _tell(reopened, Reason.REOPENED, tier.channels, policy, now, before=alert)
    if alert.escalates_at is not None and alert.escalates_at <= now:
        if tier.escalates_to is None:  # the configuration changed since
            return Transition(reason=Reason.UNCHANGED, before=alert, after=replace(alert, escalates_at=None))
        above = policy.routing.tiers[tier.escalates_to]
        escalated = _enter(_next_step(alert), above, policy, now)
        return _tell(escalated, Reason.ESCALATED, above.channels, policy, now, before=alert)
    assert alert.reminds_at is not None
    if tier.reminder_seconds is None:
        return Transition(reason=Reason.UNCHANGED, before=alert, after=replace(alert, reminds_at=None))
    every = timedelta(seconds=tier.reminder_seconds)
    following = alert.reminds_at + ((now - alert.reminds_at) // every + 1) * every
    reminded = replace(_next_step(alert), reminds_at=following)
    return _tell(reminded, Reason.REMINDED, tier.channels, policy, now, before=alert)


def _open(finding: Finding, policy: Policy, now: datetime) -> Alert:
    return Alert(
        id=alert_id(finding.fingerprint, now),
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
    return replace(_see(alert, finding, now), bad_count=alert.bad_count + 1, critical_count=critical, good_count=0)


def _level_reached(alert: Alert, bad_evaluations: int) -> Level | None:
    """The worst level with enough evidence: one critical value among warnings pages nobody at the critical tier."""
    if alert.critical_count >= bad_evaluations:
        return Level.CRITICAL
    return Level.WARNING if alert.bad_count >= bad_evaluations else None


def _is_worse(one: Level, other: Level) -> bool:
    order = list(Level)
    return order.index(one) > order.index(other)


def _occur(alert: Alert, now: datetime) -> Alert:
    """A new occurrence: told in full, whatever was acknowledged."""
    return replace(
        alert,
        state=AlertState.FIRING,
        occurrence=alert.occurrence + 1,
        step=0,
        fired_at=alert.fired_at or now,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledged_until=None,
    )


def _next_step(alert: Alert) -> Alert:
    return replace(alert, step=alert.step + 1)


def _enter(alert: Alert, tier: Tier, policy: Policy, now: datetime) -> Alert:
    told = [*alert.channels, *(name for name in tier.channels if name in policy.channels)]
    return replace(
        alert,
        tier=tier.name,
        channels=tuple(dict.fromkeys(told)),
        escalates_at=_after(now, tier.escalates_after_seconds),
        reminds_at=_after(now, tier.reminder_seconds),
    )


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _tell(
    after: Alert, reason: Reason, channels: Iterable[str], policy: Policy, now: datetime, *, before: Alert | None
) -> Transition:
    """The transition with one message a channel. A step that reaches nobody does not wait: it escalates at once."""
    wanted = list(channels)
    reached = [name for name in wanted if name in policy.channels]
    missing = [name for name in wanted if name not in policy.channels]
    if not reached and after.escalates_at is not None:
        after = replace(after, escalates_at=now)
    return Transition(
        reason=reason,
        before=before,
        after=after,
        notifications=tuple(_notification(after, reason, name, policy.channels[name], now) for name in reached),
        without_recipient=tuple(missing),
    )


def _notification(alert: Alert, reason: Reason, channel: str, settings: ChannelSettings, now: datetime) -> Notification:
    return Notification(
        alert_id=alert.id,
        channel=channel,
        reason=reason,
        occurrence=alert.occurrence,
        step=alert.step,
        due_at=now,
        deadline_at=now + timedelta(seconds=settings.deadline_seconds),
        fallbacks=settings.fallbacks,
    )
