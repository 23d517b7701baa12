"""Who watches the delivery: a signal whose silence is the alarm, and a call past the outbox for a step that is late."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from alerts.delivery import Sender
from alerts.errors import AlertStoreError
from alerts.messages.message import Message, Tone
from alerts.observer import AlertObserver
from alerts.settings import WatchdogSettings
from alerts.store import AlertCounts
from baselines.clock import Clock
from thresholds.finding import Level

# A step of an alert that is later than this is an alarm of its own.
LATE_SECONDS = 60.0
LOOK_SECONDS = 5.0
# How often the alarm is raised again while steps stay late.
REPEAT_SECONDS = 15 * 60.0
_CALL_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Counting(Protocol):
    """Whoever knows which steps are due: the store of alerts."""

    async def count(self, now: datetime) -> AlertCounts:
        """How much waits, and since when."""
        ...


class Turning(Protocol):
    """The loops of the delivery."""

    def is_turning(self) -> bool:
        """Whether all of them came round lately."""
        ...


class Watchdog:
    """Looks at the loops and at what is due, by ways that need neither the outbox nor the web server."""

    def __init__(
        self,
        settings: WatchdogSettings,
        channels: Mapping[str, Sender],
        client: httpx.AsyncClient,
        *,
        clock: Clock,
        observer: AlertObserver,
        instance: str,
    ) -> None:
        self._settings = settings
        self._channels = [channels[name] for name in settings.channels]
        self._client = client
        self._clock = clock
        self._observer = observer
        self._instance = instance
        self._beat_at = float("-inf")
        self._cried_at = float("-inf")

    async def run(self, store: Counting, loops: Turning) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                await self.look(store, loops)
            except Exception as error:  # whoever watches must not fall asleep
                logger.warning("the watchdog failed: %s", type(error).__name__)
                self._observer.failed("watchdog")
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self, store: Counting, loops: Turning) -> None:
        """Tell of steps that are late; and where everything is on time, send the signal when it is due.

        A store that is away is no lateness: alerts are decided without it then, and that is asked here as well.
        """
        now, at = self._clock.now(), self._clock.monotonic()
        late = await self._late_seconds(store, now)
        self._observer.overdue(late or 0.0)
        if late is None or late > LATE_SECONDS or not loops.is_turning():
            if late is not None and at - self._cried_at >= REPEAT_SECONDS:
                self._cried_at = at
                await self._cry(late)
            return
        self._cried_at = float("-inf")
        if self._settings.heartbeat_url is not None and at - self._beat_at >= self._settings.heartbeat_every:
            self._beat_at = at
            await self._beat(self._settings.heartbeat_url.get_secret_value())

    async def _late_seconds(self, store: Counting, now: datetime) -> float | None:
        """How long the step has been due that waits longest; None where nobody knows."""
        try:
            since = (await store.count(now)).due_since
        except AlertStoreError:
            return None
        return max(timedelta(), now - since).total_seconds() if since else 0.0

    async def _cry(self, late_seconds: float) -> None:
        why = (
            f"a step of an alert has been due for {late_seconds:.0f} s"
            if late_seconds > LATE_SECONDS
            else ("a loop of the delivery does not turn")
        )
        message = Message(
            title="CRITICAL: portalwatch is late with alerts",
            body=f"On {self._instance} {why}. Escalations and reminders may not leave: look at its log and its store.",
            tone=Tone.FAILURE,
            severity=Level.CRITICAL,
        )
        logger.error("alerts are late: %s", why)
        for attempt in await asyncio.gather(*(one.send(message) for one in self._channels)):
            if attempt.error:
                logger.error("nobody could be told that alerts are late: %s", attempt.error)

    async def _beat(self, url: str) -> None:
        try:
            answer = await self._client.post(url, timeout=_CALL_SECONDS)
            well = answer.is_success
        except httpx.HTTPError as error:
            logger.warning("the dead-man signal could not be sent: %s", type(error).__name__)
            well = False
        self._observer.heartbeat(well)
