"""What this host allows its processes: processors, memory, limits of the control group and of the user."""

import os
import platform
import socket
from datetime import datetime
from pathlib import Path

import psutil

from baselines.ledger import LedgerEntry, Section

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_CONTROL_GROUP_LIMITS = ("cpu.max", "cpuset.cpus.effective", "memory.max", "memory.high", "pids.max")
_USER_LIMITS = {"open files": "RLIMIT_NOFILE", "processes": "RLIMIT_NPROC", "address space": "RLIMIT_AS"}


def host_entry(at: datetime) -> LedgerEntry:
    """The limits of the host the prober runs on, of what the platform has of them."""
    facts = {
        "kernel": f"{platform.system()} {platform.release()}",
        "processors": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**20:.0f} MiB",
        "swap": f"{psutil.swap_memory().total / 2**20:.0f} MiB",
        **_control_group_limits(),
        **_user_limits(),
    }
    return LedgerEntry(source=f"host {socket.gethostname()}", section=Section.HOST, at=at, facts=facts)


def _control_group_limits() -> dict[str, str]:
    """Those of our own group and of the groups around it, the innermost that sets one (Linux, version 2 of them)."""
    try:
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8").strip().rpartition("::")[2]
    except OSError:
        return {}
    group = _CONTROL_GROUPS / own.lstrip("/")
    found: dict[str, str] = {}
    for directory in (group, *group.parents):
        if not directory.is_relative_to(_CONTROL_GROUPS):
            break
        for name in _CONTROL_GROUP_LIMITS:
            text = _text(directory / name)
            if text and not text.startswith("max"):
                found.setdefault(f"control group limit {name}", text)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _user_limits() -> dict[str, str]:
    if not hasattr(psutil.Process, "rlimit"):
        return {}
    process = psutil.Process()
    return {
        f"limit of {what}": "unlimited" if soft == psutil.RLIM_INFINITY else str(soft)
        for what, name in _USER_LIMITS.items()
        for soft, _ in [process.rlimit(getattr(psutil, name))]
    }
