"""The life of alerts in one object: what the rest of the house calls."""

import asyncio
import logging
from collections.abc import Collection, Iterable

from alerts.alert import AlertState
from alerts.bell import Bell
from alerts.delivery import POLL_SECONDS, DeliveryWorker
from alerts.observer import AlertObserver
from alerts.policy import Transition
from alerts.store import AlertCounts, AlertRecord, AlertStore
from baselines.clock import Clock
from thresholds.finding import Finding

logger = logging.getLogger(__name__)


class Alerts:
    """Records findings, takes the steps by the clock, delivers, and answers what stands.

    All methods raise AlertStoreError where the store can't be asked.
    """

    def __init__(self, store: AlertStore, worker: DeliveryWorker, *, clock: Clock, observer: AlertObserver) -> None:
        self._store = store
        self._worker = worker
        self._clock = clock
        self._observer = observer
        self._bell = Bell(clock)
        self._draining = False

    async def record(self, findings: Iterable[Finding]) -> list[Transition]:
        """Decide on the findings of one evaluation, ok ones too, and queue what follows; what changed."""
        transitions = await self._store.record(findings, self._clock.now())
        self._announce(transitions)
        return transitions

    async def acknowledge(self, alert_id: str, by: str) -> Transition:
        """Somebody has it in hand: everything pending stops.

        Raises AlertNotFoundError, and AlertClosedError for an alert that has not fired or is resolved.
        """
        transition = await self._store.acknowledge(alert_id, by, self._clock.now())
        self._announce([transition])
        return transition

    async def list_alerts(
        self, states: Collection[AlertState] = tuple(AlertState), limit: int = 100
    ) -> list[AlertRecord]:
        """Alerts in these states with their notifications and history, the newest first."""
        return await self._store.list_alerts(states, limit)

    async def count(self) -> AlertCounts:
        """How many alerts stand where, and how much waits."""
        return await self._store.count()

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert with its notifications and history, None where no alert has this id."""
        return await self._store.find_alert(alert_id)

    async def advance(self) -> list[Transition]:
        """Take the steps by the clock that are due: escalations, reminders, acknowledgements that expired."""
        now = self._clock.now()
        transitions = await self._store.advance(now)
        self._announce(transitions)
        return transitions

    async def run(self) -> None:
        """Take steps and deliver until drained or cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._worker.run())
            loops.create_task(self._run_steps())

    def drain(self) -> None:
        """Finish what is being sent and let `run` return; what is queued or due stays so for the next process."""
        self._draining = True
        self._worker.drain()
        self._bell.ring()

    async def _run_steps(self) -> None:
        while not self._draining:
            try:
                await self.advance()
            except Exception as error:  # the loop must outlive whatever a round meets
                logger.warning("steps by the clock failed: %s", type(error).__name__)
                self._observer.failed("steps")
            await self._bell.wait(POLL_SECONDS)

    def _announce(self, transitions: Iterable[Transition]) -> None:
        told = False
        for one in transitions:
            tier = one.after.tier if one.after else ""
            self._observer.changed(one.reason, tier, one.late_seconds)
            told = told or bool(one.notifications)
        if told:
            self._worker.wake()
