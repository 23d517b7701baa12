"""Alerts with and without the store: decided and delivered in any case, and reconciled when it is back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from alerts.alert import AlertState
from alerts.book import Book
from alerts.errors import AlertStoreError
from alerts.link import AcknowledgeLink
from alerts.memory import MemoryAlerts
from alerts.notification import Attempt, Batch
from alerts.observer import AlertObserver
from alerts.policy import Policy
from alerts.silence import Silence
from alerts.spool import BookSpool
from alerts.store import AlertCounts, AlertEvent, AlertRecord, AlertStore, Burial, Outbox, Scope
from alerts.transition import Transition
from baselines.clock import Clock
from thresholds.finding import Finding

# A store that takes longer than this is as good as away.
STORE_SECONDS = 3.0
# How often it is tried again, and how often its book is read while it is there.
RETURN_SECONDS = 5.0
READ_SECONDS = 10.0

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Library(Protocol):
    """Reads the store's book, and writes into the store what a book has that it does not know.

    Both raise AlertStoreError where the store can't be asked.
    """

    async def read(self, now: datetime) -> Book:
        """What an instance needs to go on by itself."""
        ...

    async def adopt(self, book: Book, now: datetime) -> None:
        """Take in what was decided and delivered without the store; the same book twice changes nothing."""
        ...


class Standby:
    """`AlertStore` and `Outbox`: those of the store, and while it is away those of a book in memory, kept on disk.

    Without the store every instance decides by itself. The ids they give are the same, so that a receiver can make one
    of what several of them deliver; what each of them knows is merged when the store is back.
    """

    def __init__(
        self,
        store: AlertStore,
        outbox: Outbox,
        library: Library,
        policy: Policy,
        spool: BookSpool,
        *,
        clock: Clock,
        observer: AlertObserver,
        instance: str,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._library = library
        self._spool = spool
        self._clock = clock
        self._observer = observer
        self._here = f"{instance} without the store"
        left = spool.read()
        self._alone = left is not None
        self._memory = MemoryAlerts(policy, self._here, left, self._keep)
        self._sending = 0
        self._returning = asyncio.Lock()
        self._tried_at = self._read_at = float("-inf")

    @property
    def is_alone(self) -> bool:
        """Whether it works without the store at this moment."""
        return self._alone

    async def record(self, findings: Iterable[Finding], now: datetime) -> list[Transition]:
        """As `AlertStore.record`."""
        judged = list(findings)
        return await self._changed(
            lambda: self._store.record(judged, now), lambda: self._memory.record(judged, now), now
        )

    async def advance(self, now: datetime) -> list[Transition]:
        """As `AlertStore.advance`; also comes back to a store that is there again, and reads its book."""
        await self._keep_up(now)
        return await self._changed(lambda: self._store.advance(now), lambda: self._memory.advance(now), now)

    async def acknowledge(self, alert_id: str, by: str, now: datetime) -> Transition:
        """As `AlertStore.acknowledge`."""
        return await self._one(
            lambda: self._store.acknowledge(alert_id, by, now), lambda: self._memory.acknowledge(alert_id, by, now), now
        )

    async def resolve(self, alert_id: str, by: str, now: datetime) -> Transition:
        """As `AlertStore.resolve`."""
        return await self._one(
            lambda: self._store.resolve(alert_id, by, now), lambda: self._memory.resolve(alert_id, by, now), now
        )

    async def retire(self, series: Collection[str], now: datetime) -> list[Transition]:
        """As `AlertStore.retire`."""
        return await self._changed(
            lambda: self._store.retire(series, now), lambda: self._memory.retire(series, now), now
        )

    async def add_silence(self, silence: Silence, now: datetime) -> list[Transition]:
        """As `AlertStore.add_silence`."""
        return await self._changed(
            lambda: self._store.add_silence(silence, now), lambda: self._memory.add_silence(silence, now), now
        )

    async def end_silence(self, silence_id: str, now: datetime) -> Silence:
        """As `AlertStore.end_silence`."""
        return await self._either(
            lambda: self._store.end_silence(silence_id, now), lambda: self._memory.end_silence(silence_id, now)
        )

    async def end_silences_of(self, deployment: str, now: datetime) -> list[Silence]:
        """As `AlertStore.end_silences_of`."""
        return await self._either(
            lambda: self._store.end_silences_of(deployment, now), lambda: self._memory.end_silences_of(deployment, now)
        )

    async def list_silences(self, now: datetime) -> list[Silence]:
        """As `AlertStore.list_silences`."""
        return await self._either(lambda: self._store.list_silences(now), lambda: self._memory.list_silences(now))

    async def list_alerts(self, states: Collection[AlertState], limit: int = 100) -> list[AlertRecord]:
        """As `AlertStore.list_alerts`; without the store, those that are known here."""
        return await self._either(
            lambda: self._store.list_alerts(states, limit), lambda: self._memory.list_alerts(states, limit)
        )

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """As `AlertStore.find_alert`."""
        return await self._either(lambda: self._store.find_alert(alert_id), lambda: self._memory.find_alert(alert_id))

    async def history(self, since: datetime, until: datetime) -> list[AlertEvent]:
        """As `AlertStore.history`; without the store, what happened since it is away."""
        return await self._either(lambda: self._store.history(since, until), lambda: self._memory.history(since, until))

    async def count(self, now: datetime) -> AlertCounts:
        """As `AlertStore.count`."""
        return await self._either(lambda: self._store.count(now), lambda: self._memory.count(now))

    async def claim(self, channel: str, now: datetime, lease_until: datetime, scope: Scope) -> Batch | None:
        """As `Outbox.claim`. Nothing new is begun while the store takes over again."""
        if self._returning.locked():
            return None
        batch = await self._either(
            lambda: self._outbox.claim(channel, now, lease_until, scope),
            lambda: self._memory.claim(channel, now, lease_until, scope),
        )
        self._sending += batch is not None and self._is_ours(batch)
        return batch

    async def confirm(self, batch: Batch, now: datetime) -> bool:
        """As `Outbox.confirm`; what the store can't be told now, it is told later."""
        if self._is_ours(batch):
            self._sending -= 1
            return await self._memory.confirm(batch, now)
        try:
            return await self._asked(lambda: self._outbox.confirm(batch, now))
        except AlertStoreError:
            self._stand_by()
            self._memory.delivered(batch, now)
            return True

    async def give_back(self, batch: Batch, attempt: Attempt, now: datetime, due_at: datetime) -> list[Burial]:
        """As `Outbox.give_back`; what the store gave out before it went away is tried again from memory."""
        if self._is_ours(batch):
            self._sending -= 1
            return await self._memory.give_back(batch, attempt, now, due_at)
        try:
            return await self._asked(lambda: self._outbox.give_back(batch, attempt, now, due_at))
        except AlertStoreError:
            self._stand_by()
            return []

    async def give_up_on_unknown(self, now: datetime) -> list[Burial]:
        """As `Outbox.give_up_on_unknown`."""
        return await self._either(
            lambda: self._outbox.give_up_on_unknown(now), lambda: self._memory.give_up_on_unknown(now)
        )

    async def keep_link(self, link: AcknowledgeLink) -> None:
        """As `Outbox.keep_link`."""
        await self._either(lambda: self._outbox.keep_link(link), lambda: self._memory.keep_link(link))

    async def find_link(self, digest: str) -> AcknowledgeLink | None:
        """As `Outbox.find_link`."""
        return await self._either(lambda: self._outbox.find_link(digest), lambda: self._memory.find_link(digest))

    async def prune_links(self, before: datetime) -> None:
        """As `Outbox.prune_links`."""
        await self._either(lambda: self._outbox.prune_links(before), lambda: self._memory.prune_links(before))

    async def use_link(self, digest: str, by: str, now: datetime) -> list[Transition]:
        """As `Outbox.use_link`."""
        return await self._changed(
            lambda: self._outbox.use_link(digest, by, now), lambda: self._memory.use_link(digest, by, now), now
        )

    async def _changed(
        self,
        with_store: Callable[[], Awaitable[list[Transition]]],
        without: Callable[[], Awaitable[list[Transition]]],
        now: datetime,
    ) -> list[Transition]:
        transitions = await self._either(with_store, without)
        if not self._alone:
            self._memory.follow(transitions, now)
        return transitions

    async def _one(
        self,
        with_store: Callable[[], Awaitable[Transition]],
        without: Callable[[], Awaitable[Transition]],
        now: datetime,
    ) -> Transition:
        transition = await self._either(with_store, without)
        if not self._alone:
            self._memory.follow([transition], now)
        return transition

    async def _either(self, with_store: Callable[[], Awaitable[T]], without: Callable[[], Awaitable[T]]) -> T:
        if not self._alone:
            try:
                return await self._asked(with_store)
            except AlertStoreError as error:
                self._stand_by(str(error))
        return await without()

    async def _asked(self, with_store: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await with_store()
        except TimeoutError as error:
            raise AlertStoreError(f"the store did not answer within {STORE_SECONDS:g} s") from error

    def _stand_by(self, why: str = "the store can't be asked") -> None:
        if not self._alone:
            logger.error("alerts go on without the store: %s", why)
        self._alone = True
        self._observer.standing_by(True)
        self._keep(self._memory.book)

    def _keep(self, book: Book) -> None:
        if self._alone and not self._spool.write(book):
            logger.error("what was decided without the store could not be written to the disk")
            self._observer.failed("spool")

    def _is_ours(self, batch: Batch) -> bool:
        return batch.claims[0].delivery.leased_by == self._here

    async def _keep_up(self, now: datetime) -> None:
        at = self._clock.monotonic()
        if self._alone and at - self._tried_at >= RETURN_SECONDS:
            self._tried_at = at
            await self._return(now)
        elif not self._alone and at - self._read_at >= READ_SECONDS:
            self._read_at = at
            try:
                self._memory.book = await self._asked(lambda: self._library.read(now))
            except AlertStoreError as error:
                self._stand_by(str(error))

    async def _return(self, now: datetime) -> None:
        """Hand the store what it does not know, once nothing that was taken from memory is on its way any more."""
        try:  # one that hangs is found out before anybody is kept from sending
            await self._asked(lambda: self._library.read(now))
        except AlertStoreError as error:
            logger.debug("the store is still away: %s", error)
            return
        async with self._returning:
            if self._sending:
                return
            try:
                await self._asked(lambda: self._library.adopt(self._memory.book, now))
                self._memory.book = await self._asked(lambda: self._library.read(now))
            except AlertStoreError as error:
                logger.debug("the store is still away: %s", error)
                return
            self._alone = False
            self._read_at = self._clock.monotonic()
            self._spool.clear()
        self._observer.standing_by(False)
        logger.info("the store is back, and knows what was decided without it")
