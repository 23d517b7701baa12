"""The delivery of what is queued: a loop for each channel, so that a dead or slow one delays no other."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Protocol

from alerts.alert import UNANSWERED, Alert
from alerts.bell import Bell
from alerts.incidents.incident import IncidentAction
from alerts.link import LinkSigner
from alerts.messages.message import LISTED, Briefing, Links, Message, Told, compose
from alerts.notification import Attempt, Batch, Outcome
from alerts.observer import AlertObserver
from alerts.pace import Pace
from alerts.policy import Policy
from alerts.settings import ChannelSettings
from alerts.store import Burial, Outbox, Scope
from baselines.clock import Clock

POLL_SECONDS = 1.0
ORPHAN_SECONDS = 30.0
# How much longer than one call a lease lasts: the time to write down what came of it.
LEASE_MARGIN_SECONDS = 5.0
# The waits between attempts double from the first to the longest; each is drawn between half of it and all of it.
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0
# What explains an alert must not delay the telling of it.
BRIEFING_SECONDS = 3.0

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """A channel, as the delivery sees it."""

    @property
    def settings(self) -> ChannelSettings:
        """How long a call may take, and how its messages are written."""
        ...

    @property
    def keeps_identity(self) -> bool:
        """Whether the service has incidents of its own, one for each alert: nothing is merged then."""
        ...

    async def send(self, message: Message) -> Attempt:
        """Send it once; never raises."""
        ...


class Briefer(Protocol):
    """Knows more of an alert than its row says: what changed, what was done, where to look."""

    @property
    def overview(self) -> Links:
        """Where all alerts are listed."""
        ...

    async def brief(self, alert: Alert) -> Briefing:
        """What is known at this moment."""
        ...


def retry_wait_seconds(attempts: int, random: Random) -> float:
    """How long to wait after so many attempts (at least 1): 1 to 2 s, then 2 to 4 s, up to 30 to 60 s."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 30))
    return longest * random.uniform(0.5, 1.0)


class DeliveryWorker:
    """Claims, sends, and writes down what came of it. Any number of processes may run one on the same outbox."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Sender],
        *,
        policy: Policy,
        clock: Clock,
        observer: AlertObserver,
        random: Random,
        briefer: Briefer,
        links: LinkSigner | None,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._policy = policy
        self._clock = clock
        self._observer = observer
        self._random = random
        self._briefer = briefer
        self._links = links
        self._orphans = Bell(clock)
        self._bells = {name: Bell(clock) for name in channels}
        self._paces = {name: Pace(channel.settings.rate_limit) for name, channel in channels.items()}
        self._held_back: set[str] = set()
        self._turned_at: dict[str, float] = {}
        self._draining = False

    async def run(self) -> None:
        """Deliver until drained or cancelled. What is being sent when cancelled is sent again once its lease lapsed."""
        async with asyncio.TaskGroup() as loops:
            for name in self._channels:
                loops.create_task(self._run_channel(name))
            loops.create_task(self._run_orphans())

    async def run_once(self) -> int:
        """Deliver what is due now, all channels at a time; the number of attempts. For tests and for the CLI."""
        return sum(await asyncio.gather(*(self._deliver_due(name) for name in self._channels)))

    async def give_up_on_unknown(self) -> None:
        """What waits for a channel that nobody configures any more goes to its fallback."""
        self._tell_of(await self._outbox.give_up_on_unknown(self._clock.now()))

    def wake(self) -> None:
        """Something was queued: look at once."""
        for bell in self._bells.values():
            bell.ring()

    def drain(self) -> None:
        """Finish what is being sent and let `run` return; what is queued stays queued."""
        self._draining = True
        self._orphans.ring()
        self.wake()

    def is_turning(self) -> bool:
        """Whether the loop of each channel came round lately, apart from a call that may take its time."""
        now = self._clock.monotonic()
        return all(
            now - self._turned_at.get(name, now) < channel.settings.timeout_seconds + 10 * POLL_SECONDS
            for name, channel in self._channels.items()
        )

    async def _run_channel(self, name: str) -> None:
        while not self._draining:
            try:
                await self._deliver_due(name)
            except Exception as error:  # the loop must outlive whatever a round meets
                logger.warning("delivery to channel %s failed: %s", name, type(error).__name__)
                self._observer.failed(name)
            self._turned_at[name] = self._clock.monotonic()
            await self._bells[name].wait(POLL_SECONDS)

    async def _run_orphans(self) -> None:
        while not self._draining:
            try:
                await self.give_up_on_unknown()
            except Exception as error:  # as above
                logger.warning("messages to unknown channels could not be looked at: %s", type(error).__name__)
                self._observer.failed("orphans")
            await self._orphans.wait(ORPHAN_SECONDS)

    async def _deliver_due(self, name: str) -> int:
        attempts = 0
        while not self._draining and await self._deliver_next(name):
            attempts += 1
            self._turned_at[name] = self._clock.monotonic()
        return attempts

    async def _deliver_next(self, name: str) -> bool:
        """Whether there was a message to send, and it might be sent now."""
        channel, now = self._channels[name], self._clock.now()
        if self._paces[name].wait_seconds(self._clock.monotonic()) > 0:
            self._held_back.add(name)
            return False
        lease = timedelta(seconds=channel.settings.timeout_seconds + LEASE_MARGIN_SECONDS)
        batch = await self._outbox.claim(name, now, now + lease, self._scope(name))
        if batch is None:
            self._held_back.discard(name)
            return False
        message = await self._message(name, batch)
        self._paces[name].sent(self._clock.monotonic())
        started = self._clock.monotonic()
        attempt = await channel.send(message)
        self._observer.delivered(name, attempt.outcome, self._clock.monotonic() - started)
        if attempt.outcome is Outcome.DELIVERED:
            if len(batch.claims) > 1:
                self._observer.merged(name, len(batch.claims))
            if not await self._outbox.confirm(batch, self._clock.now()):
                self._observer.lease_lost(name)
        else:
            await self._give_back(batch, attempt)
        return True

    def _scope(self, name: str) -> Scope:
        """What the rate held back goes out in one digest; a service with incidents of its own gets no digests."""
        if self._channels[name].keeps_identity:
            return Scope.SINGLE
        return Scope.ALL if name in self._held_back else Scope.CAUSE

    async def _give_back(self, batch: Batch, attempt: Attempt) -> None:
        """Try again later; what has passed its deadline falls to the next channel."""
        now = self._clock.now()
        attempts = max(one.delivery.attempts for one in batch.claims)
        wait = timedelta(seconds=retry_wait_seconds(attempts, self._random))
        self._tell_of(await self._outbox.give_back(batch, attempt, now, now + wait))

    def _tell_of(self, burials: Iterable[Burial]) -> None:
        for burial in burials:
            self._observer.dead_lettered(burial.channel, burial.fallback)
            if burial.fallback in self._bells:
                self._bells[burial.fallback].ring()

    async def _message(self, name: str, batch: Batch) -> Message:
        briefed = await asyncio.gather(*(self._brief(one.alert) for one in batch.claims[:LISTED]))
        briefings = [*briefed, *(Briefing(links=self._briefer.overview) for _ in batch.claims[LISTED:])]
        told = [
            Told(alert=one.alert, notification=one.delivery.notification, briefing=briefing)
            for one, briefing in zip(batch.claims, briefings, strict=True)
        ]
        style = self._channels[name].settings.written_as
        message = compose(told, style, acknowledge=await self._acknowledge_link(name, batch))
        if message.action is IncidentAction.RESOLVE and all(one.is_first for one in batch.claims):
            # It cleared before anything of it arrived: of a mere end nobody would know what it ends.
            return replace(message, action=IncidentAction.RECORD)
        return message

    async def _brief(self, alert: Alert) -> Briefing:
        try:
            async with asyncio.timeout(BRIEFING_SECONDS):
                return await self._briefer.brief(alert)
        except Exception as error:  # the message must leave, whatever can't be found out
            logger.warning("an alert is told without what explains it: %s", type(error).__name__)
            return Briefing()

    async def _acknowledge_link(self, name: str, batch: Batch) -> str | None:
        """One link for all that the message tells and that somebody can take in hand."""
        alerts = [one.alert for one in batch.claims if one.alert.state in UNANSWERED]
        occurrences = {one.id: one.occurrence for one in alerts if self._policy.tier_of(one).acknowledge_link}
        if self._links is None or not occurrences:
            return None
        url, link = self._links.issue(name, occurrences, self._clock.now())
        await self._outbox.keep_link(link)
        return url
