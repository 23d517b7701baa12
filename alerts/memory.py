"""Alerts and their outbox in memory: for the time without a store, and for asking what would have been."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import Alert, AlertState
from alerts.book import Book
from alerts.errors import AlertNotFoundError, LinkError, SilenceNotFoundError
from alerts.evaluation import decide_all, inhibited_by, speakers, worst_of_each
from alerts.history import event_of_delivery, events_of
from alerts.link import AcknowledgeLink
from alerts.mutes import Mutes
from alerts.notification import Attempt, Batch, Claim, Delivery, DeliveryState, Notification
from alerts.outbox import acknowledged_by, due_again, falls
from alerts.people import acknowledge, fall_silent, resolve, retire, speak_again
from alerts.policy import Policy
from alerts.silence import Silence
from alerts.steps import advance, due_at
from alerts.store import AlertCounts, AlertEvent, AlertRecord, Burial, Scope
from alerts.transition import Transition
from thresholds.finding import Finding

_WAITING = (DeliveryState.PENDING, DeliveryState.LEASED)


class MemoryAlerts:
    """`AlertStore` and `Outbox` on a book. `kept` is called after each change, before anything is told of it."""

    def __init__(
        self, policy: Policy, instance: str, book: Book | None = None, kept: Callable[[Book], None] = lambda _: None
    ) -> None:
        self.book = Book() if book is None else book
        self._policy = policy
        self._instance = instance
        self._kept = kept

    async def record(self, findings: Iterable[Finding], now: datetime) -> list[Transition]:
        """Decide on each finding, as `AlertStore.record` says."""
        worst = worst_of_each(findings)
        latest = {name: one for name in worst if (one := self.book.latest(name)) is not None}
        current = {name: one for name, one in latest.items() if one.state is not AlertState.RESOLVED}
        ended = {name: one for name, one in latest.items() if one.state is AlertState.RESOLVED}
        standing = self.book.open_alerts()
        transitions = decide_all(worst, current, ended, self._mutes(now), self._policy, now)
        decided = {one.after.id for one in transitions if one.after}
        untouched = [one for one in standing if one.id not in decided]
        transitions += inhibited_by(speakers(transitions), untouched, self._policy, now)
        return self._write(transitions, now)

    async def advance(self, now: datetime) -> list[Transition]:
        """Take the steps that are due, as `AlertStore.advance` says."""
        mutes = self._mutes(now)
        taken = [advance(one, self._policy, now, mutes) for one in self.book.open_alerts()]
        return self._write([one for one in taken if one is not None], now)

    async def acknowledge(self, alert_id: str, by: str, now: datetime) -> Transition:
        """Stop everything pending, as `AlertStore.acknowledge` says."""
        return self._write([acknowledge(self._alert(alert_id), by, self._policy, now)], now)[0]

    async def resolve(self, alert_id: str, by: str, now: datetime) -> Transition:
        """End it by hand, as `AlertStore.resolve` says."""
        return self._write([resolve(self._alert(alert_id), by, self._policy, now)], now)[0]

    async def retire(self, series: Collection[str], now: datetime) -> list[Transition]:
        """End what nothing would end, as `AlertStore.retire` says."""
        gone = [one for one in self.book.open_alerts() if one.series not in series]
        return self._write([retire(one, self._policy, now) for one in gone], now)

    async def add_silence(self, silence: Silence, now: datetime) -> list[Transition]:
        """Keep it, and keep quiet what it covers, as `AlertStore.add_silence` says."""
        self.book.silences[silence.id] = silence
        return self._write(fall_silent(self.book.open_alerts(), Mutes(self._policy, [silence]), now), now)

    async def end_silence(self, silence_id: str, now: datetime) -> Silence:
        """End it now, as `AlertStore.end_silence` says."""
        ended = self._end_silences(lambda one: one.id == silence_id, now)
        if not ended:
            raise SilenceNotFoundError(f"there is no silence {silence_id} that has not ended")
        return ended[0]

    async def end_silences_of(self, deployment: str, now: datetime) -> list[Silence]:
        """End those of a deployment, as `AlertStore.end_silences_of` says."""
        return self._end_silences(lambda one: one.deployment == deployment, now)

    async def list_silences(self, now: datetime) -> list[Silence]:
        """Those that have not ended."""
        return sorted((one for one in self.book.silences.values() if one.ends_at > now), key=lambda one: one.ends_at)

    async def list_alerts(self, states: Collection[AlertState], limit: int = 100) -> list[AlertRecord]:
        """Alerts in these states, the newest first."""
        found = [one for one in self.book.alerts.values() if one.state in states]
        return [self._record_of(one) for one in sorted(found, key=lambda one: one.opened_at, reverse=True)[:limit]]

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert, None where none is known here by that id."""
        alert = self.book.alerts.get(alert_id)
        return None if alert is None else self._record_of(alert)

    async def history(self, since: datetime, until: datetime) -> list[AlertEvent]:
        """What happened here in that time."""
        return [one for one in self.book.events if since <= one.at < until]

    async def count(self, now: datetime) -> AlertCounts:
        """How many alerts stand where, and how much waits."""
        counts: dict[tuple[str, str], int] = {}
        for one in self.book.open_alerts():
            counts[one.tier, one.state] = counts.get((one.tier, one.state), 0) + 1
        due = [at for one in self.book.open_alerts() if (at := due_at(one)) is not None and at <= now]
        waiting = sum(one.state in _WAITING for one in self.book.deliveries.values())
        return AlertCounts(counts, waiting, min(due, default=None))

    async def claim(self, channel: str, now: datetime, lease_until: datetime, scope: Scope) -> Batch | None:
        """What the channel's next message tells, as `Outbox.claim` says."""
        free = [one for one in self.book.deliveries.values() if one.notification.channel == channel]
        free = [one for one in free if _is_claimable(one, now) and not self._is_being_told(one, now)]
        due = [one for one in free if one.notification.due_at <= now]
        if not due:
            return None
        head = min(due, key=lambda one: (not one.notification.reason.is_urgent, one.notification.due_at, one.id))
        mates = [one for one in free if _goes_along(one, head, now, scope)]
        leased = [
            replace(
                one,
                state=DeliveryState.LEASED,
                leased_by=self._instance,
                lease_until=lease_until,
                attempts=one.attempts + 1,
            )
            for one in sorted([head, *mates], key=lambda one: one.id)
        ]
        firsts = {one.id: self._is_first(one.notification) for one in leased}
        self._settle(leased)
        return Batch(tuple(Claim(one, self.book.alerts[one.notification.alert_id], firsts[one.id]) for one in leased))

    async def confirm(self, batch: Batch, now: datetime) -> bool:
        """Delivered, as `Outbox.confirm` says."""
        held = [(claim, one) for claim in batch.claims if (one := self._held(claim)) is not None]
        delivered = [
            replace(one, state=DeliveryState.DELIVERED, settled_at=now, last_error="", lease_until=None)
            for _, one in held
        ]
        self._settle([*delivered, *(spare for one in delivered for spare in self._spare(one.notification, now))])
        self._note(*(event_of_delivery(claim, now, DeliveryState.DELIVERED, self._instance) for claim, _ in held))
        return len(held) == len(batch.claims)

    async def give_back(self, batch: Batch, attempt: Attempt, now: datetime, due_at: datetime) -> list[Burial]:
        """Failed, as `Outbox.give_back` says."""
        burials = []
        for claim in batch.claims:
            one = self._held(claim)
            if one is None:
                continue
            if one.state is not DeliveryState.LEASED:  # stopped meanwhile
                self._settle([replace(one, leased_by=None, lease_until=None)])
                continue
            fallen = falls(one, now)
            again = replace(
                one,
                notification=replace(one.notification, due_at=due_again(one, now, due_at)),
                state=DeliveryState.PENDING,
                leased_by=None,
                lease_until=None,
                last_error=attempt.error,
                fallen_at=now if fallen else one.fallen_at,
            )
            self._settle([again])
            self._note(event_of_delivery(claim, now, attempt.outcome, self._instance, attempt.error))
            if fallen:
                burials.append(self._bury(claim, now))
        return burials

    async def give_up_on_unknown(self, now: datetime) -> list[Burial]:
        """What nobody here can send, as `Outbox.give_up_on_unknown` says."""
        lost = [
            one
            for one in self.book.deliveries.values()
            if one.notification.channel not in self._policy.channels
            and one.state is DeliveryState.PENDING
            and falls(one, now)
        ]
        self._settle(replace(one, fallen_at=now) for one in lost)
        return [self._bury(Claim(one, self.book.alerts[one.notification.alert_id]), now) for one in lost]

    async def keep_link(self, link: AcknowledgeLink) -> None:
        """Remember a link, as `Outbox.keep_link` says."""
        self.book.links[link.digest] = link
        self._kept(self.book)

    async def find_link(self, digest: str) -> AcknowledgeLink | None:
        """The link of that hash."""
        return self.book.links.get(digest)

    async def prune_links(self, before: datetime) -> None:
        """Forget links that expired before that."""
        self.book.links = {digest: one for digest, one in self.book.links.items() if one.expires_at >= before}

    async def use_link(self, digest: str, by: str, now: datetime) -> list[Transition]:
        """Acknowledge what it stands for, as `Outbox.use_link` says."""
        link = self.book.links.get(digest)
        if link is None:
            raise LinkError("this link is not known here; acknowledge on the alert's page")
        link.require_usable(now)
        transitions = acknowledged_by(link, self.book.alerts, by, self._policy, now)
        self.book.links[digest] = replace(link, used_at=now, used_by=by)
        return self._write(transitions, now)

    def follow(self, transitions: Iterable[Transition], now: datetime) -> None:
        """What the store decided, so that it is known here when the store goes away."""
        for one in transitions:
            self._apply(one, now)
        self._forget_what_the_store_has()

    def delivered(self, batch: Batch, now: datetime) -> None:
        """A channel confirmed what the store had given out and can't be told of now."""
        for claim in batch.claims:
            known = self.book.deliveries.get(claim.delivery.notification.key, claim.delivery)
            done = replace(known, state=DeliveryState.DELIVERED, settled_at=now, lease_until=None)
            self._settle([done, *self._spare(done.notification, now)])
            self._note(event_of_delivery(claim, now, DeliveryState.DELIVERED, self._instance))

    def _write(self, transitions: list[Transition], now: datetime) -> list[Transition]:
        for one in transitions:
            self._apply(one, now)
            if one.after is not None:
                self.book.changed.add(one.after.id)
                self.book.events.extend(events_of(one, now))
        if transitions:
            self._kept(self.book)
        return transitions

    def _apply(self, one: Transition, now: datetime) -> None:
        book = self.book
        if one.after is None:
            assert one.before is not None
            book.alerts.pop(one.before.id, None)
            book.changed.discard(one.before.id)
            return
        latest = book.latest(one.after.fingerprint)
        if latest is not None and latest.id != one.after.id and latest.id not in book.changed:
            del book.alerts[latest.id]
        book.alerts[one.after.id] = one.after
        if one.stops_pending:
            self._stop(one.after.id, None, now)
        if one.forgets_untold:
            self._forget_untold(one.after)
        for notification in one.notifications:
            self._stop(notification.alert_id, notification.channel, now)
            self._queue(notification)

    def _forget_what_the_store_has(self) -> None:
        self.book.changed.clear()
        self.book.settled.clear()
        self.book.events.clear()

    def _queue(self, notification: Notification) -> bool:
        if notification.key in self.book.deliveries:
            return False
        number = max((one.id for one in self.book.deliveries.values()), default=0) + 1
        self.book.deliveries[notification.key] = Delivery(
            id=number,
            notification=notification,
            state=DeliveryState.PENDING,
            attempts=0,
            leased_by=None,
            lease_until=None,
            settled_at=None,
            last_error="",
        )
        self.book.settled.add(notification.key)
        return True

    def _stop(self, alert_id: str, channel: str | None, now: datetime) -> None:
        """Stop what waits of an alert, for one channel or for all."""
        self._settle(
            replace(one, state=DeliveryState.STOPPED, settled_at=now)
            for one in list(self.book.deliveries.values())
            if one.notification.alert_id == alert_id
            and channel in (None, one.notification.channel)
            and one.state in _WAITING
        )

    def _forget_untold(self, alert: Alert) -> None:
        tried = {
            one.notification.channel
            for one in self.book.deliveries.values()
            if one.notification.alert_id == alert.id and one.attempts > 0
        }
        known = self.book.alerts[alert.id]
        self.book.alerts[alert.id] = replace(known, channels=tuple(one for one in known.channels if one in tried))

    def _bury(self, claim: Claim, now: datetime) -> Burial:
        dead = claim.delivery.notification
        fallback = next((name for name in dead.fallbacks if self._fall_to(name, dead, now)), None)
        told = "nobody is left to fall to" if fallback is None else f"falls to {fallback}"
        self._note(event_of_delivery(claim, now, DeliveryState.DEAD, self._instance, told))
        return Burial(dead.channel, fallback)

    def _fall_to(self, name: str, dead: Notification, now: datetime) -> bool:
        if name not in self._policy.channels:
            return False
        deadline = now + timedelta(seconds=self._policy.channels[name].deadline_seconds)
        rest = dead.fallbacks[dead.fallbacks.index(name) + 1 :]
        if not self._queue(replace(dead, channel=name, fallbacks=rest, due_at=now, deadline_at=deadline)):
            return False
        alert = self.book.alerts[dead.alert_id]
        if name not in alert.channels:
            self.book.alerts[alert.id] = replace(alert, channels=(*alert.channels, name))
        return True

    def _spare(self, told: Notification, now: datetime) -> list[Delivery]:
        """What nobody needs to try any more, since another channel has delivered it."""
        said = (told.alert_id, told.occurrence, told.step, told.reason, told.origin)
        return [
            replace(one, state=DeliveryState.DEAD if one.fallen_at else DeliveryState.STOPPED, settled_at=now)
            for one in self.book.deliveries.values()
            for other in [one.notification]
            if (other.alert_id, other.occurrence, other.step, other.reason, other.origin) == said
            and other.key != told.key
            and one.state is DeliveryState.PENDING
        ]

    def _settle(self, deliveries: Iterable[Delivery]) -> None:
        changed = {one.notification.key: one for one in deliveries}
        self.book.deliveries.update(changed)
        self.book.settled.update(changed)
        self._kept(self.book)

    def _held(self, claim: Claim) -> Delivery | None:
        one = self.book.deliveries.get(claim.delivery.notification.key)
        held = one is not None and one.attempts == claim.delivery.attempts and one.leased_by == self._instance
        return one if held and one is not None and one.state in (DeliveryState.LEASED, DeliveryState.STOPPED) else None

    def _is_being_told(self, one: Delivery, now: datetime) -> bool:
        return any(
            other.id != one.id
            and other.notification.alert_id == one.notification.alert_id
            and other.notification.channel == one.notification.channel
            and other.state in (DeliveryState.LEASED, DeliveryState.STOPPED)
            and other.lease_until is not None
            and other.lease_until > now
            for other in self.book.deliveries.values()
        )

    def _is_first(self, one: Notification) -> bool:
        return not any(
            other.state is DeliveryState.DELIVERED
            and other.notification.alert_id == one.alert_id
            and other.notification.channel == one.channel
            for other in self.book.deliveries.values()
        )

    def _end_silences(self, ends: Callable[[Silence], bool], now: datetime) -> list[Silence]:
        ended = [
            replace(one, starts_at=min(one.starts_at, now), ends_at=now)
            for one in self.book.silences.values()
            if one.ends_at > now and ends(one)
        ]
        self.book.silences.update({one.id: one for one in ended})
        for one in ended:
            self._write(speak_again(self.book.open_alerts(), one.id, now), now)
        return ended

    def _alert(self, alert_id: str) -> Alert:
        if alert_id not in self.book.alerts:
            raise AlertNotFoundError(f"no alert has the id {alert_id!r}")
        return self.book.alerts[alert_id]

    def _mutes(self, now: datetime) -> Mutes:
        silences = (one for one in self.book.silences.values() if one.ends_at > now)
        return Mutes(self._policy, silences, self.book.open_alerts())

    def _record_of(self, alert: Alert) -> AlertRecord:
        return AlertRecord(
            alert=alert,
            deliveries=[one for one in self.book.deliveries.values() if one.notification.alert_id == alert.id],
            events=[one for one in self.book.events if one.alert_id == alert.id],
        )

    def _note(self, *events: AlertEvent) -> None:
        self.book.events.extend(events)
        self.book.changed.update(one.alert_id for one in events)
        self._kept(self.book)


def _is_claimable(one: Delivery, now: datetime) -> bool:
    lapsed = one.state is DeliveryState.LEASED and one.lease_until is not None and one.lease_until <= now
    return one.state is DeliveryState.PENDING or lapsed


def _goes_along(one: Delivery, head: Delivery, now: datetime, scope: Scope) -> bool:
    """Whether a notification is told in the same message as the one at the head."""
    same = one.notification.group == head.notification.group
    return (
        one.id != head.id
        and one.notification.reason.is_urgent == head.notification.reason.is_urgent
        and (scope is Scope.ALL or (scope is Scope.CAUSE and same))
        and (one.notification.due_at <= now or one.attempts == 0)
    )
