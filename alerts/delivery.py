"""The delivery of what is queued: a loop for each channel, so that a dead or slow one delays no other."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Protocol

from alerts.alert import Alert
from alerts.bell import Bell
from alerts.message import Links, Message, compose
from alerts.notification import Attempt, Claim, Outcome
from alerts.observer import AlertObserver
from alerts.settings import ChannelSettings
from alerts.store import Outbox
from baselines.clock import Clock

POLL_SECONDS = 1.0
# How much longer than one call a lease lasts: the time to write down what came of it.
LEASE_MARGIN_SECONDS = 15.0
# The waits between attempts double from the first to the longest; each is drawn between half of it and all of it.
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """A channel, as the delivery sees it."""

    @property
    def settings(self) -> ChannelSettings:
        """How long a call may take."""
        ...

    async def send(self, message: Message) -> Attempt:
        """Send it once; never raises."""
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
        clock: Clock,
        observer: AlertObserver,
        random: Random,
        links_of: Callable[[Alert], Links],
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._observer = observer
        self._random = random
        self._links_of = links_of
        self._bells = {name: Bell(clock) for name in channels}
        self._draining = False

    async def run(self) -> None:
        """Deliver until drained or cancelled. What is being sent when cancelled is sent again once its lease lapsed."""
        async with asyncio.TaskGroup() as loops:
            for name in self._channels:
                loops.create_task(self._run_channel(name))

    async def run_once(self) -> int:
        """Deliver what is due now, all channels at a time; the number of attempts. For tests and for the CLI."""
        return sum(await asyncio.gather(*(self._deliver_due(name) for name in self._channels)))

    def wake(self) -> None:
        """Something was queued: look at once."""
        for bell in self._bells.values():
            bell.ring()

    def drain(self) -> None:
        """Finish what is being sent and let `run` return; what is queued stays queued."""
        self._draining = True
        self.wake()

    async def _run_channel(self, name: str) -> None:
        while not self._draining:
            try:
                await self._deliver_due(name)
            except Exception as error:  # the loop must outlive whatever a round meets
                logger.warning("delivery to channel %s failed: %s", name, type(error).__name__)
                self._observer.failed(name)
            await self._bells[name].wait(POLL_SECONDS)

    async def _deliver_due(self, name: str) -> int:
        attempts = 0
        while not self._draining and await self._deliver_next(name):
            attempts += 1
        return attempts

    async def _deliver_next(self, name: str) -> bool:
        """Whether there was a message to send."""
        sender, now = self._channels[name], self._clock.now()
        lease = timedelta(seconds=sender.settings.timeout_seconds + LEASE_MARGIN_SECONDS)
        claim = await self._outbox.claim(name, now, now + lease)
        if claim is None:
            return False
        started = self._clock.monotonic()
        attempt = await sender.send(self._message(claim))
        self._observer.delivered(name, attempt.outcome, self._clock.monotonic() - started)
        if attempt.outcome is Outcome.DELIVERED:
            if not await self._outbox.confirm(claim, self._clock.now()):
                self._observer.lease_lost(name)
        else:
            await self._give_back(claim, attempt)
        return True

    async def _give_back(self, claim: Claim, attempt: Attempt) -> None:
        """Try again later, the last time at the deadline; after it, give up and fall to the next channel."""
        now, notification = self._clock.now(), claim.delivery.notification
        if now >= notification.deadline_at:
            burial = await self._outbox.bury(claim, attempt, now)
            if burial is not None:
                self._observer.dead_lettered(notification.channel, burial.fallback)
                self._ring(burial.fallback)
            return
        wait = timedelta(seconds=retry_wait_seconds(claim.delivery.attempts, self._random))
        await self._outbox.retry(claim, attempt, now, min(now + wait, notification.deadline_at))

    def _ring(self, channel: str | None) -> None:
        if channel in self._bells:
            self._bells[channel].ring()

    def _message(self, claim: Claim) -> Message:
        return compose(claim.alert, claim.delivery.notification, self._links_of(claim.alert))
