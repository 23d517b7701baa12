"""What a container may use: the limits of its cgroup (version 2), where psutil only knows the whole host."""

from dataclasses import dataclass
from pathlib import Path

# Within a container this is its own cgroup. On a host it is the root, which has no limits, and none of these files.
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class ContainerTime:
    """Seconds of processor time used since the container's start, and how many processors it may keep busy."""

    used_seconds: float
    processors: float


def container_memory_usage(cgroup: Path = CGROUP) -> float | None:
    """The share of its memory that the container can't give back, 0 to 1; None where it has no limit of its own.

    Pages of files that were not used lately are given back first, and so not counted.
    """
    limit = _first_word(cgroup / "memory.max")
    if limit in (None, "max"):
        return None
    used = int((cgroup / "memory.current").read_text()) - _field(cgroup / "memory.stat", "inactive_file")
    return max(0, used) / int(limit)


def container_time(cgroup: Path = CGROUP) -> ContainerTime | None:
    """The processor time of the container; None where it may use all there is."""
    quota = _first_word(cgroup / "cpu.max")
    if quota in (None, "max"):
        return None
    _, period = (cgroup / "cpu.max").read_text().split()
    return ContainerTime(_field(cgroup / "cpu.stat", "usage_usec") / 1e6, int(quota) / int(period))


def _first_word(file: Path) -> str | None:
    try:
        return file.read_text().split()[0]
    except FileNotFoundError:
        return None


def _field(file: Path, name: str) -> int:
    fields = dict(line.split(" ", 1) for line in file.read_text().splitlines())
    return int(fields.get(name, 0))
