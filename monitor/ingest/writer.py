"""From the requests to the store: what came in waits, bounded, and is written many at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import asyncpg
import structlog

from monitor.pipeline import STORE_IS_AWAY

T = TypeVar("T")

# What no store would ever take: another try would keep all that is behind it waiting for ever.
_REJECTED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
_WRITE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class BatchWriter(Generic[T]):
    """Writes batches of at most `batch`, each second or as soon as there are as many; nobody waits for it.

    While the store is away the newest `capacity` are kept; the oldest are dropped, and `dropped` is told how many.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[None]],
        dropped: Callable[[int], None],
        *,
        capacity: int = 10_000,
        batch: int = 1_000,
        every_seconds: float = 1.0,
    ) -> None:
        self._write = write
        self._dropped = dropped
        self._capacity = capacity
        self._batch = batch
        self._every_seconds = every_seconds
        self._waiting: deque[T] = deque()
        self._enough = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, one: T) -> None:
        """Leave it to be written; returns at once."""
        self._waiting.append(one)
        self._drop_oldest()
        if len(self._waiting) >= self._batch:
            self._enough.set()

    async def run(self) -> None:
        """Write until cancelled; what still waits then is for a last `flush`."""
        while True:
            try:
                async with asyncio.timeout(self._every_seconds):
                    await self._enough.wait()
            except TimeoutError:
                pass
            if not await self.flush():
                await asyncio.sleep(self._every_seconds)

    async def flush(self) -> bool:
        """Write what waits; whether the store took it. What it did not take waits on."""
        self._enough.clear()
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            try:
                async with asyncio.timeout(_WRITE_SECONDS):
                    await self._write(taken)
            except _REJECTED:
                await self._one_by_one(taken)
            except STORE_IS_AWAY:
                self._back(taken)
                return False
            except asyncio.CancelledError:
                self._back(taken)
                raise
        return True

    async def _one_by_one(self, taken: Sequence[T]) -> None:
        """One that the store rejects must not take the others along."""
        for at, one in enumerate(taken):
            try:
                await self._write([one])
            except _REJECTED as error:
                log.error("the store rejected what was sent in", reason=type(error).__name__)
                self._dropped(1)
            except STORE_IS_AWAY:
                self._back(taken[at:])
                return

    def _back(self, taken: Sequence[T]) -> None:
        self._waiting.extendleft(reversed(taken))
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        over = len(self._waiting) - self._capacity
        for _ in range(over):
            self._waiting.popleft()
        if over > 0:
            self._dropped(over)
