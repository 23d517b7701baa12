"""How the service itself has been: its store, its prober, its spool and its processes, looked at again and again."""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import asyncpg
import psutil

from baselines import Clock
from monitor.pipeline import STORE_IS_AWAY
from monitor.spool import Spool
from monitor.sql import statement
from monitor.watch import Watch

EVERY_SECONDS = 30.0
# A day of them, in memory: what was before a restart is gone, and the page says since when it knows.
_KEPT = int(86_400 / EVERY_SECONDS)
# A store that takes longer for a statement without work is as good as away.
_PATIENCE_SECONDS = 5.0
_MODULES = {"monitor.probing": "probing", "monitor.service": "serving", "monitor": "supervisor"}


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """Of one process: its memory, and the share of a core it took since the look before (None at the first)."""

    memory_bytes: float
    cpu_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """One look. `store_seconds`: how long the store took for a statement without work, None while it is away;
    `heartbeat_seconds`: how old the prober's last sign of life was, None before the first.
    """

    at: datetime
    store_seconds: float | None
    heartbeat_seconds: float | None
    spool_bytes: float
    processes: Mapping[str, ProcessFigures]


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table of the store with its partitions: rows as PostgreSQL counts them, size with indexes."""

    name: str
    rows: int
    bytes: int


class Vitals:
    """The looks of the last day, the oldest first."""

    def __init__(self, pool: asyncpg.Pool, spool: Spool, watch: Watch, clock: Clock) -> None:
        self._pool = pool
        self._spool = spool
        self._watch = watch
        self._clock = clock
        self._processes: dict[int, psutil.Process] = {}
        self.pulses: deque[Pulse] = deque(maxlen=_KEPT)

    async def look(self) -> None:
        """Take one more."""
        now, watch = self._clock.now(), self._watch
        self.pulses.append(
            Pulse(
                at=now,
                store_seconds=await self._ask_store(),
                heartbeat_seconds=None if watch.heartbeat_at is None else (now - watch.heartbeat_at).total_seconds(),
                spool_bytes=self._spool.size_bytes,
                processes=await asyncio.to_thread(self._look_at_processes),
            )
        )

    async def table_sizes(self) -> Sequence[TableSize]:
        """What the store holds. Raises what the store raises."""
        return [TableSize(*row) for row in await self._pool.fetch(statement("select_table_sizes"))]

    async def _ask_store(self) -> float | None:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._pool.fetchval("SELECT 1")
        except STORE_IS_AWAY:
            return None
        return time.perf_counter() - started

    def _look_at_processes(self) -> dict[str, ProcessFigures]:
        """The supervisor with its children by what they do; of one that is none of ours nothing."""
        parent = psutil.Process(os.getppid())
        found: dict[str, ProcessFigures] = {}
        for one in (parent, *parent.children()):
            with contextlib.suppress(psutil.Error):
                name = process_name(one.cmdline())
                if name is None:
                    continue
                is_new = one.pid not in self._processes
                known = self._processes.setdefault(one.pid, one)  # it remembers its processor time
                share = known.cpu_percent() / 100
                found[name] = ProcessFigures(known.memory_info().rss, None if is_new else share)
        return found


def process_name(command: Sequence[str]) -> str | None:
    """What a process of ours does, by the module that it runs."""
    if "serve" in command and any(part.endswith("portalwatch") for part in command):
        return "supervisor"
    modules = (after for before, after in pairwise(command) if before == "-m")
    return next((_MODULES[one] for one in modules if one in _MODULES), None)
