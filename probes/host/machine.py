"""One look at the machine: levels, and counters that only two looks make a figure of."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from re import Pattern

import psutil

from probes.host.container import container_memory_usage, container_time
from probes.host.processes import Processes, find_processes

_LOOPBACK = re.compile(r"lo\d*|loopback.*", re.IGNORECASE)


class Group(StrEnum):
    """What can be looked at. Open files are those of the processes under watch."""

    CPU = "cpu"
    MEMORY = "memory"
    DISK = "disk"
    SWAP = "swap"
    LOAD = "load"
    NETWORK = "network"
    DISK_IO = "disk_io"
    OPEN_FILES = "open_files"


@dataclass(frozen=True, slots=True)
class Look:
    """`levels` are by metric. `counters` are bytes since the host's start, by the metric that their growth makes.

    `busy_seconds` of processor time were used out of `processor_seconds` that there were, `processors` in each second.
    """

    levels: Mapping[str, float]
    counters: Mapping[str, float]
    busy_seconds: float
    processor_seconds: float
    processors: float
    processes: Mapping[str, Processes]


def look(groups: Collection[Group], patterns: Mapping[str, Pattern[str]], now: float) -> Look:
    """Reads counters of the system; it may wait for them. `now` is monotonic seconds."""
    levels: dict[str, float] = {}
    counters: dict[str, float] = {}
    container = container_time()
    processors = container.processors if container else float(psutil.cpu_count() or 1)
    busy, total = (container.used_seconds, now * container.processors) if container else _host_time()
    if Group.MEMORY in groups:
        levels["memory_usage"] = _memory_usage()
    if Group.SWAP in groups:
        levels["swap_usage"] = psutil.swap_memory().percent / 100
    if Group.LOAD in groups:
        levels["load_per_processor"] = psutil.getloadavg()[0] / processors
    if Group.NETWORK in groups:
        cards = [card for name, card in psutil.net_io_counters(pernic=True).items() if not _LOOPBACK.fullmatch(name)]
        counters["network_in"] = sum(card.bytes_recv for card in cards)
        counters["network_out"] = sum(card.bytes_sent for card in cards)
    if Group.DISK_IO in groups and (disks := psutil.disk_io_counters()) is not None:
        counters["disk_read"] = disks.read_bytes
        counters["disk_written"] = disks.write_bytes
    processes = find_processes(patterns, Group.OPEN_FILES in groups) if patterns else {}
    return Look(levels, counters, busy, total, processors, processes)


def _memory_usage() -> float:
    usage = container_memory_usage()
    if usage is not None:
        return usage
    memory = psutil.virtual_memory()
    return 1 - memory.available / memory.total


def _host_time() -> tuple[float, float]:
    """Seconds of all processors together since the host started: busy ones, and all."""
    times = psutil.cpu_times()
    # Linux counts the time of guests in user and nice already.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total - times.idle - getattr(times, "iowait", 0.0), total
