"""The host the prober runs on: processor, memory and disk in use, as ratios."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import psutil

from baselines.measurement import Reason
from baselines.series import Series, Unit
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings

logger = logging.getLogger(__name__)

# The kernel counts processor time in ticks of 10 ms: a share of fewer than ten of them is noise.
SHORTEST_SPAN_SECONDS = 0.1


class HostSettings(ProbeSettings):
    """`disk` is a path on the file system whose use is measured."""

    METRICS: ClassVar[tuple[str, ...]] = ("cpu_usage", "memory_usage", "disk_usage")

    disk: str = "/"

    def series(self) -> tuple[Series, ...]:
        """Three ratios from 0 to 1: cpu_usage, memory_usage and disk_usage."""
        return tuple(self.series_named(Series(f"{self.category}.{metric}", Unit.RATIO)) for metric in self.METRICS)


@probe_kind("host", HostSettings)
class HostProbe(Probe):
    """psutil's counters, on Linux, macOS and Windows alike. Processor use is that since the run before."""

    def __init__(self, settings: HostSettings, links: Links) -> None:  # noqa: ARG002 (the host is no target)
        self._disk = settings.disk
        self._earlier = _ProcessorTime.now()

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """Three readings; a disk that can't be read fails alone."""
        memory = psutil.virtual_memory()
        return [
            Reading(metric="cpu_usage", value=await self._cpu_usage(run)),
            Reading(metric="memory_usage", value=1 - memory.available / memory.total),
            await self._disk_usage(),
        ]

    async def _cpu_usage(self, run: ProbeRun) -> float:
        earlier, now = self._earlier, _ProcessorTime.now()
        if now.total_seconds - earlier.total_seconds < SHORTEST_SPAN_SECONDS:
            await run.clock.sleep(SHORTEST_SPAN_SECONDS)
            now = _ProcessorTime.now()
        self._earlier = now
        return now.busy_share_since(earlier)

    async def _disk_usage(self) -> Reading:
        try:
            # In a thread: a network mount that hangs would stop the event loop, and every other probe with it.
            disk = await asyncio.to_thread(psutil.disk_usage, self._disk)
        except OSError as error:
            logger.warning("disk %s can't be read: %s; set the probe's disk to a mounted path", self._disk, error)
            return Reading(metric="disk_usage", reason=Reason.INTERNAL)
        return Reading(metric="disk_usage", value=disk.percent / 100)


@dataclass(frozen=True, slots=True)
class _ProcessorTime:
    """Seconds of all processors together since the host started."""

    busy_seconds: float
    total_seconds: float

    @classmethod
    def now(cls) -> "_ProcessorTime":
        times = psutil.cpu_times()
        # Linux counts the time of guests in user and nice already.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        return cls(total - times.idle - getattr(times, "iowait", 0.0), total)

    def busy_share_since(self, earlier: "_ProcessorTime") -> float:
        """From 0 to 1; counters that went back (a resumed virtual machine) are held within that."""
        total = self.total_seconds - earlier.total_seconds
        return min(1.0, max(0.0, (self.busy_seconds - earlier.busy_seconds) / total)) if total > 0 else 0.0
