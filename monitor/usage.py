"""What this process costs."""

import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time in seconds since the start of the process, and the memory it holds in bytes."""

    cpu_seconds: float
    resident_bytes: float

    @classmethod
    def of_this_process(cls) -> "Usage":
        """What it has used until now."""
        return cls(time.process_time(), psutil.Process().memory_info().rss)
