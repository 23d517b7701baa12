"""The host the prober runs on, and the portal's own processes where they run on it too."""

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Self

import psutil
from pydantic import Field, model_validator

from baselines.measurement import Reason
from baselines.series import Direction, Series, Unit
from probes.host.machine import Group, Look, look
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import Name, ProbeSettings

logger = logging.getLogger(__name__)

# The kernel counts processor time in ticks of 10 ms: a share of fewer than ten of them is noise.
SHORTEST_SPAN_SECONDS = 0.1
# A file system that keeps silent, such as a lost network mount, fails alone after this.
DISK_PATIENCE_SECONDS = 1.0

# By group, the metrics with their units. Bytes are those of a second.
_METRICS: Mapping[Group, Mapping[str, Unit]] = {
    Group.CPU: {"cpu_usage": Unit.RATIO},
    Group.MEMORY: {"memory_usage": Unit.RATIO},
    Group.DISK: {"disk_usage": Unit.RATIO},
    Group.SWAP: {"swap_usage": Unit.RATIO},
    Group.LOAD: {"load_per_processor": Unit.COUNT},
    Group.NETWORK: {"network_in": Unit.BYTES, "network_out": Unit.BYTES},
    Group.DISK_IO: {"disk_read": Unit.BYTES, "disk_written": Unit.BYTES},
    Group.OPEN_FILES: {},
}


class HostSettings(ProbeSettings):
    """`measure` is what is looked at. `disk` is a path on the file system whose use is measured. `processes` maps names
    to patterns found in command lines.
    """

    default_groups: ClassVar[tuple[Group, ...]] = (Group.CPU, Group.MEMORY, Group.DISK)

    measure: Annotated[tuple[Group, ...], Field(min_length=1)] = default_groups
    disk: str = "/"
    processes: Mapping[Name, re.Pattern[str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _knows_whose_files(self) -> Self:
        if Group.OPEN_FILES in self.measure and not self.processes:
            raise ValueError("open_files are those of processes; name some in processes, or leave open_files out")
        return self

    def series(self) -> tuple[Series, ...]:
        """Those of each group, then those of each name in `processes`."""
        return tuple(self.series_named(one) for one in self._declared())

    def _declared(self) -> Iterator[Series]:
        for group in dict.fromkeys(self.measure):
            for metric, unit in _METRICS[group].items():
                yield Series(f"{self.category}.{metric}", unit)
        for name in self.processes:
            yield Series(f"{self.category}.{name}_processes", Unit.COUNT, Direction.FLOOR)
            yield Series(f"{self.category}.{name}_cpu_usage", Unit.RATIO)
            yield Series(f"{self.category}.{name}_memory", Unit.BYTES)
            if Group.OPEN_FILES in self.measure:
                yield Series(f"{self.category}.{name}_open_files", Unit.COUNT)


@probe_kind("host", HostSettings)
class HostProbe(Probe):
    """psutil's counters, on Linux, macOS and Windows alike. Shares and rates are those since the run before; the first
    run looks twice.
    """

    def __init__(self, settings: HostSettings, links: Links) -> None:  # noqa: ARG002 (the host is no target)
        self._settings = settings
        self._earlier: tuple[float, Look] | None = None
        self._disk_call: asyncio.Future[float] | None = None

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """A reading for each series; a disk that can't be read, or a figure we may not see, fails alone."""
        earlier_at, earlier = self._earlier or await self._look(run)
        await run.clock.sleep(max(0.0, earlier_at + SHORTEST_SPAN_SECONDS - run.clock.monotonic()))
        now_at, now = self._earlier = await self._look(run)
        readings = [*_readings(self._settings, earlier, now, now_at - earlier_at)]
        if Group.DISK in self._settings.measure:
            readings.append(await self._disk_usage())
        for name, processes in now.processes.items():
            run.details[name] = f"{processes.count} processes"
        return readings

    async def _look(self, run: ProbeRun) -> tuple[float, Look]:
        now = run.clock.monotonic()
        # In a thread: a busy host takes its time to list its processes.
        return now, await asyncio.to_thread(look, self._settings.measure, self._settings.processes, now)

    async def _disk_usage(self) -> Reading:
        disk = self._settings.disk
        # Asked again only once it has answered: each question to a mount that hangs would keep a thread.
        if self._disk_call is None:
            self._disk_call = asyncio.ensure_future(asyncio.to_thread(_usage_of_disk, disk))
        done, _ = await asyncio.wait([self._disk_call], timeout=DISK_PATIENCE_SECONDS)
        if not done:
            detail = f"disk {disk} did not answer within {DISK_PATIENCE_SECONDS:g} s"
            return Reading(metric="disk_usage", reason=Reason.DEADLINE, detail=detail)
        answered, self._disk_call = self._disk_call, None
        try:
            return Reading(metric="disk_usage", value=answered.result())
        except OSError as error:
            detail = f"disk {disk} can't be read: {error.strerror}; set the probe's disk to a mounted path"
            logger.warning("%s", detail)
            return Reading(metric="disk_usage", reason=Reason.INTERNAL, detail=detail)


def _usage_of_disk(path: str) -> float:
    return psutil.disk_usage(path).percent / 100


def _readings(settings: HostSettings, earlier: Look, now: Look, seconds: float) -> Iterator[Reading]:
    """All but the disk's use."""
    if Group.CPU in settings.measure:
        usage = _share(now.busy_seconds - earlier.busy_seconds, now.processor_seconds - earlier.processor_seconds)
        yield Reading(metric="cpu_usage", value=usage)
    for metric, value in now.levels.items():
        yield Reading(metric=metric, value=value)
    for group in (Group.NETWORK, Group.DISK_IO):
        for metric in _METRICS[group] if group in settings.measure else ():
            yield _rate(metric, earlier, now, seconds)
    for name, processes in now.processes.items():
        yield Reading(metric=f"{name}_processes", value=processes.count)
        used = processes.cpu_seconds_since(earlier.processes[name])
        yield _permitted(f"{name}_cpu_usage", _share(used, seconds * now.processors), processes.denied)
        yield _permitted(f"{name}_memory", processes.resident_bytes, processes.denied)
        if Group.OPEN_FILES in settings.measure:
            yield _permitted(f"{name}_open_files", processes.open_files, processes.files_denied)


def _share(part: float, whole: float) -> float:
    """From 0 to 1; counters that went back (a resumed virtual machine) are held within that."""
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


def _rate(metric: str, earlier: Look, now: Look, seconds: float) -> Reading:
    if metric not in earlier.counters or metric not in now.counters:
        return Reading(metric=metric, reason=Reason.INTERNAL, detail="this host has no such counter; leave it out")
    # A card that has gone takes its count along.
    return Reading(metric=metric, value=max(0.0, now.counters[metric] - earlier.counters[metric]) / seconds)


def _permitted(metric: str, value: float, denied: bool) -> Reading:
    if denied:
        return Reading(metric=metric, reason=Reason.PERMISSION, detail="another user's processes do not show this")
    return Reading(metric=metric, value=value)
