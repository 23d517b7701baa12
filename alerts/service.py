"""The life of alerts in one object: what the rest of the house calls."""

import asyncio
import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts.alert import AlertState
from alerts.bell import Bell
from alerts.delivery import POLL_SECONDS, DeliveryWorker
from alerts.errors import LinkError
from alerts.link import AcknowledgeLink, LinkSigner
from alerts.notification import Reason
from alerts.observer import AlertObserver
from alerts.silence import Silence
from alerts.store import AlertCounts, AlertEvent, AlertRecord, AlertStore, Outbox
from alerts.transition import Transition
from baselines.clock import Clock
from thresholds.finding import Finding

if TYPE_CHECKING:
    from alerts.watchdog import Watchdog

logger = logging.getLogger(__name__)


class Alerts:
    """Records findings, takes the steps by the clock, delivers, and answers what stands.

    All methods raise AlertStoreError where the store can't be asked.
    """

    def __init__(
        self,
        store: AlertStore,
        outbox: Outbox,
        worker: DeliveryWorker,
        *,
        clock: Clock,
        observer: AlertObserver,
        links: LinkSigner | None = None,
        watchdog: "Watchdog | None" = None,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._worker = worker
        self._clock = clock
        self._observer = observer
        self._links = links
        self._watchdog = watchdog
        self._bell = Bell(clock)
        self._draining = False

    async def record(self, findings: Iterable[Finding]) -> list[Transition]:
        """Decide on the findings of one evaluation, ok ones too, and queue what follows; what changed."""
        return self._announced(await self._store.record(findings, self._clock.now()))

    async def acknowledge(self, alert_id: str, by: str) -> Transition:
        """Somebody has it in hand: everything pending stops.

        Raises AlertNotFoundError, and AlertClosedError for an alert that has not fired or is resolved.
        """
        return self._announced([await self._store.acknowledge(alert_id, by, self._clock.now())])[0]

    async def resolve(self, alert_id: str, by: str) -> Transition:
        """Somebody says that it is over. Raises AlertNotFoundError, and AlertClosedError where it is already."""
        return self._announced([await self._store.resolve(alert_id, by, self._clock.now())])[0]

    async def retire(self, series: Collection[str]) -> list[Transition]:
        """End the alerts on all series but these: nothing would ever end them."""
        return self._announced(await self._store.retire(series, self._clock.now()))

    async def silence(self, silence: Silence) -> list[Transition]:
        """Keep quiet what it covers; the alerts that fell silent at once."""
        return self._announced(await self._store.add_silence(silence, self._clock.now()))

    async def end_silence(self, silence_id: str) -> Silence:
        """End it now: what is still broken is told. Raises SilenceNotFoundError."""
        ended = await self._store.end_silence(silence_id, self._clock.now())
        self._bell.ring()
        return ended

    async def end_silences_of(self, deployment: str) -> list[Silence]:
        """The deployment is over, and with it the silences that are bound to it."""
        ended = await self._store.end_silences_of(deployment, self._clock.now())
        self._bell.ring()
        return ended

    async def list_silences(self) -> list[Silence]:
        """Those that have not ended, the next to end first."""
        return await self._store.list_silences(self._clock.now())

    async def list_alerts(
        self, states: Collection[AlertState] = tuple(AlertState), limit: int = 100
    ) -> list[AlertRecord]:
        """Alerts in these states with their notifications and history, the newest first."""
        return await self._store.list_alerts(states, limit)

    async def count(self) -> AlertCounts:
        """How many alerts stand where, and how much waits."""
        return await self._store.count(self._clock.now())

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert with its notifications and history, None where no alert has this id."""
        return await self._store.find_alert(alert_id)

    async def history(self, since: datetime, until: datetime) -> list[AlertEvent]:
        """Everything that happened to all alerts in that time, in order."""
        return await self._store.history(since, until)

    async def read_link(self, token: str) -> AcknowledgeLink:
        """What a link stands for; looking uses nothing up. Raises LinkError for one that is none of ours."""
        link = await self._outbox.find_link(self._digest(token))
        if link is None:
            raise LinkError("this link is not known here; acknowledge on the alert's page")
        return link

    async def use_link(self, token: str, by: str) -> list[Transition]:
        """Acknowledge by a link. Raises LinkError for one that is forged, expired, used, or has nothing left to say."""
        return self._announced(await self._outbox.use_link(self._digest(token), by, self._clock.now()))

    async def keep_house(self) -> None:
        """Forget links that have been worth nothing for a week."""
        await self._outbox.prune_links(self._clock.now() - timedelta(days=7))

    async def advance(self) -> list[Transition]:
        """Take the steps by the clock that are due: escalations, reminders, acknowledgements that expired."""
        return self._announced(await self._store.advance(self._clock.now()))

    async def run(self) -> None:
        """Take steps and deliver until drained or cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._worker.run())
            loops.create_task(self._run_steps())
            if self._watchdog is not None:
                watching = loops.create_task(self._watchdog.run(self._store, self._worker))
                loops.create_task(self._until_drained(watching))

    def drain(self) -> None:
        """Finish what is being sent and let `run` return; what is queued or due stays so for the next process."""
        self._draining = True
        self._worker.drain()
        self._bell.ring()

    async def _until_drained(self, watching: asyncio.Task[None]) -> None:
        while not self._draining:
            await self._clock.sleep(POLL_SECONDS)
        watching.cancel()

    async def _run_steps(self) -> None:
        while not self._draining:
            try:
                while await self.advance():  # an alert may have several steps behind it
                    pass
            except Exception as error:  # the loop must outlive whatever a round meets
                logger.warning("steps by the clock failed: %s", type(error).__name__)
                self._observer.failed("steps")
            await self._bell.wait(POLL_SECONDS)

    def _digest(self, token: str) -> str:
        if self._links is None:
            raise LinkError("links are not in use here: public_url and signing_key are not configured")
        return self._links.read(token)

    def _announced(self, transitions: list[Transition]) -> list[Transition]:
        told = False
        for one in transitions:
            tier = one.after.tier if one.after else ""
            self._observer.changed(one.reason, tier, one.late_seconds)
            if one.reason is Reason.ACKNOWLEDGED and one.after and one.after.acknowledged_at and one.after.fired_at:
                waited = one.after.acknowledged_at - one.after.fired_at
                self._observer.acknowledged(tier, waited.total_seconds())
            told = told or bool(one.notifications)
        if told:
            self._worker.wake()
        return transitions
