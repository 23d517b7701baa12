"""Measurements that the store could not take, on disk until it can: losing the store must not lose the watching."""

import os
from collections.abc import Sequence
from pathlib import Path

from baselines import Measurement
from monitor import wire

# About a week of the shipped configuration, and little enough to be written back in one piece; beyond it the newest
# are refused and counted as dropped.
LIMIT_BYTES = 64 * 1024 * 1024


class Spool:
    """An append-only file of measurements, one line each."""

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._path = path
        self._taken = path.with_suffix(".taken")
        self._limit_bytes = limit_bytes
        path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def size_bytes(self) -> int:
        """How much lies in it."""
        return sum(path.stat().st_size for path in (self._path, self._taken) if path.exists())

    def append(self, measurements: Sequence[Measurement]) -> bool:
        """Keep them, flushed to the disk; False where there is no room for them."""
        lines = b"".join(wire.encode(one) for one in measurements)
        if self.size_bytes + len(lines) > self._limit_bytes:
            return False
        try:
            with self._path.open("ab") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError:  # the disk is full, which may well be why the store is away
            return False
        return True

    def take(self) -> list[Measurement]:
        """All that lies in it, oldest first, set aside until `clear`; a line that a crash tore is left out."""
        if not self._taken.exists():
            if not self._path.exists():
                return []
            self._path.rename(self._taken)
        measurements = []
        for line in self._taken.read_bytes().splitlines():
            try:
                measurements.append(wire.decode(line))
            except ValueError:
                continue
        return measurements

    def clear(self) -> None:
        """Forget what was taken; what was appended since stays."""
        self._taken.unlink(missing_ok=True)
